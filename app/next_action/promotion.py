"""What comes next for a request for promotion. Its page, the list of requests and "Needs you" ask the same function, so
they never disagree about who is needed."""

from app.next_action.values import NextAction, Rights, nothing
from core.foundation.text import _
from core.identity.permissions import Permission
from core.promotion.values import Request, RequestState

UNDECIDED = (RequestState.IN_REVIEW, RequestState.STALE, RequestState.EXPIRED)
DECIDABLE = (*UNDECIDED, RequestState.APPROVED)


def promotion_action(request: Request, *, rights: Rights) -> NextAction:
    if request.state is RequestState.APPROVED:
        return _apply(rights)
    if request.state is RequestState.CHANGES_REQUESTED:
        return _revise(request, rights)
    if request.state not in UNDECIDED:
        return nothing()
    if request.requested_by == rights.person_id and request.blocking:
        return _measure(request)
    return _approve(request, rights)


def needs_decision(request: Request, *, rights: Rights) -> bool:
    """Whether the reader can decide on it now and has not."""
    action = promotion_action(request, rights=rights)
    return action.name == "approve" and action.is_possible


def why_not(request: Request, *, rights: Rights) -> str:
    """Why the reader may not decide, in words; empty when they may."""
    if barred := request.may_not_approve.get(rights.person_id):
        return _("You may not decide on this: you {why}.").format(why=barred)
    if not rights.may(Permission.PROMOTE_DECIDE):
        return _("You have no role that decides on promotions here.")
    return ""


def _apply(rights: Rights) -> NextAction:
    if not rights.may(Permission.DEPLOY):
        return nothing(_("An SRE begins the rollout."))
    label = _("Begin the rollout")
    sentence = _("It is approved. Traffic moves step by step.")
    return NextAction(name="apply", label=label, icon="rocket_launch", sentence=sentence)


def _revise(request: Request, rights: Rights) -> NextAction:
    if not rights.may(Permission.PROMOTE_REQUEST):
        return nothing()
    return NextAction(name="revise", label=_("Revise"), icon="edit", sentence=request.why)


def _measure(request: Request) -> NextAction:
    label = _("Open {version}").format(version=request.version)
    return NextAction(
        name="measure", label=label, icon="fact_check", sentence=request.blocking[0], target=request.version_id
    )


def _approve(request: Request, rights: Rights) -> NextAction:
    has_approved = any(
        decision.person_id == rights.person_id and decision.counts and decision.decision == "approve"
        for decision in request.decisions
    )
    reason = why_not(request, rights=rights)
    if reason or has_approved:
        return nothing(reason)
    missing = _("It cannot be approved yet: {why}.").format(why=request.blocking[0]) if request.blocking else ""
    sentence = _("Every check that it needs has been made.")
    return NextAction(name="approve", label=_("Approve"), icon="check", sentence=sentence, missing=missing)
