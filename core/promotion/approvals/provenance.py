"""Whether evidence was written by a measurement: the audit log, which is chained and signed, says so for each piece.
What someone typed into the database has no such event."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from core.audit.tables import AuditRow, details_of
from core.registry.values import Evidence

WRITTEN = "registry:evidence:written"


def unrecorded(session: Session, evidence: Sequence[Evidence]) -> frozenset[str]:
    """The ids of evidence whose digest the audit log does not know."""
    digests = {item.id: item.digest for item in evidence}
    wanted = select(AuditRow.subject, AuditRow.body).where(
        AuditRow.action == WRITTEN, AuditRow.outcome == "ok", col(AuditRow.subject).in_(digests)
    )
    recorded = {(subject, details_of(body).get("digest")) for subject, body in session.exec(wanted)}
    return frozenset(id_ for id_, digest in digests.items() if (id_, digest) not in recorded)
