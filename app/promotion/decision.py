"""The decision on a request for promotion: what is unresolved in one sentence, what a human must tick, the reason, and
the three answers. An approval passes the digest of what the reader has seen, so a request that changed under their eyes
is not approved."""

from collections.abc import Callable

import streamlit as st

from app.next_action.promotion import DECIDABLE, promotion_action, why_not
from app.next_action.values import NextAction
from app.promotion.reviewers import rule_line
from app.session import actor, portal
from app.ui import forms, frame, links
from app.ui.primary_action import primary_action, rights
from core.foundation.text import _
from core.promotion.evidence_kinds.table import evidence_kinds
from core.promotion.values import Request, RequestState
from core.tasks.values import Verdict

SHORTEST = 3


def decision_card(request: Request) -> None:
    """What the reader can do about the request now."""
    with frame.card("decision"):
        st.markdown(unresolved(request))
        action = promotion_action(request, rights=rights(request.project))
        reason = why_not(request, rights=rights(request.project))
        if request.state is RequestState.APPROVED:
            _apply(request, action, may_send_back=not reason)
        elif request.state in DECIDABLE and not reason:
            _decide(request)
        elif request.state in DECIDABLE:
            st.caption(f":material/lock: {links.escape(reason)}")
        st.caption(rule_line(request))


def unresolved(request: Request) -> str:
    """What stands between the request and production, as one sentence in Markdown."""
    sentence = _state_sentence(request)
    if sentence:
        return sentence
    if request.blocking:
        return _(":red[:material/block:] **It cannot be approved yet:** {why}.").format(
            why=links.escape(blocking_words(request))
        )
    if open_gates := undecided(request):
        return _(
            ":orange[:material/warning:] **{what} needs your judgement.** Say why it is acceptable, or send it back."
        ).format(what=links.escape(", ".join(open_gates)))
    return _(":green[:material/check_circle:] **Every check has passed.** Decide whether to release it.")


def blocking_words(request: Request) -> str:
    """What the service says, with verdicts as people say them."""
    words = {Verdict.FAIL: _("failed"), Verdict.INCONCLUSIVE: _("undecided"), Verdict.NO_DATA: _("not measured")}
    obstacles = []
    for obstacle in request.blocking:
        what, _colon, verdict = obstacle.rpartition(": ")
        known = next((word for name, word in words.items() if name.value == verdict), "")
        obstacles.append(f"{what} {known}" if known else obstacle)
    return ", ".join(obstacles)


def _state_sentence(request: Request) -> str:
    """The sentence of a state that no check decides any more."""
    why = links.escape(request.why)
    words = {
        RequestState.APPROVED: _(":green[:material/verified:] **Approved.** An SRE can begin the rollout."),
        RequestState.STALE: _(
            ":orange[:material/history:] **An approval no longer counts.** {why}. It has to be read again."
        ),
        RequestState.EXPIRED: _(
            ":orange[:material/timer_off:] **An approval has expired.** {why}. It has to be given again."
        ),
        RequestState.APPLYING: _(":blue[:material/progress_activity:] **The rollout is under way.**"),
        RequestState.APPLIED: _(":green[:material/check_circle:] **It was released.** Nothing is left to decide."),
        RequestState.CHANGES_REQUESTED: _(":orange[:material/edit_note:] **It waits for its authors.** {why}"),
        RequestState.REJECTED: _(":red[:material/cancel:] **It was rejected.** {why}"),
        RequestState.CANCELLED: _(":gray[:material/block:] **It was withdrawn** before anyone released it."),
        RequestState.ROLLED_BACK: _(":red[:material/undo:] **It was rolled back.** {why}"),
    }
    blocked = request.blocking and request.state in (RequestState.STALE, RequestState.EXPIRED)
    return "" if blocked else words.get(request.state, "").format(why=why)


def undecided(request: Request) -> list[str]:
    """The gates without a verdict that the policy leaves to people."""
    judged = {rule.gate for rule in request.policy.gates if rule.on_inconclusive == "judgement"}
    return [gate.title for gate in request.gates if gate.verdict is Verdict.INCONCLUSIVE and gate.gate in judged]


