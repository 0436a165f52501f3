"""The portal from a notebook or a script: every action over HTTP, and features and datasets as data frames.

    from core.portal import connect
    rows = connect().features.get_training_set("churn_2026", split="train")

Whoever runs it is who the token stands for; refusals are the same errors as everywhere, with their hints."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import quote
from uuid import uuid4

from core.foundation.errors import Invalid, NotFound, NotSignedIn, PortalError, Unavailable, error_of
from core.foundation.settings import load_settings
from core.foundation.text import _

if TYPE_CHECKING:
    import httpx
    import pandas as pd
    import pyarrow as pa

SESSION_FILE = "session"
PATH = "/api/v1"
TIMEOUT_SECONDS = 600
IDLE_SECONDS = 2
PAUSE_SECONDS, MOST_PAUSE_SECONDS = 0.5, 5.0
TRIES = 3
KEY = "Idempotency-Key"
PAGE = 200
Kind = Literal["pandas", "polars", "arrow"]


@cache
def http_client() -> "httpx.Client":
    """The one client of this process: making one reads every certificate of the machine, which takes longer than most
    answers. It keeps no cookie, and idle connections for less long than servers do: none is written to as it closes."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx

    no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(cookies=no_cookies, limits=httpx.Limits(keepalive_expiry=IDLE_SECONDS))


def connect(address: str = "", token: str = "") -> "Client":
    """A client of the portal at `address` for whom `token` stands for. Without them: CAUSEWAY_ADDRESS and
    CAUSEWAY_TOKEN, else the portal of this machine and who signed in there. Raises NotSignedIn where nobody did."""
    given = token or os.environ.get("CAUSEWAY_TOKEN") or _signed_in()
    return Client((address or os.environ.get("CAUSEWAY_ADDRESS") or load_settings().address).rstrip("/"), given)


class Client:
    """A portal, as one person or service account."""

    def __init__(self, address: str, token: str) -> None:
        self.address, self._token = address, token
        self.features = Features(self)
        self.lake = Lake(self)

    def run(self, action: str, /, *, idempotency_key: str = "", **arguments: Any) -> Any:
        """Any action of the catalog by its name ("training.start_run"); its answer as JSON gives it. Arguments are JSON
        values. Every call has a key, its own where none is given: what was lost on the way is sent again and done once.
        Raises the PortalError that the portal answers with."""
        key = idempotency_key or uuid4().hex
        with self._reaching(key):
            answer = self._sent(f"{self.address}{PATH}/{action.replace('.', '/')}", arguments, key)
        if answer.is_error:
            raise _refused(answer)
        return answer.json()

    def _sent(self, url: str, arguments: dict[str, Any], key: str) -> "httpx.Response":
        """The answer, after some tries where the connection is lost or the portal says that it is worth another."""
        import httpx

        send = partial(
            http_client().post, url, json=arguments, headers=self._headers | {KEY: key}, timeout=TIMEOUT_SECONDS
        )
        answer = _tried(send)
        for _again in range(1, TRIES):
            if (pause := _pause(answer)) is None:
                break
            time.sleep(pause)
            # A portal that is away by now does not say what became of what was lost before.
            answer = answer if isinstance(again := _tried(send), httpx.ConnectError) else again
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer

    def every(self, action: str, /, **arguments: Any) -> Iterator[dict[str, Any]]:
        """The items of an action that lists, page after page."""
        offset = total = 0
        while offset == 0 or offset < total:
            page = self.run(action, offset=offset, limit=PAGE, **arguments)
            yield from page["items"]
            offset, total = offset + PAGE, page["total"]

    def table(self, path: str) -> "pa.Table":
        """A Parquet file of the portal, once its bytes are what its digest says."""
        from core.foundation.parquet import read_parquet

        with tempfile.TemporaryDirectory(prefix="causeway-") as folder:
            self._fetch(path, into=(target := Path(folder) / "rows.parquet"))
            return read_parquet(target)

    def _fetch(self, path: str, *, into: Path) -> None:
        hashed = hashlib.sha256()
        url = f"{self.address}{PATH}/files/{path}"
        stream = http_client().stream("GET", url, headers=self._headers, timeout=TIMEOUT_SECONDS)
        with self._reaching(), stream as answer, into.open("wb") as file:
            if answer.is_error:
                answer.read()
                raise _refused(answer)
            for part in answer.iter_bytes():
                hashed.update(part)
                file.write(part)
        if hashed.hexdigest() != answer.headers.get("X-Digest"):
            raise Unavailable(_("The file did not arrive whole"), hint=_("Ask for it again."))

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    @contextmanager
    def _reaching(self, key: str = "") -> Iterator[None]:
        import httpx

        try:
            yield
        except httpx.TransportError as error:
            if key and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                raise Unavailable(
                    _("{address} gave no answer").format(address=self.address),
                    hint=_("Send it again with the idempotency key {key}: it is done once.").format(key=key),
                ) from error
            raise Unavailable(
                _("No portal answers at {address}").format(address=self.address),
                hint=_("Start it with `causeway up`."),
            ) from error


