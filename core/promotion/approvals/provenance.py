"""Whether evidence was written by a measurement: the audit log, which is chained and signed, says so for each piece and
says when. What someone typed into the database has no such event, and nobody makes evidence younger."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from core.audit.tables import AuditRow, details_of
from core.registry.values import Evidence

WRITTEN = "registry:evidence:written"


def unrecorded(session: Session, evidence: Sequence[Evidence]) -> frozenset[str]:
    """The ids of evidence that the audit log does not know by this digest and of this time."""
    written = {item.id: (item.digest, item.created_at) for item in evidence}
    wanted = select(AuditRow.subject, AuditRow.body, AuditRow.time).where(
        AuditRow.action == WRITTEN, AuditRow.outcome == "ok", col(AuditRow.subject).in_(written)
    )
    recorded = {(subject, details_of(body).get("digest"), time) for subject, body, time in session.exec(wanted)}
    return frozenset(id_ for id_, known in written.items() if (id_, *known) not in recorded)
