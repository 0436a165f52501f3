"""Requests for promotion: opened by whoever wants a version released, revised, withdrawn and read; with what waits for
the reader."""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, Invalid, NotAllowed
from core.foundation.ids import Kind
from core.foundation.listings import batch_of, conditions
from core.foundation.naming.texts import Prose
from core.foundation.objects import ObjectRow
from core.foundation.reach import Reach
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.promotion.policies.service import PolicyService
from core.promotion.requests.request_book import OPEN, UNDECIDED, RequestBook, expect
from core.promotion.requests.traffic_plan import check_plan
from core.promotion.tables import PromotionRow
from core.promotion.values import Plan, Request, RequestState
from core.registry.service import RegistryService
from core.registry.values import ModelVersion
from core.requirements.service import RequirementService
from core.serving.service import EndpointService
from core.serving.values import Endpoint

REVISABLE = OPEN | {RequestState.CHANGES_REQUESTED, RequestState.REJECTED}
CANCELLABLE = OPEN | {RequestState.CHANGES_REQUESTED}
STORED_OPEN = (RequestState.IN_REVIEW.value, RequestState.APPROVED.value)
# What somebody may who has a request to decide on or to apply.
DECIDING = (Permission.DEPLOY, Permission.PROMOTE_DECIDE)
UNFINISHED = ("in review", "approved", "changes requested", "applying")


