"""Decisions on requests, by people who had no hand in them, on digests that void the decision when anything changes."""

from datetime import timedelta

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, NotAllowed
from core.foundation.naming.texts import Reason
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.approvals.assessment import Assessment
from core.promotion.presence import refuse_machines
from core.promotion.requests.request_book import OPEN, UNDECIDED, RequestBook, expect
from core.promotion.tables import DecisionRow, PromotionRow
from core.promotion.values import Decision, Request, RequestState


class DecisionService(Service):
    domain = "promotion"

    def __init__(self, foundation: Foundation, *, book: RequestBook) -> None:
        super().__init__(foundation)
        self._book = book

    @action(permission=Permission.PROMOTE_DECIDE, says=N_("approved"))
    def approve(self, call: Call, *, request_id: str, digests_seen: str, reason: Reason) -> Request:
        """Approve a request as you have read it: `digests_seen` is the digest that it showed as `digests.request`."""
        row, assessment = self._judged_by_another(call, request_id, states=UNDECIDED, doing=_("Approving"))
        if digests_seen != assessment.digests.request:
            raise Conflict(
                _("The request has changed since you read it"),
                hint=_("Read it again, then decide on what it says now."),
            )
        if assessment.blocking:
            raise Conflict(
                _("It cannot be approved yet: {why}").format(why="; ".join(assessment.blocking)),
                hint=_("Measure what is missing, or request changes."),
            )
        if any(decision.counts and decision.decision == "approve" for decision in _own(call, assessment)):
            raise Conflict(_("You have approved this already"), hint=_("Another person has to."))
        self._decide(call, row, assessment, "approve", reason)
        after = self._book.assessment(call, row)
        if after.state is RequestState.APPROVED and row.state != RequestState.APPROVED:
            self._book.set_state(call, row, RequestState.APPROVED)
        return self._book.request(call, row, after)

    @action(permission=Permission.PROMOTE_DECIDE, says=N_("rejected"))
    def reject(self, call: Call, *, request_id: str, reason: Reason) -> Request:
        """Reject a request. This revision of it can then not be approved any more."""
        row, assessment = self._judged_by_another(call, request_id, states=OPEN, doing=_("Rejecting"))
        self._decide(call, row, assessment, "reject", reason)
        self._book.freeze(call, row, self._book.assessments.live(call, row))
        self._book.set_state(call, row, RequestState.REJECTED, why=reason)
        return self._book.request(call, row)

    @action(permission=Permission.PROMOTE_DECIDE, says=N_("asked for changes to"))
    def request_changes(self, call: Call, *, request_id: str, reason: Reason) -> Request:
        """Send a request back with what has to change."""
        row, assessment = self._judged_by_another(call, request_id, states=OPEN, doing=_("Requesting changes"))
        self._decide(call, row, assessment, "request changes", reason)
        self._book.set_state(call, row, RequestState.CHANGES_REQUESTED, why=reason)
        return self._book.request(call, row)

    def _judged_by_another(
        self, call: Call, request_id: str, *, states: frozenset[RequestState], doing: str
    ) -> tuple[PromotionRow, Assessment]:
        """The request, when a person who had no hand in it may decide on it now."""
        row = self._book.row(call, request_id)
        call.about(row.id)
        refuse_machines(call)
        assessment = self._book.assessments.live(call, row)
        if why := assessment.may_not_approve.get(call.actor.person_id):
            raise NotAllowed(
                _("You may not decide on this request: you {why}").format(why=why),
                hint=_("Another person has to: four eyes."),
            )
        expect(assessment, states=states, doing=doing)
        return row, assessment

    def _decide(self, call: Call, row: PromotionRow, assessment: Assessment, decision: str, reason: str) -> None:
        call.session.add(
            DecisionRow(
                promotion_id=row.id,
                revision=row.revision,
                person_id=call.actor.person_id,
                decision=decision,
                reason=reason,
                **assessment.digests.model_dump(),
                decided_at=call.now,
                expires_at=call.now + timedelta(days=assessment.policy.valid_days),
            )
        )
        call.session.flush()
        call.note(decision=decision, reason=reason, revision=row.revision, digests=assessment.digests.model_dump())


def _own(call: Call, assessment: Assessment) -> list[Decision]:
    return [decision for decision in assessment.decisions if decision.person_id == call.actor.person_id]
