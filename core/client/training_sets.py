"""Training sets: made from SQL and feature versions, waited for, and read as frames."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from .errors import NotReady
from .frames import Kind, read_frame
from .transport import Transport
from .waiting import waited_for


class Use(BaseModel):
    """One use of a feature view: its id, name or title, or the id of a version (FEAT-3); `keys` maps its keys to
    columns of the rows, and `prefix` is put before its features' names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    view: str
    keys: dict[str, str]
    prefix: str = ""

    def as_argument(self, version_of: Callable[[str], str]) -> dict[str, Any]:
        return {"version_id": version_of(self.view), "keys": self.keys, "prefix": self.prefix}


@dataclass(frozen=True)
class TrainingSet:
    """A training set of the portal."""

    id: str
    transport: Transport

    def describe(self) -> dict[str, Any]:
        """What the portal says of it now."""
        return cast(dict[str, Any], self.transport.call("features.get_training_set", {"training_set_id": self.id}))

    @property
    def state(self) -> str:
        """building, ready, needs_review, refused or failed."""
        return str(self.describe()["state"])

    def wait(self, *, timeout: float | None = None) -> "TrainingSet":
        """Itself, once it is ready. Raises NotReady where it becomes something else, or is not after so many seconds:
        the message says why, for instance which input knows the label."""
        described = waited_for(self.describe, while_in=("building",), timeout=timeout)
        if described["state"] != "ready":
            raise _not_ready(described)
        return self

    def accept(self, reason: str) -> "TrainingSet":
        """Itself, once inputs that predict the label alone were accepted with a reason, which is kept as evidence of
        every version that learns from it."""
        self.transport.call("features.accept_inputs", {"training_set_id": self.id, "reason": reason})
        return self.wait()

    def read(self, split: str = "train", *, frame: Kind = "pandas") -> Any:
        """The rows of a split, types exact and times in UTC."""
        with tempfile.TemporaryDirectory(prefix="causeway-") as folder:
            address = f"split/{quote(self.id, safe='')}/{quote(split, safe='')}"
            self.transport.fetch(address, into=(path := Path(folder) / "rows.parquet"))
            return read_frame([path], frame)


def _not_ready(described: dict[str, Any]) -> NotReady:
    state = str(described["state"])
    words = {"building": "is still being built", "needs_review": "waits for a person's review"}.get(
        state, f"is {state}"
    )
    leaks = "; ".join(f"{leak['column']}: {leak['reason']}" for leak in described["leaks"])
    why = described["cause"] or leaks
    message = f"{described['id']} {words}" + (f": {why}" if why else "")
    accepting = "Its page shows the findings; accept(reason) says why such inputs are honest."
    hints = {"needs_review": accepting, "refused": "Its page shows the findings."}
    hint = hints.get(state, "")
    return NotReady(message, hint=hint, object_id=described["id"], state=state)