class RequestService(Service):
    domain = "promotion"

    def __init__(
        self,
        foundation: Foundation,
        *,
        book: RequestBook,
        policies: PolicyService,
        registry: RegistryService,
        serving: EndpointService,
        requirements: RequirementService,
    ) -> None:
        super().__init__(foundation)
        self._book = book
        self._policies = policies
        self._registry = registry
        self._serving = serving
        self._requirements = requirements

    @action(permission=Permission.PROMOTE_REQUEST, says=N_("requested the promotion"))
    def open_request(
        self,
        call: Call,
        *,
        version_id: str,
        endpoint_id: str,
        plan: Plan,
        note: Prose = "",
        requirement_id: str = "",
        rollback_to: str = "",
    ) -> Request:
        """Request the promotion of a version to an endpoint. It is in review at once."""
        check_plan(plan)
        version, endpoint = self._candidate(call, version_id, endpoint_id)
        self._refuse_second(call, version, endpoint)
        rollback_to = self._rollback_target(call, version, rollback_to)
        criteria = self._criteria(call, version, requirement_id)
        policy = self._policies.policy_for(call, endpoint.environment)
        row = PromotionRow(
            id=call.create(
                Kind.PROMOTION,
                project=version.project,
                title=f"{version.title} → {endpoint.title}",
                state=RequestState.DRAFT,
            ),
            project=version.project,
            version_id=version_id,
            endpoint_id=endpoint_id,
            requirement_id=requirement_id or version.requirement_id,
            rollback_to=rollback_to,
            policy_id=policy.id,
            policy_revision=policy.revision,
            plan=plan.model_dump(mode="json"),
            criteria=criteria,
            note=note,
            revision=1,
            state=RequestState.DRAFT,
            why="",
            authors=[call.actor.person_id],
            requested_by=call.actor.person_id,
            created_at=call.now,
        )
        call.about(row.id)
        call.session.add(row)
        call.session.flush()
        self._book.set_state(call, row, RequestState.IN_REVIEW)
        call.link(version_id, row.id, "requested in")
        if row.requirement_id:
            call.link(row.requirement_id, row.id, "asks for")
        return self._book.request(call, row)

    @action(permission=Permission.PROMOTE_REQUEST, says=N_("changed the plan of"))
    def revise_request(self, call: Call, *, request_id: str, plan: Plan, note: Prose = "") -> Request:
        """Change the plan or the note. It is a new revision without any approval."""
        check_plan(plan)
        row = self._book.row(call, request_id)
        call.about(row.id)
        expect(self._book.assessment(call, row), states=REVISABLE, doing=_("Revising"))
        row.plan, row.note = plan.model_dump(mode="json"), note
        row.revision += 1
        row.authors = sorted({*row.authors, call.actor.person_id})
        row.frozen = {}
        self._book.set_state(call, row, RequestState.IN_REVIEW)
        call.note(revision=row.revision)
        return self._book.request(call, row)

    @action(permission=Permission.PROMOTE_REQUEST, says=N_("withdrew"))
    def cancel_request(self, call: Call, *, request_id: str) -> Request:
        """Withdraw a request. Those who wrote it may, and those who deploy."""
        row = self._book.row(call, request_id)
        call.about(row.id)
        deploys = self.foundation.access.reach(call.session, call.actor, Permission.DEPLOY)
        if call.actor.person_id not in row.authors and not deploys.includes(row.project):
            hint = call.missing_scope(Permission.DEPLOY) or _("Ask {id}.").format(id=row.requested_by)
            raise NotAllowed(_("This request is someone else's"), hint=hint)
        assessment = self._book.assessments.live(call, row)
        expect(assessment, states=CANCELLABLE, doing=_("Cancelling"))
        self._book.freeze(call, row, assessment)
        self._book.set_state(call, row, RequestState.CANCELLED)
        return self._book.request(call, row)

    @action(permission=Permission.READ, reads=True)
    def list_requests(
        self,
        call: Call,
        *,
        state: str = "",
        endpoint_id: str = "",
        version_id: str = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Request]:
        """List requests, the newest first; `state` is the one they are in now, stale and expired included."""
        filters = conditions(call, PromotionRow, endpoint_id=endpoint_id, version_id=version_id)
        wanted = _state_called(state)
        if wanted in OPEN:
            return self._computed(call, filters, wanted, offset, limit)
        if wanted is not None:
            filters.append(col(PromotionRow.state) == wanted.value)
        return batch_of(
            call.session,
            PromotionRow,
            where=filters,
            order=(col(PromotionRow.created_at).desc(),),
            offset=offset,
            limit=limit,
            convert=lambda rows: self._book.requests(call, rows),
        )

    @action(permission=Permission.READ, reads=True)
    def get_request(self, call: Call, *, request_id: str) -> Request:
        """Show a request: its gates, what changes in production, who decided, and who may not."""
        return self._book.request(call, self._book.row(call, request_id))

    @action(permission=Permission.READ, reads=True)
    def what_needs_me(self, call: Call) -> tuple[Request, ...]:
        """List what waits for you: to decide, to change, to measure or to apply."""
        waiting = col(PromotionRow.state).in_([*STORED_OPEN, RequestState.CHANGES_REQUESTED.value])
        access = self.foundation.access
        reaches = {permission: access.reach(call.session, call.actor, permission) for permission in DECIDING}
        filters = (*call.reach().condition(PromotionRow.project), *_own_or_to_decide(call, reaches.values()), waiting)
        rows = select(PromotionRow).where(*filters).order_by(col(PromotionRow.created_at).desc())
        requests = self._book.requests(call, call.session.exec(rows).all())
        return tuple(request for request in requests if _needs(call.actor.person_id, request, reaches=reaches))

    def _computed(
        self, call: Call, filters: list[ColumnElement[bool]], state: RequestState | None, offset: int, limit: int
    ) -> Listing[Request]:
        """Requests in a state that is computed: all open ones are looked at, which are few."""
        stored = col(PromotionRow.state).in_(STORED_OPEN)
        rows = select(PromotionRow).where(*filters, stored).order_by(col(PromotionRow.created_at).desc())
        requests = self._book.requests(call, call.session.exec(rows).all())
        matching = [request for request in requests if request.state is state]
        return Listing(items=tuple(matching[offset : offset + limit]), total=len(matching), offset=offset, limit=limit)

    def _candidate(self, call: Call, version_id: str, endpoint_id: str) -> tuple[ModelVersion, Endpoint]:
        _known(call, version_id, kind=Kind.MODEL_VERSION, field="version_id")
        _known(call, endpoint_id, kind=Kind.ENDPOINT, field="endpoint_id")
        version, endpoint = self._registry.version(call, version_id), self._serving.endpoint(call, endpoint_id)
        call.may_reach(version.model_id)
        if version.state != "active":
            raise Invalid(_("{id} is archived").format(id=version_id), field="version_id")
        if version.project != endpoint.project:
            raise Invalid(_("Version and endpoint are of different projects"), field="endpoint_id")
        return version, endpoint

    def _refuse_second(self, call: Call, version: ModelVersion, endpoint: Endpoint) -> None:
        wanted = select(PromotionRow.id).where(
            PromotionRow.version_id == version.id,
            PromotionRow.endpoint_id == endpoint.id,
            col(PromotionRow.state).in_(UNFINISHED),
        )
        if other := call.session.exec(wanted).first():
            raise Conflict(_("{id} asks for this already").format(id=other), hint=_("Revise that request."))
        if any(route.version_id == version.id and route.weight == 100 for route in endpoint.routes):
            raise Conflict(_("{endpoint} serves this version already").format(endpoint=endpoint.title))

    def _rollback_target(self, call: Call, version: ModelVersion, rollback_to: str) -> str:
        if not rollback_to:
            return ""
        _known(call, rollback_to, kind=Kind.MODEL_VERSION, field="rollback_to")
        target = self._registry.version(call, rollback_to)
        if target.project != version.project or target.id == version.id:
            raise Invalid(
                _("{id} cannot be the rollback target").format(id=rollback_to),
                hint=_("Name another version of the same project."),
                field="rollback_to",
            )
        return rollback_to

    def _criteria(self, call: Call, version: ModelVersion, requirement_id: str) -> list[dict[str, object]]:
        if requirement_id:
            _known(call, requirement_id, kind=Kind.REQUIREMENT, field="requirement_id")
        wanted = requirement_id or version.requirement_id
        if not wanted:
            return []
        requirement = self._requirements.requirement(call, wanted)
        if requirement.project != version.project:
            raise Invalid(_("The requirement is of another project"), field="requirement_id")
        return [criterion.model_dump(mode="json") for criterion in requirement.criteria]


