"""What requests for promotion hold on to: versions that are asked for, that serve, or that a
rollback would return to."""

from collections.abc import Sequence

from sqlmodel import Session, col, or_, select

from core.foundation.objects import ObjectRow, walk
from core.foundation.ports import Pin
from core.foundation.text import _
from core.promotion.tables import PromotionRow
from core.promotion.values import RequestState
from core.registry.catalog import find_version
from core.serving.rows import find_endpoint, routes_of

APPLIED = RequestState.APPLIED
PENDING = (RequestState.IN_REVIEW, RequestState.CHANGES_REQUESTED, RequestState.APPROVED, RequestState.APPLYING)


class PromotionUses:
    """Reads the requests of the caller's transaction. What is served is known to serving; a request is a reason to keep
    a version, and no live use of it."""

    def of(self, session: Session, object_id: str) -> tuple[Pin, ...]:
        return ()

    def asking(self, session: Session, object_id: str) -> Sequence[ObjectRow]:
        """The open requests on an endpoint, or for a version that is or rests on another object, as what would then be
        returned to may."""
        pending = session.exec(select(PromotionRow).where(col(PromotionRow.state).in_(PENDING))).all()
        ids = [row.id for row in pending if object_id == row.endpoint_id or object_id in _rested_on(session, row)]
        return session.exec(select(ObjectRow).where(col(ObjectRow.id).in_(ids)).order_by(ObjectRow.id)).all()

    def reached(self, session: Session) -> frozenset[str]:
        return frozenset()

    def reason_to_keep(self, session: Session, version_id: str) -> str:
        digest = find_version(session, version_id).digest
        named = or_(
            col(PromotionRow.version_id) == version_id,
            col(PromotionRow.rollback_to) == version_id,
            col(PromotionRow.admitted_rollback) == digest,
        )
        rows = session.exec(select(PromotionRow).where(named, col(PromotionRow.state).in_([*PENDING, APPLIED])))
        reasons = (_reason(session, row, version_id) for row in rows.all())
        return next((reason for reason in reasons if reason), "")


def _rested_on(session: Session, row: PromotionRow) -> set[str]:
    """The versions of a request, and all that led to them."""
    versions = {row.version_id, row.rollback_to} - {""}
    return {*versions, *(edge.source for edge in walk(session, *versions, upstream=True))}


def _reason(session: Session, row: PromotionRow, version_id: str) -> str:
    is_own = row.version_id == version_id
    if row.state != APPLIED:
        return (_("{id} asks for it") if is_own else _("it is the rollback target of {id}")).format(id=row.id)
    endpoint = find_endpoint(session, row.endpoint_id)
    routes = routes_of(endpoint)
    if any(route.version_id == version_id for route in routes):
        return _("{endpoint} serves it").format(endpoint=endpoint.entry.title)
    if not is_own and any(route.promotion_id == row.id for route in routes):
        return _("it is the rollback target of {id}").format(id=row.id)
    return ""
