"""What a parity check says, and what becomes of it: evidence, for and against the version alike."""

import json

from core.foundation.text import _, thousands
from core.foundation.values import Value
from core.registry.values import ModelVersion, NewEvidence
from core.serving.values import PARITY, ParityReport
from core.tasks.values import Verdict

REPORT = "report.json"


class Measured(Value):
    """What the job of a parity check reports."""

    version_id: str
    report: ParityReport


def evidence_from(
    report: ParityReport, *, version: ModelVersion, endpoint_id: str, job_id: str, by: str
) -> NewEvidence:
    """The evidence that a report is. `by` is who asked for the check."""
    return NewEvidence(
        kind=PARITY,
        subject=version.id,
        project=version.project,
        verdict=verdict_on(report),
        summary=_summary(report),
        measured_on={"version": report.version_digest, "holdout": report.holdout, "endpoint": endpoint_id},
        content=json.loads(report.model_dump_json()),
        source=job_id,
        created_by=by,
    )


def verdict_on(report: ParityReport) -> Verdict:
    """Silence is never a pass: without rows there is no verdict."""
    if not report.rows:
        return Verdict.NO_DATA
    return Verdict.FAIL if report.mismatches else Verdict.PASS


def _summary(report: ParityReport) -> str:
    if not report.mismatches:
        return _("{rows} rows and {cells} cells agree").format(
            rows=thousands(report.rows), cells=thousands(report.cells)
        )
    return _("{wrong} of {cells} cells differ, in {rows} rows; most often: {cause}").format(
        wrong=thousands(report.mismatches),
        cells=thousands(report.cells),
        rows=thousands(report.rows_with_mismatch),
        cause=report.causes[0].cause,
    )
