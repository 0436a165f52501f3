"""Requests for promotion: opened by whoever wants a version released, decided by people who had no hand in it, on
digests that void the decision when anything changes."""

from datetime import timedelta

from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.foundation.actions.run import action
from core.foundation.errors import Conflict, Invalid, NotAllowed
from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.approvals.assessment import Standing
from core.promotion.policies.service import PolicyActions
from core.promotion.requests.reading import OPEN, UNDECIDED, InboxActions
from core.promotion.requests.request_book import expect, refuse_machines
from core.promotion.requests.traffic_plan import check_plan
from core.promotion.rollouts.service import RolloutActions
from core.promotion.tables import DecisionRow, PromotionRow
from core.promotion.values import Decision, Note, Plan, Reason, Request, RequestState
from core.promotion.wording import plain
from core.registry.values import ModelVersion
from core.serving.values import Endpoint

REVISABLE = OPEN | {RequestState.CHANGES_REQUESTED, RequestState.REJECTED}
CANCELLABLE = OPEN | {RequestState.CHANGES_REQUESTED}
STORED_OPEN = ("in review", "approved", "changes requested", "applying")


class PromotionService(PolicyActions, RolloutActions, InboxActions):
    domain = "promotion"

    @action(permission=Permission.PROMOTE_REQUEST, says=N_("requested the promotion"))
    def open_request(
        self,
        call: Call,
        *,
        version_id: str,
        endpoint_id: str,
        plan: Plan,
        note: Note = "",
        requirement_id: str = "",
        rollback_to: str = "",
    ) -> Request:
        """Ask for a version to be released to an endpoint. It is in review at once."""
        check_plan(plan)
        version, endpoint = self._asked(call, version_id, endpoint_id)
        self._refuse_second(call, version, endpoint)
        rollback_to = self._rollback_target(call, version, rollback_to)
        criteria = self._criteria(call, version, requirement_id)
        policy = self._policy_for(call, endpoint.environment)
        row = PromotionRow(
            id=call.create(
                Kind.PROMOTION,
                project=version.project,
                title=f"{version.model} v{version.version} → {endpoint.name}",
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
            note=plain(note, field="note"),
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
        self._move(call, row, RequestState.IN_REVIEW)
        call.link(version_id, row.id, "requested in")
        if row.requirement_id:
            call.link(row.requirement_id, row.id, "asks for")
        return self._request(call, row)

    @action(permission=Permission.PROMOTE_REQUEST, says=N_("changed the plan of"))
    def revise_request(self, call: Call, *, request_id: str, plan: Plan, note: Note = "") -> Request:
        """Change the plan or the note. It is a new revision without any approval."""
        check_plan(plan)
        row = self._row(call, request_id)
        call.about(row.id)
        expect(self._standing(call, row), states=REVISABLE, doing=_("Revising"))
        row.plan, row.note = plan.model_dump(mode="json"), plain(note, field="note")
        row.revision += 1
        row.authors = sorted({*row.authors, call.actor.person_id})
        row.frozen = {}
        self._move(call, row, RequestState.IN_REVIEW)
        call.note(revision=row.revision)
        return self._request(call, row)

    @action(permission=Permission.PROMOTE_REQUEST, says=N_("withdrew"))
    def cancel_request(self, call: Call, *, request_id: str) -> Request:
        """Withdraw a request. Those who wrote it may, and those who deploy."""
        row = self._row(call, request_id)
        call.about(row.id)
        deploys = self.foundation.access.reach(call.session, call.actor, Permission.DEPLOY)
        if call.actor.person_id not in row.authors and not deploys.includes(row.project):
            raise NotAllowed(_("This request is someone else's"), hint=_("Ask {id}.").format(id=row.requested_by))
        standing = self._standings.live(call, row)
        expect(standing, states=CANCELLABLE, doing=_("Cancelling"))
        self._freeze(call, row, standing)
        self._move(call, row, RequestState.CANCELLED)
        return self._request(call, row)

    @action(permission=Permission.PROMOTE_DECIDE, says=N_("approved"))
    def approve(self, call: Call, *, request_id: str, digests_seen: str, reason: Reason) -> Request:
        """Approve a request as you have read it: `digests_seen` is the digest that it showed as `digests.request`."""
        row, standing = self._judged_by_another(call, request_id, states=UNDECIDED, doing=_("Approving"))
        if digests_seen != standing.digests.request:
            raise Conflict(
                _("The request has changed since you read it"),
                hint=_("Read it again, then decide on what it says now."),
            )
        if standing.blocking:
            raise Conflict(
                _("It cannot be approved yet: {why}").format(why="; ".join(standing.blocking)),
                hint=_("Measure what is missing, or request changes."),
            )
        if any(one.counts and one.decision == "approve" for one in _own(call, standing)):
            raise Conflict(_("You have approved this already"), hint=_("Another person has to."))
        self._decide(call, row, standing, "approve", reason)
        after = self._standing(call, row)
        if after.state is RequestState.APPROVED and row.state != RequestState.APPROVED:
            self._move(call, row, RequestState.APPROVED)
        return self._request(call, row, after)

    @action(permission=Permission.PROMOTE_DECIDE, says=N_("rejected"))
    def reject(self, call: Call, *, request_id: str, reason: Reason) -> Request:
        """Reject a request. This revision of it can then not be approved any more."""
        row, standing = self._judged_by_another(call, request_id, states=OPEN, doing=_("Rejecting"))
        self._decide(call, row, standing, "reject", reason)
        self._freeze(call, row, self._standings.live(call, row))
        self._move(call, row, RequestState.REJECTED, why=reason)
        return self._request(call, row)

    @action(permission=Permission.PROMOTE_DECIDE, says=N_("asked for changes to"))
    def request_changes(self, call: Call, *, request_id: str, reason: Reason) -> Request:
        """Send a request back with what has to change."""
        row, standing = self._judged_by_another(call, request_id, states=OPEN, doing=_("Requesting changes"))
        self._decide(call, row, standing, "request changes", reason)
        self._move(call, row, RequestState.CHANGES_REQUESTED, why=reason)
        return self._request(call, row)

    def _judged_by_another(
        self, call: Call, request_id: str, *, states: frozenset[RequestState], doing: str
    ) -> tuple[PromotionRow, Standing]:
        """The request, when a person who had no hand in it may decide on it now."""
        row = self._row(call, request_id)
        call.about(row.id)
        refuse_machines(call)
        standing = self._standings.live(call, row)
        if why := standing.may_not_approve.get(call.actor.person_id):
            raise NotAllowed(
                _("You may not decide on this request: you {why}").format(why=why),
                hint=_("Another person has to: four eyes."),
            )
        expect(standing, states=states, doing=doing)
        return row, standing

    def _decide(self, call: Call, row: PromotionRow, standing: Standing, decision: str, reason: str) -> None:
        plain(reason, field="reason")
        call.session.add(
            DecisionRow(
                promotion_id=row.id,
                revision=row.revision,
                person_id=call.actor.person_id,
                decision=decision,
                reason=reason,
                **standing.digests.model_dump(),
                decided_at=call.now,
                expires_at=call.now + timedelta(days=standing.policy.valid_days),
            )
        )
        call.session.flush()
        call.note(decision=decision, reason=reason, revision=row.revision, digests=standing.digests.model_dump())

    def _asked(self, call: Call, version_id: str, endpoint_id: str) -> tuple[ModelVersion, Endpoint]:
        _known(call, version_id, kind=Kind.MODEL_VERSION, field="version_id")
        _known(call, endpoint_id, kind=Kind.ENDPOINT, field="endpoint_id")
        version, endpoint = self._registry.version(call, version_id), self._serving.endpoint(call, endpoint_id)
        if version.state != "active":
            raise Invalid(_("{id} is archived").format(id=version_id), field="version_id")
        if version.project != endpoint.project:
            raise Invalid(_("Version and endpoint are of different projects"), field="endpoint_id")
        return version, endpoint

    def _refuse_second(self, call: Call, version: ModelVersion, endpoint: Endpoint) -> None:
        wanted = select(PromotionRow.id).where(
            PromotionRow.version_id == version.id,
            PromotionRow.endpoint_id == endpoint.id,
            col(PromotionRow.state).in_(STORED_OPEN),
        )
        if found := call.session.exec(wanted).first():
            raise Conflict(_("{id} asks for this already").format(id=found), hint=_("Revise that request."))
        if any(route.version_id == version.id and route.weight == 100 for route in endpoint.routes):
            raise Conflict(_("{endpoint} serves this version already").format(endpoint=endpoint.name))

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
        asked = requirement_id or version.requirement_id
        if not asked:
            return []
        found = self._requirements.requirement(call, asked)
        if found.project != version.project:
            raise Invalid(_("The requirement is of another project"), field="requirement_id")
        return [criterion.model_dump(mode="json") for criterion in found.criteria]


def _own(call: Call, standing: Standing) -> list[Decision]:
    return [one for one in standing.decisions if one.person_id == call.actor.person_id]


def _known(call: Call, object_id: str, *, kind: Kind, field: str) -> None:
    """Invalid naming the field unless there is such an object; NotFound when the caller may not see it."""
    row = call.session.get(ObjectRow, object_id)
    if row is None or row.kind != kind:
        words = _("{id} is no {kind}").format(id=repr(object_id[:40]), kind=kind.value.replace("_", " "))
        raise Invalid(words, field=field)
    call.may_reach(object_id)
