"""What every action on a request needs: finding it, showing it, and changing its state so that each change is told to
the audit log exactly once."""

from typing import TYPE_CHECKING

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service
from core.foundation.errors import Conflict, NotAllowed, NotFound
from core.foundation.text import _
from core.promotion.approvals.assessment import Standing, Standings
from core.promotion.pins import pinned
from core.promotion.tables import PromotionRow, RolloutRow, StateRow
from core.promotion.values import Plan, Progress, Request, RequestState
from core.registry.service import RegistryService
from core.requirements.service import RequirementService
from core.requirements.values import Criterion
from core.serving.service import ServingService

if TYPE_CHECKING:
    from core.identity.service import IdentityService

STATE_CHANGED = "promotion.state_changed"


class Desk(Service):
    """The part of the promotion service that its actions share."""

    domain = "promotion"

    def __init__(
        self,
        foundation: Foundation,
        *,
        registry: RegistryService,
        serving: ServingService,
        requirements: RequirementService,
        identity: "IdentityService",
    ) -> None:
        super().__init__(foundation)
        self._registry = registry
        self._serving = serving
        self._requirements = requirements
        self._standings = Standings(registry=registry, serving=serving, identity=identity)
        registry.pinned_by(self._pinned)

    def _pinned(self, call: Call, version_id: str) -> str:
        return pinned(call, self._registry.version(call, version_id), serving=self._serving)

    def _row(self, call: Call, request_id: str) -> PromotionRow:
        """The request, once the action's permission is known to reach it."""
        call.may_reach(request_id)
        row = call.session.get(PromotionRow, request_id)
        if row is None:
            raise NotFound(_("{id} is no request for promotion").format(id=request_id))
        return row

    def _standing(self, call: Call, row: PromotionRow) -> Standing:
        """As it stands now, or as it stood when it was applied or ended."""
        if row.frozen:
            return Standing.model_validate(row.frozen).model_copy(
                update={"state": RequestState(row.state), "why": row.why}
            )
        return self._standings.live(call, row)

    def _request(self, call: Call, row: PromotionRow, standing: Standing | None = None) -> Request:
        """`standing` when the caller has computed it and changed nothing since."""
        standing = standing or self._standing(call, row)
        stored = row.model_dump(
            include={"id", "project", "note", "version_id", "endpoint_id", "requirement_id", "revision", *DATES}
        )
        requester = self._standings.people(call, {row.requested_by}).get(row.requested_by)
        return Request(
            **stored,
            **{name: getattr(standing, name) for name in type(standing).model_fields},
            title=_title(standing),
            plan=Plan.model_validate(row.plan),
            criteria=tuple(Criterion.model_validate(one) for one in row.criteria),
            requested_by=row.requested_by,
            requester=requester.name if requester else row.requested_by,
            rollout=_progress(call.session.get(RolloutRow, row.id), row),
        )

    def _move(self, call: Call, row: PromotionRow, state: RequestState, *, why: str = "") -> None:
        """Changes the state: one row of history and one event, in the action's transaction."""
        told = {"before": row.state, "state": state.value}
        call.session.add(
            StateRow(promotion_id=row.id, before=row.state, state=state.value, actor=call.actor.person_id, at=call.now)
        )
        row.state, row.why = state.value, why
        call.session.add(row)
        call.update(row.id, state=state.value)
        if call.is_about(row.id):
            call.note(**told)
        else:
            call.record(STATE_CHANGED, subject=row.id, details={**told, "why": why})

    def _freeze(self, call: Call, row: PromotionRow, standing: Standing) -> None:
        """Keeps how it stands, for whoever reads it later."""
        row.frozen = standing.model_dump(mode="json")
        call.session.add(row)


DATES = ("created_at", "applied_at")


def refuse_machines(call: Call) -> None:
    """Only a person who is present decides: no token, no service account, not the portal itself."""
    if call.actor.kind != "person" or call.actor.via != "session":
        raise NotAllowed(
            _("Only a person who is signed in decides on a request"), hint=_("Tokens and service accounts never do.")
        )


def expect(standing: Standing, *, states: frozenset[RequestState], doing: str) -> None:
    """Conflict unless the request is in one of the states."""
    if standing.state not in states:
        why = f": {standing.why}" if standing.why else ""
        raise Conflict(
            _("The request is {state}{why}").format(state=standing.state.value, why=why),
            hint=_("{doing} needs: {states}.").format(
                doing=doing, states=", ".join(sorted(state.value for state in states))
            ),
        )


def _title(standing: Standing) -> str:
    return _("Promote {version} to {endpoint}").format(version=standing.version, endpoint=standing.endpoint)


def _progress(rollout: RolloutRow | None, row: PromotionRow) -> Progress | None:
    if rollout is None:
        return None
    steps = Plan.model_validate(row.plan).steps
    return Progress.model_validate(
        {
            "step": rollout.step + 1,
            "steps": len(steps),
            "weight": steps[rollout.step].weight,
            "since": rollout.settled_at,
            "state": rollout.state,
            "cause": rollout.cause,
        }
    )