def _decide(request: Request) -> None:
    digest = _seen(request)
    checks = _checks(request)
    ticked = [st.checkbox(links.escape(check), key=f"check_{number}") for number, check in enumerate(checks)]
    reason = _reason()
    missing = _missing(request, all(ticked), reason)
    with st.container(horizontal=True, gap="xsmall"):
        words = _with_risks(request, reason)
        if st.button(
            _("Approve"),
            icon=":material/check:",
            type="primary",
            disabled=bool(missing),
            help=missing or None,
            key="approve",
        ):
            service = portal().decisions
            _do(
                lambda: service.approve(actor(), request_id=request.id, digests_seen=digest, reason=words),
                _("Approved"),
            )
        _send_back(request, reason)


def _send_back(request: Request, reason: str) -> None:
    short = len(reason) < SHORTEST
    hint = _("Say why first.") if short else None
    service = portal().decisions
    if st.button(_("Request changes"), disabled=short, help=hint, key="request_changes"):
        _do(
            lambda: service.request_changes(actor(), request_id=request.id, reason=reason),
            _("Changes were requested"),
        )
    if st.button(_("Reject"), type="tertiary", disabled=short, help=hint, key="reject"):
        _do(lambda: service.reject(actor(), request_id=request.id, reason=reason), _("Rejected"))


def _seen(request: Request) -> str:
    """The digest of the request as the reader first saw it here; a change is said, and has to be taken note of."""
    key = f"seen_{request.id}"
    now = request.digests.request
    digest = str(st.session_state.setdefault(key, now))
    if digest != now:
        st.markdown(_(":orange[:material/sync_problem:] **It has changed since you opened it.** Read it again."))
        if st.button(_("I have read it again"), key="read_again"):
            st.session_state[key] = now
            st.rerun()
    return digest


def _checks(request: Request) -> list[str]:
    """What a human must tick. Nothing, while nobody can approve it anyway."""
    if request.blocking:
        return []
    kinds = [evidence_kinds()[gate.gate] for gate in request.gates if gate.gate in evidence_kinds()]
    return [
        *(_(kind.confirmation) for kind in kinds if kind.confirmation),
        _("I know what changes in production, and the rollback target"),
        *(_("{gate}: risk accepted").format(gate=title) for title in undecided(request)),
    ]


def _reason() -> str:
    entered = st.text_area(
        _("Reason (kept in the audit log)"),
        placeholder=_("What did you check, and what convinced you?"),
        key="reason",
        height=76,
    )
    return (entered or "").strip()


def _with_risks(request: Request, reason: str) -> str:
    accepted = undecided(request)
    risk_accepted = _("Risk accepted")
    return f"{reason}\n\n{risk_accepted}: {', '.join(accepted)}" if accepted else reason


def _missing(request: Request, ticked: bool, reason: str) -> str:
    """What an approval still lacks, in words."""
    if request.blocking:
        return _("Not yet possible: {why}.").format(why=blocking_words(request))
    lacks = [_("tick the checks")] if not ticked else []
    if len(reason) < SHORTEST:
        lacks.append(_("write the reason"))
    return _("Still to do: {what}.").format(what=_(" and ").join(lacks)) if lacks else ""


def _apply(request: Request, action: NextAction, *, may_send_back: bool) -> None:
    """The rollout begins; or, for those who approve, what was approved is sent back."""
    if primary_action(action):
        _do(lambda: portal().rollouts.apply(actor(), request_id=request.id), _("The rollout has begun"))
    elif not action.name and may_send_back:
        with st.expander(_("Send it back")):
            _send_back(request, _reason())


def _do(action: Callable[[], object], message: str) -> None:
    with forms.attempt() as done:
        action()
    if done.succeeded:
        for key in ("reason", *(name for name in st.session_state if str(name).startswith("check_"))):
            st.session_state.pop(key, None)
        frame.say(message)
        st.rerun()
