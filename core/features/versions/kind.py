"""How the outputs of builds become versions."""

from pathlib import Path
from typing import Any

from core.compute.kinds import PlainKind
from core.compute.values import Job
from core.features.job_outputs import cause_of, engine_settings, ingest_rows, read_result
from core.features.job_specs import BUILD, RESULT, ROWS, BuildResult
from core.features.logic.definition import meaning_of
from core.features.tables import FeatureVersionRow
from core.features.values import VersionState
from core.features.versions.records import find_version, version_row
from core.features.versions.sources import SourceSnapshots
from core.features.versions.states import finish_build, move
from core.foundation.actions.call import Call, Foundation
from core.foundation.digests import digest_of


class BuildKind(PlainKind):
    """Feature versions."""

    name = BUILD
    module = "core.features.building.job"

    def __init__(self, foundation: Foundation, *, sources: SourceSnapshots) -> None:
        self._foundation, self._sources = foundation, sources

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        return engine_settings(self._foundation.settings)

    def read_outputs(self, job: Job, outputs: Path) -> tuple[BuildResult, str]:
        """The result and the digest of the rows, which lie in the store."""
        result = read_result(outputs / RESULT, BuildResult)
        return result, ingest_rows(self._foundation.store, outputs / ROWS, rows=result.rows)

    def ingest_outputs(self, call: Call, job: Job, read: tuple[BuildResult, str]) -> None:
        """Stages the version, and publishes it where that was asked for and every check passed. Its digest covers all
        that decides its values."""
        result, rows_digest = read
        row = version_row(call, job.subject)
        row.rows_digest, row.rows, row.notes = rows_digest, result.rows, list(result.notes)
        row.features = [feature.model_dump(mode="json") for feature in result.features]
        row.statistics = [profile.model_dump(mode="json") for profile in result.statistics]
        row.checks = [check.model_dump(mode="json") for check in result.checks]
        row.build_seconds, row.newest_event = result.seconds, result.newest_event
        row.newest_known = result.newest_known
        row.digest = self._digest(call, row)
        finish_build(call, row)

    def ended(self, call: Call, job: Job) -> None:
        row = version_row(call, job.subject)
        row.cause = cause_of(job)
        move(call, row, to=VersionState.FAILED)
        call.record("features.version_failed", subject=row.id, details={"cause": row.cause})

    def _digest(self, call: Call, row: FeatureVersionRow) -> str:
        version = find_version(call, row.id)
        sources = self._sources.digests(call, row.sources)
        covered = meaning_of(row, keys=version.keys, sources=sources)
        covered["features"] = [[feature.name, feature.type, feature.kind] for feature in version.features]
        return digest_of(covered)
