"""Parity checks as rows and values, and how one ends."""

from core.features.materialization.values import FeatureParity, FeatureParityReport
from core.features.parity.comparison import verdict_on
from core.features.tables import FeatureParityRow
from core.foundation.actions.call import Call
from core.foundation.listings import row_of
from core.foundation.text import _


def parity_row(call: Call, parity_id: str) -> FeatureParityRow:
    return row_of(call, FeatureParityRow, parity_id, refusal=_("{id} is no parity check"), field="parity_id")


def parity_of(row: FeatureParityRow) -> FeatureParity:
    report = FeatureParityReport.model_validate(row.report) if row.report else None
    return FeatureParity.model_validate({**row.model_dump(exclude={"report"}), "report": report})


def ingest_report(call: Call, row: FeatureParityRow, *, report: FeatureParityReport, digest: str) -> None:
    """Writes a report down for good; `digest` names it in the store."""
    row.state, row.verdict, row.digest = "done", verdict_on(report), digest
    row.report = report.model_dump(mode="json")
    call.session.add(row)
    call.update(row.id, state=row.verdict)
    call.record("online.parity_measured", subject=row.id, details={"verdict": row.verdict, "digest": digest})


def fail_check(call: Call, row: FeatureParityRow, *, cause: str) -> None:
    row.state, row.cause = "failed", cause
    call.session.add(row)
    call.update(row.id, state=row.state)
