"""Runs materializations in this process, over snapshots that tests make by hand: the plan, the job and what is written
down of it, without a portal."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.compute.folders import AttemptFolder
from core.compute.process import JobContext
from core.features.job_specs import BuildJobSpec
from core.features.materialization.job import put_online
from core.features.materialization.job_spec import MaterializeJobSpec, MaterializeResult, PartResult, TimeWindowJobSpec
from core.features.materialization.plan import Plan, build_job_spec_of, live_view, plan
from core.features.materialization.time_windows import compute_time_window, time_window_rows
from core.features.normal_form import CREATED, EVENT, SECOND, RowShape, known_moment, moment_of, normal_form
from core.features.online.opening import open_store
from core.features.online.store import KeyAnswer
from core.features.tables import MaterializedPartRow
from core.features.values import Feature, FeatureVersion, VersionState
from core.foundation.storage import Store
from core.lake.values import ImportReport, Snapshot, SnapshotFile
from core.sandbox.duckdb_session import parquet_rows, shared_session
from core.sandbox.limits import Limits

START = datetime(2013, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SQL = """
SELECT k, happened, written,
       CAST(sum(x) OVER w AS DOUBLE) AS total, count(*) OVER w AS seen, max(g) OVER w AS grade
FROM events
WINDOW w AS (PARTITION BY k ORDER BY happened
             RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING)
"""
FEATURES = {"grade": "category", "total": "number", "seen": "number"}
LATEST = datetime(2014, 1, 1, tzinfo=UTC)
LIMITS = Limits(seconds=120, memory_mb=2048, rows=10_000_000, threads=1)
MOMENT = pa.timestamp("us", tz="UTC")


def version_of(sql: str = SQL, **changes: Any) -> FeatureVersion:
    kinds = changes.pop("kinds", FEATURES)
    fields = {
        "id": "FEAT-1",
        "view_id": "FV-1",
        "view": "totals",
        "project": "PROJ-1",
        "version": 1,
        "state": VersionState.PUBLISHED,
        "sql": sql,
        "title": "totals v1",
        "sources": {"events": "SNAP-1"},
        "keys": ("k",),
        "event_time": "happened",
        "created_time": "written",
        "ttl_seconds": 0,
        "delay_seconds": 0,
        "features": tuple(Feature(name=name, type="", kind=kind) for name, kind in kinds.items()),
        "description": "",
        "digest": "d" * 64,
        "rows_digest": "",
        "rows": 0,
        "job_id": "",
        "cause": "",
        "used_by": 0,
        "created_by": "P-1",
        "created_at": START,
        "lookback_seconds": 86_400,
    }
    return FeatureVersion.model_validate(fields | changes)


def events(rows: list[tuple[Any, ...]]) -> pa.Table:
    """Rows of (k, happened, written, x, g)."""
    columns = list(zip(*rows, strict=True)) or [()] * 5
    types = [pa.string(), MOMENT, MOMENT, pa.int64(), pa.string()]
    names = ["k", "happened", "written", "x", "g"]
    return pa.table({name: pa.array(column, kind) for name, column, kind in zip(names, columns, types, strict=True)})


def whole_rows(job_spec: BuildJobSpec, parts: Sequence[Path]) -> str:
    """A query that gives the version's rows in normal form, exactly those of a full build, out of its parts."""
    shape = RowShape(
        keys=job_spec.keys,
        event_time=EVENT,
        created_time=CREATED if job_spec.created_time else None,
        features=(*job_spec.categories, *job_spec.numbers),
        delay_us=job_spec.delay_seconds * SECOND,
    )
    return normal_form(shape, source=parquet_rows(parts))