@dataclass(frozen=True)
class Features:
    """Feature views, training sets and the online store."""

    client: Client

    def views(self, *, project: str = "") -> "pd.DataFrame":
        """Every feature view: id, name, entity, keys, owner, and the version that people get."""
        import pandas as pd

        columns = ["id", "name", "entity", "keys", "owner", "description", "version"]
        views = self.client.every("features.list_views", project=project)
        return pd.DataFrame([view | {"version": (_shown(view) or {}).get("id", "")} for view in views], columns=columns)

    def get_training_set(self, name: str, *, split: str = "train", frame: Kind = "pandas") -> Any:
        """The rows of a split, types exact and times in UTC. `name` is an id (TS-3), or a name or title, whose newest
        ready set it then is."""
        set_id = name if name.startswith("TS-") else self._newest(name)
        return framed(self.client.table(f"split/{quote(set_id, safe='')}/{quote(split, safe='')}"), frame)

    def get_online(self, view: str, keys: Sequence[Mapping[str, Any]], *, at: datetime | None = None) -> "pd.DataFrame":
        """What the online store answers for each key, with `status` (present, null, not_found, expired) and
        `event_time`. `view` is the id, name or title of a view, or the id of a version
        (FEAT-3)."""
        import pandas as pd

        options: dict[str, Any] = {"at": at.isoformat()} if at else {}
        version = view if view.startswith("FEAT-") else self._version(view)
        answers = self.client.run("online.get_online", version_id=version, keys=[dict(key) for key in keys], **options)
        rows = [
            {**key, "status": answer["status"], "event_time": answer["event_time"], **answer["values"]}
            for key, answer in zip(keys, answers, strict=True)
        ]
        table = pd.DataFrame(rows)
        return table.assign(event_time=pd.to_datetime(table["event_time"], utc=True, format="ISO8601"))

    def _newest(self, name: str) -> str:
        for item in self.client.every("features.list_training_sets"):
            if name in (item["name"], item["title"]) and item["state"] == "ready":
                return str(item["id"])
        raise NotFound(_("There is no ready training set called {name}").format(name=repr(name)))

    def _version(self, name: str) -> str:
        version = _shown(self.client.run("features.get_view", view_id=name))
        if version is None:
            raise NotFound(_("{name} has no version yet").format(name=name), hint=_("Publish one first."))
        return str(version["id"])


