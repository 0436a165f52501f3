"""How the outputs of joins become training sets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.compute.kinds import PlainKind
from core.compute.values import Job
from core.features.job_outputs import cause_of, engine_settings, ingest_rows, read_result
from core.features.job_specs import RESULT
from core.features.tables import TrainingSetRow
from core.features.training_sets.job_spec import JOIN, JoinJobSpec, JoinResult
from core.features.training_sets.records import training_set_of, training_set_row
from core.features.training_sets.values import SplitFile, TrainingSetManifest, TrainingSetState
from core.features.versions.sources import SourceSnapshots
from core.foundation.actions.call import Call, Foundation
from core.foundation.digests import digest_of
from core.foundation.storage import Store
from core.lake.retention.item_index import items_in


class JoinKind(PlainKind):
    """Training sets."""

    name = JOIN
    module = "core.features.training_sets.job"

    def __init__(self, foundation: Foundation, *, sources: SourceSnapshots) -> None:
        self._foundation, self._sources = foundation, sources

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        return engine_settings(self._foundation.settings)

    def inputs_at_launch(self, job: Job, payload: dict[str, Any], *, inputs: Mapping[str, str]) -> dict[str, str]:
        """The files that rows may name."""
        store, job_spec = self._foundation.store, JoinJobSpec.model_validate(payload)
        tables = (*job_spec.images, *job_spec.texts)
        index = [store.verified_path(inputs[name]) for table in tables for name in table.inputs]
        return {item: item for item, _bytes in items_in(index)}

    def read_outputs(self, job: Job, outputs: Path) -> JoinResult:
        """The result with the digests of its split files, which lie in the store."""
        result = read_result(outputs / RESULT, JoinResult)
        store = self._foundation.store
        splits = [_with_digest(store, split, outputs / f"{split.name}.parquet") for split in result.splits]
        return result.model_copy(update={"splits": tuple(splits)})

    def ingest_outputs(self, call: Call, job: Job, read: JoinResult) -> None:
        """The training set is ready, waits for a person's review, or is refused when a leak was found."""
        row = training_set_row(call, job.subject)
        row.state = _state(read)
        row.contract = read.contract.model_dump(mode="json")
        row.splits = [split.model_dump(mode="json") for split in read.splits]
        row.leaks = [leak.model_dump(mode="json") for leak in read.leaks]
        row.notes = list(read.notes)
        row.leak_report = read.leak_report.model_dump(mode="json")
        manifest = self._manifest(call, row, read)
        row.manifest = manifest.model_dump(mode="json")
        row.cause = _refusal(read)
        row.digest = "" if row.state is TrainingSetState.REFUSED else digest_of(manifest)
        call.session.add(row)
        call.update(row.id, state=row.state)
        call.record(f"features.training_set_{row.state}", subject=row.id, details={"digest": row.digest})

    def ended(self, call: Call, job: Job) -> None:
        row = training_set_row(call, job.subject)
        row.state, row.cause = TrainingSetState.FAILED, cause_of(job)
        call.session.add(row)
        call.update(row.id, state=row.state)

    def _manifest(self, call: Call, row: TrainingSetRow, read: JoinResult) -> TrainingSetManifest:
        training_set = training_set_of(row)
        return TrainingSetManifest(
            known_at=row.known_at,
            entity=training_set.entity,
            sources=self._sources.digests(call, training_set.entity.snapshots),
            versions={view.version_id: view.digest for view in (*read.contract.views, *read.label_views)},
            uses=training_set.uses,
            contract=read.contract,
            rows=read.rows,
            splits=read.splits,
            matches=read.matches,
            nulls=read.nulls,
            engine=read.engine,
            label=read.label,
            target=read.target,
            shares=training_set.shares,
        )


def _with_digest(store: Store, split: SplitFile, path: Path) -> SplitFile:
    return split.model_copy(update={"digest": ingest_rows(store, path, rows=split.rows)})


def _state(read: JoinResult) -> TrainingSetState:
    if not read.leaks:
        return TrainingSetState.READY
    is_open = all(leak.may_be_accepted for leak in read.leaks)
    return TrainingSetState.NEEDS_REVIEW if is_open else TrainingSetState.REFUSED


def _refusal(read: JoinResult) -> str:
    return " ".join(f"{leak.column}: {leak.reason}" for leak in read.leaks)
