"""Parity checks of the online store as jobs."""

from pathlib import Path
from typing import Any

from core.compute.kinds import PlainKind
from core.compute.values import Job
from core.features.job_outputs import cause_of, read_result, sandbox_settings
from core.features.materialization.values import FeatureParityReport
from core.features.online.opening import live_address
from core.features.parity.job_spec import FEATURE_PARITY, REPORT, ParityResult
from core.features.parity.records import fail_check, ingest_report, parity_row
from core.foundation.actions.call import Call, Foundation
from core.foundation.digests import canonical


class FeatureParityKind(PlainKind):
    """The report goes into the store, where its digest names it."""

    name = FEATURE_PARITY
    module = "core.features.parity.job"

    def __init__(self, foundation: Foundation) -> None:
        self._foundation = foundation

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        settings = self._foundation.settings
        return {"online": live_address(settings)} | sandbox_settings(settings)

    def read_outputs(self, job: Job, outputs: Path) -> tuple[FeatureParityReport, str]:
        report = read_result(outputs / REPORT, ParityResult).report
        return report, self._foundation.store.put_bytes(canonical(report))

    def ingest_outputs(self, call: Call, job: Job, read: tuple[FeatureParityReport, str]) -> None:
        report, digest = read
        ingest_report(call, parity_row(call, job.subject), report=report, digest=digest)

    def ended(self, call: Call, job: Job) -> None:
        fail_check(call, parity_row(call, job.subject), cause=cause_of(job))