@dataclass(frozen=True)
class Lake:
    """Datasets and their snapshots."""

    client: Client

    def get(self, name: str, *, frame: Kind = "pandas") -> Any:
        """The rows of a dataset's newest snapshot by its id (DS-3), name or title, or of one snapshot (SNAP-3)."""
        import pyarrow as pa

        snapshot = self._snapshot(name)
        parts = [self.client.table(f"snapshot/{snapshot['id']}/{number}") for number in range(len(snapshot["files"]))]
        return framed(pa.concat_tables(parts), frame)

    def import_frame(
        self, name: str, frame: Any, *, confirm: bool = True, mode: str = "replace", **choices: Any
    ) -> dict[str, Any]:
        """Imports a pandas or polars frame into a dataset and waits until it was read. With `confirm` the rows become
        its next snapshot; without it somebody confirms what the report says. Returns the import. Raises Invalid where
        it failed, or waits for a person although it was confirmed: for the zone of its times, for instance."""
        import base64

        from core.lake.readers.frames import frame_bytes

        imported = self.client.run(
            "imports.start_upload",
            dataset_id=self._dataset(name)["id"],
            filename="frame.parquet",
            content=base64.b64encode(frame_bytes(frame)).decode(),
            mode=mode,
            choices=choices,
            confirm=confirm,
        )
        while imported["state"] == "reading":
            time.sleep(PAUSE_SECONDS)
            imported = self.client.run("imports.get_import", import_id=imported["id"])
        if imported["state"] == "failed" or (confirm and imported["state"] != "confirmed"):
            raise Invalid(f"{imported['id']}: {imported['cause']}", field="frame")
        return cast(dict[str, Any], imported)

    def _snapshot(self, name: str) -> dict[str, Any]:
        if name.startswith("SNAP-"):
            return cast(dict[str, Any], self.client.run("lake.get_snapshot", snapshot_id=name))
        newest = self._dataset(name)["latest"]
        if newest is None:
            raise NotFound(_("{name} holds no rows yet").format(name=name), hint=_("Import some first."))
        return cast(dict[str, Any], newest)

    def _dataset(self, name: str) -> dict[str, Any]:
        return cast(dict[str, Any], self.client.run("lake.get_dataset", dataset_id=name))


def framed(table: "pa.Table", frame: Kind) -> Any:
    """A table as a frame. In pandas whole numbers and truth values with nulls keep their types."""
    import pandas as pd

    if frame == "arrow":
        return table
    if frame == "polars":
        from core.lake.readers.polars_frames import polars_frame

        return polars_frame(table)
    whole = {f"int{bits}": getattr(pd, f"Int{bits}Dtype")() for bits in (8, 16, 32, 64)}
    unsigned = {f"uint{bits}": getattr(pd, f"UInt{bits}Dtype")() for bits in (8, 16, 32, 64)}
    types: dict[str, Any] = whole | unsigned | {"bool": pd.BooleanDtype()}
    try:
        return table.to_pandas(types_mapper=lambda of: types.get(str(of)))
    except (ValueError, OverflowError):
        # Python has no days outside the years 1 to 9999: then days stay Arrow's.
        days = {str(of): pd.ArrowDtype(of) for of in table.schema.types if str(of).startswith("date")}
        return table.to_pandas(types_mapper=lambda of: (types | days).get(str(of)))


def _shown(view: dict[str, Any]) -> dict[str, Any] | None:
    """The version that people get who name none."""
    return cast(dict[str, Any] | None, view["live"] or view["latest"])


def _refused(answer: "httpx.Response") -> PortalError:
    kind = error_of(answer.status_code)
    try:
        body = answer.json()
        error = kind(body["error"], hint=body["hint"])
    except (ValueError, KeyError, TypeError):
        return Unavailable(_("The portal answered {status}").format(status=answer.status_code))
    if isinstance(error, Invalid):
        error.field = body.get("field", "")
    return error


def _tried(send: Callable[[], "httpx.Response"]) -> "httpx.Response | httpx.TransportError":
    import httpx

    try:
        return send()
    except httpx.TransportError as error:
        return error


def _pause(answer: "httpx.Response | httpx.TransportError") -> float | None:
    """How long to wait before the next try; None where none is worth it."""
    import httpx

    if isinstance(answer, httpx.Response):
        after = answer.headers.get("Retry-After", "")
        return min(float(after), MOST_PAUSE_SECONDS) if after.isascii() and after.isdigit() else None
    is_lost = isinstance(answer, httpx.NetworkError | httpx.RemoteProtocolError)
    return PAUSE_SECONDS if is_lost and not isinstance(answer, httpx.ConnectError) else None


def _signed_in() -> str:
    file = load_settings().home / SESSION_FILE
    if not file.exists():
        raise NotSignedIn(_("You are not signed in"), hint=_("Run `causeway sign-in --as mei`, or set CAUSEWAY_TOKEN."))
    return file.read_text()
