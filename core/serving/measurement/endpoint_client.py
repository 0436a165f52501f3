"""What parity checks and replays have in common: held-out rows, in the order of their time, sent through the running
gateway as callers send them, while the endpoint's online features move along with them."""

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.compute.process import JobContext, JobFailed
from core.features.columns import sent
from core.features.values import FeatureContract
from core.foundation.text import _
from core.foundation.values import Value
from core.tasks.values import Target

if TYPE_CHECKING:
    from core.features.online.backfill import Backfill

ROW_ID, EVENT_TIME, LABEL = "row_id", "event_time", "label"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMEOUT_SECONDS = 10.0
OK = 200


class EndpointJobSpec(Value):
    """`target` is what the endpoint predicts, `views` maps the digest of each view's rows to the name of the job's
    input, `splits` are the names of the inputs with held-out rows. `url` and `token` are added at launch."""

    contract: FeatureContract
    endpoint_id: str
    online: str
    views: dict[str, str]
    splits: tuple[str, ...]
    target: Target = Target()
    url: str = ""
    token: str = ""


@dataclass(frozen=True)
class HeldOut:
    """A held-out row: what callers send, and what was computed offline for the model's inputs."""

    row_id: str
    at_us: int
    label: Any
    group: Any
    sent: dict[str, Any]
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Response:
    """An answer of the endpoint. `version` and `digest` are what it says about itself, empty when nobody answered."""

    status: int
    version: str
    digest: str
    document: dict[str, Any]

    @property
    def is_answer(self) -> bool:
        return self.status == OK


class EndpointClient:
    """A caller with a ticket, on one connection that is kept."""

    def __init__(self, job_spec: EndpointJobSpec) -> None:
        parts = urlsplit(job_spec.url)
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=TIMEOUT_SECONDS)
        self._path = f"{parts.path}/predict"
        self._headers = {"Authorization": f"Bearer {job_spec.token}", "Content-Type": "application/json"}

    def predict(self, row: HeldOut, *, explain: bool = False) -> Response:
        """Asks about one row. What cannot be reached is an answer with status 0."""
        body = json.dumps({"rows": [row.sent], "explain": explain})
        try:
            self._connection.request("POST", self._path, body, self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Response(status=0, version="", digest="", document={})
        version, digest = (answer.headers.get(f"x-causeway-{name}", "") for name in ("version", "digest"))
        return Response(answer.status, version, digest, _document(text))


def held_out_rows(context: JobContext, job_spec: EndpointJobSpec, *, inputs: tuple[str, ...] = ()) -> list[HeldOut]:
    """The rows of the splits with those inputs of the model, in the order of their time; those without one are of
    now."""
    rows = [row for name in job_spec.splits for row in _read(context.inputs[name], job_spec, inputs=inputs)]
    return sorted(rows, key=lambda row: (row.at_us, row.row_id))


def backfill_of(context: JobContext, job_spec: EndpointJobSpec) -> "Backfill":
    """The endpoint's online features, to be moved through time."""
    from core.features.online.backfill import Backfill
    from core.features.online.opening import open_store

    files = {digest: context.inputs[name] for digest, name in job_spec.views.items()}
    return Backfill(open_store(job_spec.online), job_spec.contract, files)


def expect_prediction(response: Response) -> None:
    """JobFailed with what the endpoint answered, when that is no prediction."""
    if not response.is_answer:
        why = response.document.get("error") or _("it does not answer")
        raise JobFailed(_("The endpoint gave no prediction ({status}): {why}").format(status=response.status, why=why))


def _read(path: Path, job_spec: EndpointJobSpec, *, inputs: tuple[str, ...]) -> Iterator[HeldOut]:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    contract, group = job_spec.contract, job_spec.target.group
    requested = [field.name for field in contract.request]
    around = [EVENT_TIME] if contract.event_time else []
    around += [group] if group else []
    columns = list(dict.fromkeys([ROW_ID, *around, LABEL, *requested, *inputs]))
    table = parquet.ParquetFile(path, page_checksum_verification=True).read(columns=columns)
    if contract.event_time:
        times = table.column(EVENT_TIME).cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist()
    else:
        times = [(datetime.now(UTC) - EPOCH) // timedelta(microseconds=1)] * table.num_rows
    for at_us, row in zip(times, table.to_pylist(), strict=True):
        yield HeldOut(
            row_id=str(row[ROW_ID]),
            at_us=at_us,
            label=row[LABEL],
            group=row[group] if group else None,
            sent=_sent(row, at_us=at_us, contract=contract),
            inputs={name: row[name] for name in inputs},
        )


def _sent(row: Mapping[str, Any], *, at_us: int, contract: FeatureContract) -> dict[str, Any]:
    fields = {field.name: sent(row[field.name], image=field.image) for field in contract.request}
    moment = (EPOCH + timedelta(microseconds=at_us)).isoformat()
    times = {contract.event_time: moment} if contract.event_time else {}
    return {contract.row_id: str(row[ROW_ID]), **fields, **times}


def _document(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
