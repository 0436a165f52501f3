"""How traffic moves to a version: a plan in words and as a form, and how far a rollout is."""

import streamlit as st

from app.session import actor, may, portal
from app.ui import forms, frame, links, numbers, times
from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.requests.traffic_plan import duration
from core.promotion.values import Plan, Request, RequestState, Step

USUAL = ((5, 300), (25, 600), (100, 300))
MOST_STEPS = 8
LONGEST_HOLD = 7 * 86_400


def short_plan(plan: Plan) -> str:
    """ "5 % → 25 % → 100 %"."""
    return " → ".join(f"{step.weight}\u202f%" for step in plan.steps)


def edit_plan(plan: Plan | None, *, key: str) -> tuple[tuple[int | None, float | None], ...]:
    """One line for each step: its share and for how many minutes it is held. Returns what was entered; `plan_from`
    makes a plan of it."""
    given = [(step.weight, step.hold_seconds) for step in plan.steps] if plan else list(USUAL)
    count = f"{key}_steps"
    st.session_state.setdefault(count, len(given))
    entered = [
        _step(number, given[number] if number < len(given) else given[-1], key=key)
        for number in range(st.session_state[count])
    ]
    with st.container(horizontal=True, gap="small"):
        _count_button(_("Add a step"), "add", count, 1, disabled=len(entered) >= MOST_STEPS)
        _count_button(_("Remove the last"), "remove", count, -1, disabled=len(entered) < 2)
    return tuple(entered)


def _count_button(label: str, icon: str, key: str, by: int, *, disabled: bool) -> None:
    def change() -> None:
        st.session_state[key] += by

    st.button(
        label,
        icon=f":material/{icon}:",
        type="tertiary",
        key=f"{key}_{icon}",
        on_click=change,
        disabled=disabled,
    )


def _step(number: int, given: tuple[int, float], *, key: str) -> tuple[int | None, float | None]:
    with st.container(key=f"line_{key}_{number}", horizontal=True, gap="small", vertical_alignment="bottom"):
        label = _("Step {n}: share in %").format(n=number + 1)
        weight = st.number_input(label, value=given[0], step=5, key=f"{key}_weight_{number}", width=150)
        label = _("held for minutes")
        minutes = st.number_input(label, value=given[1] / 60, format="%g", key=f"{key}_hold_{number}", width=150)
    return weight, minutes


def plan_from(entered: tuple[tuple[int | None, float | None], ...]) -> Plan:
    """The plan. A ValidationError says which step is wrong; how long one is held is said as it was entered."""
    seconds = [round((minutes or 0) * 60) for _weight, minutes in entered]
    for number, held in enumerate(seconds, start=1):
        if not 1 <= held <= LONGEST_HOLD:
            message = _("Step {n} cannot be held for {minutes} minutes").format(
                n=number, minutes=numbers.figure(held / 60)
            )
            raise Invalid(message, hint=_("A step is held for a second at least, and for seven days at most."))
    steps = [
        Step(weight=weight or 0, hold_seconds=held) for (weight, _minutes), held in zip(entered, seconds, strict=True)
    ]
    return Plan(steps=tuple(steps))


def progress_card(request: Request) -> None:
    """How far the rollout is, with the button that ends it."""
    running = request.state is RequestState.APPLYING
    with frame.card("rollout"):
        _progress(request)
        if running and may(Permission.ROLLOUT_ABORT, project=request.project) and st.button(_("Abort the rollout")):
            _abort(request)


def _progress(request: Request) -> None:
    rollout = request.rollout
    if rollout is not None:
        st.markdown(f"**{_step_words(request)}**")
        st.progress(_share(request), text=_state_words(request))
        if rollout.cause:
            st.caption(f":red[{links.escape(rollout.cause)}]")


def _share(request: Request) -> float:
    """How much of the plan is over, each step counting the same."""
    rollout = request.rollout
    assert rollout is not None
    if rollout.state == "done":
        return 1.0
    hold = request.plan.steps[rollout.step - 1].hold_seconds
    held_share = (
        (frame.now() - rollout.since).total_seconds() / hold if rollout.since and rollout.state == "holding" else 0.0
    )
    return (rollout.step - 1 + min(max(held_share, 0.0), 1.0)) / rollout.steps


def _step_words(request: Request) -> str:
    rollout = request.rollout
    assert rollout is not None
    if rollout.state == "done":
        return _("{version} takes all traffic.").format(version=links.escape(request.version))
    if rollout.state == "aborted":
        return _("The rollout was ended at {weight} %.").format(weight=rollout.weight)
    return _("Step {step} of {steps}: {version} takes {weight} %.").format(
        step=rollout.step, steps=rollout.steps, version=links.escape(request.version), weight=rollout.weight
    )


def _state_words(request: Request) -> str:
    rollout = request.rollout
    assert rollout is not None
    hold = duration(request.plan.steps[rollout.step - 1].hold_seconds)
    if rollout.state == "holding" and rollout.since:
        since = times.span(rollout.since, None, now=frame.now())
        return _("held for {since} of {hold}").format(since=since, hold=hold)
    words = {"moving": _("traffic is moving"), "done": _("all steps done"), "aborted": _("rolled back")}
    return words.get(rollout.state, rollout.state)


@forms.dialog(N_("Abort the rollout"))
def _abort(request: Request) -> None:
    back = request.replaces_version or _("nothing, as before")
    st.markdown(
        _("**{endpoint}** returns to **{back}** at once. {version} loses its share of the traffic.").format(
            endpoint=links.escape(request.endpoint), back=links.escape(back), version=links.escape(request.version)
        )
    )
    reason = st.text_area(_("Reason (kept in the audit log)"), key="abort_reason")
    if st.button(_("Abort {id}").format(id=request.id), type="primary", key="abort_now"):
        with forms.attempt() as done:
            portal().rollouts.abort_rollout(actor(), request_id=request.id, reason=reason or "")
        if done.succeeded:
            st.rerun()
