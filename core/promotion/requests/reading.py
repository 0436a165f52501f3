"""Reading requests: lists, one with everything on it, and what waits for the reader."""

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from core.foundation.actions.call import Call
from core.foundation.actions.run import action
from core.foundation.errors import Invalid
from core.foundation.listings import conditions, page_of
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.promotion.requests.request_book import Desk
from core.promotion.tables import PromotionRow
from core.promotion.values import Request, RequestState

OPEN = frozenset({RequestState.IN_REVIEW, RequestState.APPROVED, RequestState.STALE, RequestState.EXPIRED})
UNDECIDED = OPEN - {RequestState.APPROVED}
STORED_OPEN = (RequestState.IN_REVIEW.value, RequestState.APPROVED.value)


class InboxActions(Desk):
    """The reading actions on requests."""

    @action(permission=Permission.READ, reads=True)
    def list_requests(
        self,
        call: Call,
        *,
        state: str = "",
        endpoint_id: str = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Request]:
        """List requests, the newest first; `state` is the one they are in now, stale and expired included."""
        kept = conditions(call, PromotionRow, endpoint_id=endpoint_id)
        wanted = _state(state)
        if wanted in OPEN:
            return self._computed(call, kept, wanted, offset, limit)
        if wanted is not None:
            kept.append(col(PromotionRow.state) == wanted.value)
        return page_of(
            call.session,
            PromotionRow,
            where=kept,
            order=(col(PromotionRow.created_at).desc(),),
            offset=offset,
            limit=limit,
            convert=lambda row: self._request(call, row),
        )

    @action(permission=Permission.READ, reads=True)
    def get_request(self, call: Call, *, request_id: str) -> Request:
        """Show a request: its gates, what changes in production, who decided, and who may not."""
        return self._request(call, self._row(call, request_id))

    @action(permission=Permission.READ, reads=True)
    def what_needs_me(self, call: Call) -> tuple[Request, ...]:
        """List what waits for you: to decide, to change, to measure or to apply."""
        waiting = col(PromotionRow.state).in_([*STORED_OPEN, RequestState.CHANGES_REQUESTED.value])
        kept = (*self._visible(call), *self._mine_or_mine_to_decide(call), waiting)
        rows = select(PromotionRow).where(*kept).order_by(col(PromotionRow.created_at).desc())
        requests = (self._request(call, row) for row in call.session.exec(rows).all())
        return tuple(request for request in requests if self._needs_me(call, request))

    def _needs_me(self, call: Call, request: Request) -> bool:
        me = call.actor.person_id
        if request.state is RequestState.APPROVED:
            return self._reaches(call, Permission.DEPLOY, request)
        if request.requested_by == me:
            return request.state is RequestState.CHANGES_REQUESTED or bool(request.blocking)
        if request.state not in UNDECIDED or request.blocking or me in request.may_not_approve:
            return False
        approved = any(one.person_id == me and one.counts for one in request.decisions)
        return not approved and self._reaches(call, Permission.PROMOTE_DECIDE, request)

    def _mine_or_mine_to_decide(self, call: Call) -> list[ColumnElement[bool]]:
        """What keeps the question to requests that can need the caller at all: each one that is left is judged."""
        permissions = (Permission.DEPLOY, Permission.PROMOTE_DECIDE)
        reaches = [self.foundation.access.reach(call.session, call.actor, permission) for permission in permissions]
        if any(reach.is_everywhere for reach in reaches):
            return []
        projects = {project for reach in reaches for project in reach.projects}
        mine = col(PromotionRow.requested_by) == call.actor.person_id
        return [or_(mine, col(PromotionRow.project).in_(projects))]

    def _reaches(self, call: Call, permission: Permission, request: Request) -> bool:
        return self.foundation.access.reach(call.session, call.actor, permission).includes(request.project)

    def _visible(self, call: Call) -> list[ColumnElement[bool]]:
        return [*call.reach().condition(PromotionRow.project)]

    def _computed(
        self, call: Call, kept: list[ColumnElement[bool]], state: RequestState | None, offset: int, limit: int
    ) -> Listing[Request]:
        """Requests in a state that is computed: all open ones are looked at, which are few."""
        stored = col(PromotionRow.state).in_(STORED_OPEN)
        rows = select(PromotionRow).where(*kept, stored).order_by(col(PromotionRow.created_at).desc())
        found = [
            one for one in (self._request(call, row) for row in call.session.exec(rows).all()) if one.state is state
        ]
        return Listing(items=tuple(found[offset : offset + limit]), total=len(found), offset=offset, limit=limit)


def _state(name: str) -> RequestState | None:
    """Invalid when there is no such state."""
    if not name:
        return None
    try:
        return RequestState(name)
    except ValueError as error:
        hint = _("Choose among: {names}.").format(names=", ".join(RequestState))
        raise Invalid(_("There is no state {name}").format(name=repr(name[:40])), hint=hint, field="state") from error