def _own_or_to_decide(call: Call, reaches: Collection[Reach]) -> list[ColumnElement[bool]]:
    """What keeps the question to requests that can need the caller at all: each one that is left is judged."""
    if any(reach.is_everywhere for reach in reaches):
        return []
    projects = {project for reach in reaches for project in reach.projects}
    own = col(PromotionRow.requested_by) == call.actor.person_id
    return [or_(own, col(PromotionRow.project).in_(projects))]


def _needs(person_id: str, request: Request, *, reaches: Mapping[Permission, Reach]) -> bool:
    if request.state is RequestState.APPROVED:
        return reaches[Permission.DEPLOY].includes(request.project)
    if request.requested_by == person_id:
        return request.state is RequestState.CHANGES_REQUESTED or bool(request.blocking)
    if request.state not in UNDECIDED or request.blocking or person_id in request.may_not_approve:
        return False
    approved = any(decision.person_id == person_id and decision.counts for decision in request.decisions)
    return not approved and reaches[Permission.PROMOTE_DECIDE].includes(request.project)


def _known(call: Call, object_id: str, *, kind: Kind, field: str) -> None:
    """Invalid naming the field unless there is such an object; NotFound when the caller may not see it."""
    row = call.session.get(ObjectRow, object_id)
    if row is None or row.kind != kind:
        words = _("{id} is no {kind}").format(id=repr(object_id[:40]), kind=kind.value.replace("_", " "))
        raise Invalid(words, field=field)
    call.may_reach(object_id)


def _state_called(name: str) -> RequestState | None:
    """Invalid when there is no such state."""
    if not name:
        return None
    try:
        return RequestState(name)
    except ValueError as error:
        hint = _("Choose among: {names}.").format(names=", ".join(RequestState))
        raise Invalid(_("There is no state {name}").format(name=repr(name[:40])), hint=hint, field="state") from error