@dataclass
class Materializer:
    """One version kept online in a store of its own, below `folder`."""

    folder: Path
    version: FeatureVersion
    address: str = ""
    parts: dict[str, MaterializedPartRow] = field(default_factory=dict)
    since: datetime | None = None
    runs: int = 0

    def __post_init__(self) -> None:
        self.store = Store(self.folder / "store")
        self.address = self.address or str(self.folder / "online.sqlite")

    def snapshot(self, files: Mapping[str, pa.Table]) -> Snapshot:
        """A snapshot with one file for each partition."""
        stored = []
        for number, (partition, table) in enumerate(files.items()):
            path = self.folder / f"file-{number}.parquet"
            pq.write_table(table, path)
            digest = self.store.put_file(path)
            stored.append(SnapshotFile(digest=digest, rows=table.num_rows, bytes=1, partition=partition))
        report = ImportReport(rows_read=0, rows_rejected=0, reasons=(), choices=())
        digest = "".join(file.digest for file in stored)[:64]
        fields = {"id": f"SNAP-{digest[:6]}", "dataset_id": "DS-1", "dataset": "events", "title": "events v1"}
        fields |= {"project": "PROJ-1", "version": 1, "digest": digest, "files": tuple(stored)}
        fields |= {"rows": 0, "bytes": 0, "columns": ()}
        return Snapshot.model_validate(fields | {"report": report, "created_by": "P-1", "created_at": START})

    def planned(self, snapshot: Snapshot, *, at: datetime = LATEST, whole: bool = False) -> Plan:
        known = sorted(self.parts.values(), key=lambda part: part.partition)
        return plan(
            self.version,
            {"events": snapshot},
            known=known,
            since=self.since,
            at=at,
            whole=whole or self.since is None,
        )

    def run(self, snapshot: Snapshot, *, at: datetime = LATEST, whole: bool = False) -> MaterializeResult | None:
        """A whole run; None when nothing has changed."""
        planned = self.planned(snapshot, at=at, whole=whole)
        if planned.is_idle:
            self.since = at
            return None
        result, outputs = self.job(planned)
        self.keep(result, outputs)
        return result

    def job(self, planned: Plan) -> tuple[MaterializeResult, Path]:
        """The job alone: what it has put stays put, and nobody writes down what it did."""
        self.runs += 1
        attempt = AttemptFolder(self.folder / "jobs" / str(self.runs) / "1")
        attempt.prepare()
        payload = {**planned.job_spec.model_dump(mode="json"), "online": self.address}
        inputs = {name: str(self.store.path(digest)) for name, digest in planned.inputs.items()}
        attempt.job_spec.write_text(json.dumps({"payload": payload, "inputs": inputs, "attempt": 1, "cpus": 1}))
        context = JobContext(attempt.path)
        job_spec = MaterializeJobSpec.model_validate(context.payload)
        parts = [part for window in job_spec.stretches for part in self._computed(window, context)]
        return put_online(context, job_spec, parts=tuple(parts)), attempt.outputs

    def _computed(self, window: TimeWindowJobSpec, context: JobContext) -> tuple[PartResult, ...]:
        """Without the sandbox, which other tests are about."""
        with shared_session() as session:
            return compute_time_window(
                window, session=session, inputs=context.inputs, outputs=context.outputs, limits=LIMITS
            )

    def keep(self, result: MaterializeResult, outputs: Path) -> None:
        for name in result.gone:
            del self.parts[name]
        for part in result.parts:
            self.parts[part.name] = MaterializedPartRow(
                materialization_id="MAT-1",
                partition=part.name,
                sources=part.sources,
                rows_digest=self.store.put_file(outputs / part.file) if part.rows else "",
                rows=part.rows,
                newest_event=moment_of(part.newest_event_us),
                newest_known=known_moment(part.newest_known_us),
                made_at=START,
            )
        self.since = moment_of(result.at_us)

    def full(self, snapshot: Snapshot) -> Path:
        """The rows of a full build over the snapshot."""
        materializer = Materializer(self.folder / "full", self.version.model_copy(update={"lookback_seconds": 0}))
        materializer.store = self.store
        window = materializer.planned(snapshot).job_spec.stretches[0]
        path = self.folder / "full.parquet"
        inputs = {name: self.store.path(digest) for name, digest in materializer.planned(snapshot).inputs.items()}
        time_window_rows(window.build, inputs=inputs, path=path, events=(None, None), limits=LIMITS)
        return path

    def differences(self, full: Path) -> int:
        """Rows that the parts and a full build do not share, both ways."""
        job_spec = build_job_spec_of(self.version, ())
        files = [self.store.path(part.rows_digest) for part in self.parts.values() if part.rows_digest]
        if not files:
            return pq.read_metadata(full).num_rows
        with shared_session() as session:
            session.execute(f"CREATE TEMP TABLE parts AS {whole_rows(job_spec, files)}")
            session.execute(f"CREATE TEMP TABLE built AS FROM {parquet_rows([full])}")
            columns = ", ".join(f'"{name}"' for name in pq.read_schema(full).names)
            ways = [
                f"SELECT {columns} FROM {a} EXCEPT ALL SELECT {columns} FROM {b}"
                for a, b in (("parts", "built"), ("built", "parts"))
            ]
            return sum(len(session.execute(way).fetchall()) for way in ways)

    def online(self, keys: list[Any], *, at: datetime = LATEST) -> list[KeyAnswer]:
        store = open_store(self.address)
        answers = store.get(live_view(self.version), [(key,) for key in keys], at_us=round(at.timestamp() * 1e6))
        store.close()
        return answers
