"""How the outputs of the jobs become versions and training sets."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.compute.kinds import PlainKind
from core.compute.values import Job, JobState
from core.features.job_specs import BUILD, JOIN, RESULT, ROWS, BuildResult, JoinResult
from core.features.logic.definition import meaning_of
from core.features.service import FeatureService
from core.features.tables import FeatureVersionRow, TrainingSetRow
from core.features.training_sets.values import TrainingSetManifest, TrainingSetState
from core.features.values import SplitFile, VersionState
from core.features.versions.records import training_set_of, training_set_row, version_row
from core.features.versions.states import move, settle
from core.foundation.actions.call import Call
from core.foundation.digests import digest_of
from core.foundation.errors import Invalid
from core.foundation.parquet import row_count
from core.foundation.settings import Settings
from core.foundation.storage import Store
from core.foundation.text import _

Result = TypeVar("Result", bound=BaseModel)


class BuildKind(PlainKind):
    """Feature versions."""

    name = BUILD
    module = "core.features.building.job"

    def __init__(self, features: FeatureService) -> None:
        self.features = features

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        return _as_set(self.features.foundation.settings)

    def read_outputs(self, job: Job, outputs: Path) -> tuple[BuildResult, str]:
        """The result and the digest of the rows, which lie in the store."""
        result = _read(outputs, BuildResult)
        return result, _put(self.features.foundation.store, outputs / ROWS, rows=result.rows)

    def take_outputs(self, call: Call, job: Job, read: tuple[BuildResult, str]) -> None:
        """Stages the version, and publishes it where that was asked for and every check passed. Its digest covers all
        that decides its values."""
        result, rows_digest = read
        row = version_row(call, job.subject)
        row.rows_digest, row.rows, row.notes = rows_digest, result.rows, list(result.notes)
        row.features = [feature.model_dump(mode="json") for feature in result.features]
        row.statistics = [profile.model_dump(mode="json") for profile in result.statistics]
        row.checks = [check.model_dump(mode="json") for check in result.checks]
        row.build_seconds, row.newest_event = result.seconds, result.newest_event
        row.digest = self._digest(call, row)
        settle(call, row)

    def ended(self, call: Call, job: Job) -> None:
        row = version_row(call, job.subject)
        row.cause = _cause(job)
        move(call, row, to=VersionState.FAILED)
        call.record("features.version_failed", subject=row.id, details={"cause": row.cause})

    def _digest(self, call: Call, row: FeatureVersionRow) -> str:
        version = self.features.version(call, row.id)
        sources = self.features.source_digests(call, row.sources)
        covered = meaning_of(row, keys=version.keys, sources=sources)
        covered["features"] = [[feature.name, feature.type, feature.kind] for feature in version.features]
        return digest_of(covered)


class JoinKind(PlainKind):
    """Training sets."""

    name = JOIN
    module = "core.features.training_sets.job"

    def __init__(self, features: FeatureService) -> None:
        self.features = features

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        return _as_set(self.features.foundation.settings)

    def read_outputs(self, job: Job, outputs: Path) -> JoinResult:
        """The result with the digests of its split files, which lie in the store."""
        result = _read(outputs, JoinResult)
        store = self.features.foundation.store
        splits = [_with_digest(store, split, outputs / f"{split.name}.parquet") for split in result.splits]
        return result.model_copy(update={"splits": tuple(splits)})

    def take_outputs(self, call: Call, job: Job, read: JoinResult) -> None:
        """The training set is ready, or refused when a leak was found."""
        row = training_set_row(call, job.subject)
        row.state = TrainingSetState.REFUSED if read.leaks else TrainingSetState.READY
        row.contract = read.contract.model_dump(mode="json")
        row.splits = [split.model_dump(mode="json") for split in read.splits]
        row.leaks = [leak.model_dump(mode="json") for leak in read.leaks]
        row.notes = list(read.notes)
        row.leak_report = read.leak_report.model_dump(mode="json")
        manifest = self._manifest(call, row, read)
        row.manifest = manifest.model_dump(mode="json")
        row.cause = _refusal(read)
        row.digest = "" if read.leaks else digest_of(manifest)
        call.session.add(row)
        call.update(row.id, state=row.state)
        call.record(f"features.training_set_{row.state}", subject=row.id, details={"digest": row.digest})

    def ended(self, call: Call, job: Job) -> None:
        row = training_set_row(call, job.subject)
        row.state, row.cause = TrainingSetState.FAILED, _cause(job)
        call.session.add(row)
        call.update(row.id, state=row.state)

    def _manifest(self, call: Call, row: TrainingSetRow, read: JoinResult) -> TrainingSetManifest:
        found = training_set_of(row)
        return TrainingSetManifest(
            known_at=row.known_at,
            entity=found.entity,
            sources=self.features.source_digests(call, found.entity.sources),
            versions={view.version_id: view.digest for view in read.contract.views},
            uses=found.uses,
            contract=read.contract,
            rows=read.rows,
            splits=read.splits,
            matches=read.matches,
            nulls=read.nulls,
            engine=read.engine,
            label=read.label,
        )


def _as_set(settings: Settings) -> dict[str, Any]:
    """What the administrator has said of cages and engines, now and not when it was ordered. The cluster's address may
    hold a token, so it is in no database."""
    return {
        "cage": settings.user_code == "caged",
        "engine": settings.feature_engine,
        "spark_address": settings.spark_address,
    }


def _read(outputs: Path, result: type[Result]) -> Result:
    try:
        return result.model_validate_json((outputs / RESULT).read_bytes())
    except (OSError, ValidationError) as error:
        raise Invalid(_("The job left no result that can be read")) from error


def _put(store: Store, path: Path, *, rows: int) -> str:
    """Takes a Parquet file in. Invalid when it is not the one the result speaks of."""
    if path.is_symlink() or not path.is_file() or row_count(path) != rows:
        raise Invalid(_("The job's file {name} is not what its result says").format(name=path.name))
    return store.put_file(path)


def _with_digest(store: Store, split: SplitFile, path: Path) -> SplitFile:
    return split.model_copy(update={"digest": _put(store, path, rows=split.rows)})


def _cause(job: Job) -> str:
    return _("Cancelled.") if job.state is JobState.CANCELLED else job.cause


def _refusal(read: JoinResult) -> str:
    return " ".join(f"{leak.column}: {leak.reason}" for leak in read.leaks)
