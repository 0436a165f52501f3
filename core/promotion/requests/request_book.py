"""The book of requests: finding one, showing it, and changing its state so that each change is written to the audit log
exactly once."""

from collections.abc import Mapping, Sequence

from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.foundation.errors import Conflict, NotFound
from core.foundation.text import _
from core.identity.values import Person
from core.promotion.approvals.assessment import Assessment, Assessments
from core.promotion.policies.lapses import lapses_by_revision, revisions_of
from core.promotion.tables import PromotionRow, RolloutRow, StateRow
from core.promotion.values import Plan, Progress, Request, RequestState
from core.requirements.values import Criterion

OPEN = frozenset({RequestState.IN_REVIEW, RequestState.APPROVED, RequestState.STALE, RequestState.EXPIRED})
UNDECIDED = OPEN - {RequestState.APPROVED}
STATE_CHANGED = "promotion.state_changed"


class RequestBook:
    """Every request, as it is in the caller's transaction."""

    def __init__(self, assessments: Assessments) -> None:
        self.assessments = assessments

    def row(self, call: Call, request_id: str) -> PromotionRow:
        """The request, once the action's permission is known to reach it."""
        call.may_reach(request_id)
        row = call.session.get(PromotionRow, request_id)
        if row is None:
            raise NotFound(_("{id} is no request for promotion").format(id=request_id))
        return row

    def assessment(self, call: Call, row: PromotionRow) -> Assessment:
        """As it is now, or as it was when the request was applied or ended."""
        return _frozen(row) if row.frozen else self.assessments.live(call, row)

    def request(self, call: Call, row: PromotionRow, assessment: Assessment | None = None) -> Request:
        """`assessment` when the caller has computed it and changed nothing since."""
        revisions = revisions_of(call.session, {row.policy_id})
        requester = self.assessments.people(call, {row.requested_by}).get(row.requested_by)
        rollout = call.session.get(RolloutRow, row.id)
        assessment = assessment or self.assessment(call, row)
        lapses = lapses_by_revision(revisions)
        return _request(row, assessment, requester=requester, rollout=rollout, lapses=lapses)

    def requests(self, call: Call, rows: Sequence[PromotionRow]) -> tuple[Request, ...]:
        """Several at once: the database is asked as often for many as for one."""
        revisions = revisions_of(call.session, {row.policy_id for row in rows})
        live = self.assessments.all_live(call, [row for row in rows if not row.frozen])
        people = self.assessments.people(call, {row.requested_by for row in rows})
        begun = select(RolloutRow).where(col(RolloutRow.promotion_id).in_([row.id for row in rows]))
        rollouts = {rollout.promotion_id: rollout for rollout in call.session.exec(begun)}
        lapses = lapses_by_revision(revisions)
        return tuple(
            _request(
                row,
                live.get(row.id) or _frozen(row),
                requester=people.get(row.requested_by),
                rollout=rollouts.get(row.id),
                lapses=lapses,
            )
            for row in rows
        )

    def set_state(self, call: Call, row: PromotionRow, state: RequestState, *, why: str = "") -> None:
        """Changes the state: one row of history and one event, in the action's transaction."""
        change = {"before": row.state, "state": state.value}
        call.session.add(
            StateRow(promotion_id=row.id, before=row.state, state=state.value, actor=call.actor.person_id, at=call.now)
        )
        row.state, row.why = state.value, why
        call.session.add(row)
        call.update(row.id, state=state.value)
        if call.is_about(row.id):
            call.note(**change)
        else:
            call.record(STATE_CHANGED, subject=row.id, details={**change, "why": why})

    def freeze(self, call: Call, row: PromotionRow, assessment: Assessment) -> None:
        """Keeps the assessment, for whoever reads it later."""
        row.frozen = assessment.model_dump(mode="json")
        call.session.add(row)


DATES = ("created_at", "applied_at")


def expect(assessment: Assessment, *, states: frozenset[RequestState], doing: str) -> None:
    """Conflict unless the request is in one of the states."""
    if assessment.state not in states:
        why = f": {assessment.why}" if assessment.why else ""
        raise Conflict(
            _("The request is {state}{why}").format(state=assessment.state.value, why=why),
            hint=_("{doing} needs: {states}.").format(
                doing=doing, states=", ".join(sorted(state.value for state in states))
            ),
        )


def _frozen(row: PromotionRow) -> Assessment:
    """As it was when the request was applied or ended."""
    return Assessment.model_validate(row.frozen).model_copy(update={"state": RequestState(row.state), "why": row.why})


def _request(
    row: PromotionRow,
    assessment: Assessment,
    *,
    requester: Person | None,
    rollout: RolloutRow | None,
    lapses: Mapping[tuple[str, int], tuple[str, ...]],
) -> Request:
    stored = row.model_dump(
        include={"id", "project", "note", "version_id", "endpoint_id", "requirement_id", "revision", *DATES}
    )
    return Request(
        **stored,
        **{name: getattr(assessment, name) for name in type(assessment).model_fields},
        title=_title(assessment),
        plan=Plan.model_validate(row.plan),
        criteria=tuple(Criterion.model_validate(criterion) for criterion in row.criteria),
        requested_by=row.requested_by,
        requester=requester.name if requester else row.requested_by,
        rollout=_progress(rollout, row),
        policy_lapse=lapses.get((row.policy_id, row.policy_revision), ()),
    )


def _title(assessment: Assessment) -> str:
    return _("Promote {version} to {endpoint}").format(version=assessment.version, endpoint=assessment.endpoint)


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
