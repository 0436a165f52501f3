"""What a run of a materialization has to do: compared with what its last run wrote down, which parts to compute from
which source files, and which rows then to put."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.compute.values import JobSpec, Resources
from core.features.job_specs import BuildJobSpec, SourceTable
from core.features.materialization.job_spec import MATERIALIZE, MaterializeJobSpec, TimeWindowJobSpec
from core.features.materialization.partitions import SourceFile, TimeWindow, gone, parts_of, time_windows_of
from core.features.normal_form import SECOND, microseconds
from core.features.tables import MaterializedPartRow
from core.features.values import FeatureVersion, ServedView
from core.foundation.text import _
from core.lake.values import Snapshot


@dataclass(frozen=True)
class Plan:
    """The job spec, and the digests of the files that it reads. `is_idle` when nothing has changed."""

    job_spec: MaterializeJobSpec
    inputs: dict[str, str]

    @property
    def is_idle(self) -> bool:
        job_spec = self.job_spec
        return not (job_spec.stretches or job_spec.pending or job_spec.gone or job_spec.whole)

    def job(self, version: FeatureVersion, *, subject: str, owner: str) -> JobSpec:
        return JobSpec(
            kind=MATERIALIZE,
            project=version.project,
            title=_("Materialize {version}").format(version=version.title),
            subject=subject,
            payload=self.job_spec.model_dump(mode="json"),
            inputs=self.inputs,
            owner=owner,
            resources=Resources(cpus=1, memory_mb=self.job_spec.memory_mb),
            max_attempts=2,
        )


def plan(
    version: FeatureVersion,
    snapshots: Mapping[str, Snapshot],
    *,
    known: Sequence[MaterializedPartRow],
    since: datetime | None,
    at: datetime,
    whole: bool,
) -> Plan:
    """`known` are the parts that the last run left, `since` its instant. With `whole` all rows are put again."""
    parts = parts_of(snapshots, lookback_seconds=version.lookback_seconds, code=version.digest)
    windows = time_windows_of(parts, known={row.partition: row.sources for row in known})
    computed = {part.name for window in windows for part in window.parts}
    lost = gone(parts, known=[row.partition for row in known])
    filed = {row.partition: row for row in known if row.rows_digest}
    unchanged = [name for name in filed if name not in computed and name not in lost]
    replaced = [name for name in filed if name in computed or name in lost]
    job_spec = MaterializeJobSpec(
        view=live_view(version),
        stretches=tuple(_time_window_job_spec(version, snapshots, window) for window in windows),
        kept={name: _input(name) for name in unchanged},
        replaced={name: _input(name) for name in replaced},
        gone=lost,
        pending=tuple(name for name in unchanged if since is not None and _is_pending(filed[name], since)),
        since_us=None if since is None else microseconds(since),
        at_us=microseconds(at),
        snapshots={name: snapshot.id for name, snapshot in snapshots.items()},
        whole=whole,
    )
    files = {_source_input(file): file.digest for window in windows for file in _files(snapshots, window)}
    return Plan(job_spec, files | {_input(name): filed[name].rows_digest for name in (*unchanged, *replaced)})


def live_view(version: FeatureVersion) -> ServedView:
    """A version as the live store has it: found by its own keys, its features under their own names."""
    return ServedView(
        version_id=version.id,
        view=version.view,
        digest=version.digest,
        rows_digest=version.rows_digest,
        keys=tuple((key, key) for key in version.keys),
        outputs=tuple((feature.name, feature.name, feature.kind) for feature in version.features),
        ttl_us=version.ttl_seconds * SECOND,
        delay_us=version.delay_seconds * SECOND,
    )


def build_job_spec_of(version: FeatureVersion, sources: Sequence[SourceTable]) -> BuildJobSpec:
    """The version's logic over other files. Its features are named, so that new rows cannot make others of them."""
    return BuildJobSpec(
        view=version.view,
        sql=version.sql,
        sources=tuple(sources),
        keys=version.keys,
        event_time=version.event_time,
        created_time=version.created_time,
        ttl_seconds=version.ttl_seconds,
        delay_seconds=version.delay_seconds,
        categories=tuple(feature.name for feature in version.features if feature.kind == "category"),
        numbers=tuple(feature.name for feature in version.features if feature.kind == "number"),
        python=version.python,
        tests=version.tests,
    )


def _time_window_job_spec(
    version: FeatureVersion, snapshots: Mapping[str, Snapshot], window: TimeWindow
) -> TimeWindowJobSpec:
    files = _files(snapshots, window)
    tables = [
        SourceTable(
            name=name,
            inputs=tuple(_source_input(file) for file in files if file.source == name),
            known={column.name: column.known for column in snapshot.columns if column.known},
        )
        for name, snapshot in snapshots.items()
    ]
    return TimeWindowJobSpec(
        build=build_job_spec_of(version, tables),
        parts={part.name: part.sources for part in window.parts},
        from_us=None if window.start is None else microseconds(window.start),
        to_us=None if window.until is None else microseconds(window.until),
    )


def _files(snapshots: Mapping[str, Snapshot], window: TimeWindow) -> list[SourceFile]:
    """The files of a time window. A table needs one file at least to have its columns; rows that are older than
    anything that is asked for change nothing."""
    files = list(window.files)
    for name, snapshot in snapshots.items():
        if not any(file.source == name for file in files):
            files.append(SourceFile(name, 0, snapshot.files[0].digest))
    return files


def _is_pending(row: MaterializedPartRow, since: datetime) -> bool:
    return row.newest_known is not None and row.newest_known > since


def _input(part: str) -> str:
    return f"part_{part or 'whole'}"


def _source_input(file: SourceFile) -> str:
    return f"source_{file.source}_{file.number}"
