"""Datasets and their snapshots: rows out of them, and files and frames into them."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .errors import Invalid, NotFound, NotReady
from .files import Content, name_of
from .frames import Kind, read_frame, write_frame
from .transport import Transport
from .waiting import waited_for

FRAME_NAME = "frame.parquet"
# What queries can call a dataset; anything else is its title, from which the portal makes such a name.
IDENTIFIER = re.compile("[a-z][a-z0-9_]{1,59}")


@dataclass(frozen=True)
class Lake:
    """The datasets that one can see."""

    transport: Transport

    def get(self, name: str, *, frame: Kind = "pandas") -> Any:
        """The rows of a dataset's newest snapshot by its id (DS-3), name or title, or of one snapshot (SNAP-3)."""
        snapshot = self.snapshot(name)
        with tempfile.TemporaryDirectory(prefix="causeway-") as folder:
            paths = [Path(folder) / f"{number}.parquet" for number in range(len(snapshot["files"]))]
            for number, path in enumerate(paths):
                self.transport.fetch(f"snapshot/{snapshot['id']}/{number}", into=path)
            return read_frame(paths, frame)

    def snapshot(self, name: str) -> dict[str, Any]:
        """A snapshot by its id, or the newest one of a dataset by its id, name or title."""
        if name.startswith("SNAP-"):
            return cast(dict[str, Any], self.transport.call("lake.get_snapshot", {"snapshot_id": name}))
        newest = self.dataset(name)["latest"]
        if newest is None:
            raise NotFound(f"{name} holds no rows yet", hint="Import some first.")
        return cast(dict[str, Any], newest)

    def dataset(self, name: str) -> dict[str, Any]:
        """A dataset by its id, name or title."""
        return cast(dict[str, Any], self.transport.call("lake.get_dataset", {"dataset_id": name}))

    def import_frame(
        self,
        name: str,
        frame: Any,
        *,
        project: str = "",
        mode: str = "replace",
        confirm: bool = True,
        timeout: float | None = None,
        **choices: Any,
    ) -> dict[str, Any]:
        """Imports a pandas or polars frame, or an Arrow table; the rest is as for `upload`."""
        with tempfile.TemporaryDirectory(prefix="causeway-") as folder:
            write_frame(frame, path := Path(folder) / FRAME_NAME)
            return self.upload(name, path, project=project, mode=mode, confirm=confirm, timeout=timeout, **choices)

    def upload(
        self,
        name: str,
        content: Content | str,
        *,
        filename: str = "",
        project: str = "",
        mode: str = "replace",
        confirm: bool = True,
        timeout: float | None = None,
        **choices: Any,
    ) -> dict[str, Any]:
        """Imports a file into a dataset, which is made where there is none of that name, and waits until it was read.
        `content` is its bytes, its path, or a file that is open for reading bytes; bytes need a `filename`.

        With `confirm` the rows become the next snapshot unless they need a person's answer; without it somebody
        confirms what the report says. `choices` are those of an import: `zones={"due_at": "Europe/Berlin"}`.
        Returns the import. Raises NotReady where it failed, needs an answer or is not read after `timeout` seconds."""
        content = Path(content) if isinstance(content, str) else content
        if not (called := filename or name_of(content)):
            raise Invalid("The content has no name", hint="Give a filename: its ending is a hint.", field="filename")
        arguments = {
            "dataset_id": self._present(name, project),
            "filename": called,
            "content": content,
            "mode": mode,
            "choices": _as_json(choices),
            "confirm": confirm,
        }
        imported = self.transport.call("imports.start_upload", arguments)
        imported = self._read(imported, timeout=timeout)
        if imported["state"] != "confirmed" and (confirm or imported["state"] != "needs confirmation"):
            raise _not_ready(imported)
        return imported

    def _read(self, imported: dict[str, Any], *, timeout: float | None) -> dict[str, Any]:
        return waited_for(
            lambda: cast(dict[str, Any], self.transport.call("imports.get_import", {"import_id": imported["id"]})),
            while_in=("reading",),
            timeout=timeout,
            now=imported,
        )

    def _present(self, name: str, project: str) -> str:
        """The id of a dataset, made where there is none."""
        try:
            return str(self.dataset(name)["id"])
        except NotFound:
            new_in = project or only_project(self.transport)
            called = {"name" if IDENTIFIER.fullmatch(name) else "title": name}
            return str(self.transport.call("lake.create_dataset", {"project": new_in, **called})["id"])


def only_project(transport: Transport) -> str:
    """The one project that the caller can see. Invalid where there are several, or none."""
    projects = [project["id"] for project in transport.call("identity.list_projects", {})]
    if len(projects) != 1:
        hint = f"One of {', '.join(projects)}." if projects else "Ask an administrator to add you to one."
        raise Invalid("Say in which project", hint=hint, field="project")
    return str(projects[0])


def _not_ready(imported: dict[str, Any]) -> NotReady:
    message, hint = f"{imported['id']} {_state_of(imported)}", ""
    if imported["unanswered"]:
        columns = ", ".join(imported["unanswered"])
        message = f"{imported['id']} needs an answer of yours for {columns}"
        hint = "Import it again with zones={column: zone}, notations={column: notation} or sheet=name, or confirm it "
        hint += "on its page."
    return NotReady(message, hint=hint, object_id=imported["id"], state=imported["state"])


def _state_of(imported: dict[str, Any]) -> str:
    state, cause = imported["state"], imported["cause"]
    words = {"reading": "is still being read", "failed": "failed"}.get(state, f"is in the state {state!r}")
    return f"{words}: {cause}" if cause else words


def _as_json(choices: dict[str, Any]) -> dict[str, Any]:
    """The choices of an import as the portal takes them: zones by column are a list there."""
    zones = choices.get("zones")
    if not isinstance(zones, Mapping):
        return choices
    return choices | {"zones": [{"column": column, "zone": zone} for column, zone in zones.items()]}
