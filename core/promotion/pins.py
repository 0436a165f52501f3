"""What must not be archived: versions that are asked for, that serve, or that a rollback would return to."""

from sqlmodel import col, or_, select

from core.foundation.actions.call import Call
from core.foundation.text import _
from core.promotion.tables import PromotionRow
from core.promotion.values import RequestState
from core.registry.values import ModelVersion
from core.serving.service import EndpointService

ASKED = (RequestState.IN_REVIEW, RequestState.CHANGES_REQUESTED, RequestState.APPROVED, RequestState.APPLYING)


def pinned(call: Call, version: ModelVersion, *, serving: EndpointService) -> str:
    """Why a version may not be archived now, in words; empty when nothing speaks against it."""
    named = or_(
        col(PromotionRow.version_id) == version.id,
        col(PromotionRow.rollback_to) == version.id,
        col(PromotionRow.admitted_rollback) == version.digest,
    )
    rows = call.session.exec(select(PromotionRow).where(named, col(PromotionRow.state).in_([*ASKED, APPLIED])))
    reasons = (_reason(call, row, version, serving) for row in rows.all())
    return next((reason for reason in reasons if reason), "")


APPLIED = RequestState.APPLIED


def _reason(call: Call, row: PromotionRow, version: ModelVersion, serving: EndpointService) -> str:
    is_own = row.version_id == version.id
    if row.state != APPLIED:
        return (_("{id} asks for it") if is_own else _("it is the rollback target of {id}")).format(id=row.id)
    endpoint = serving.endpoint(call, row.endpoint_id)
    if any(route.version_id == version.id for route in endpoint.routes):
        return _("{endpoint} serves it").format(endpoint=endpoint.name)
    if not is_own and any(route.promotion_id == row.id for route in endpoint.routes):
        return _("it is the rollback target of {id}").format(id=row.id)
    return ""
