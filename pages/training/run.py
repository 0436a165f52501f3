"""One run: how good its model is, or how far it is, or why it failed; how it learned, and what follows from it."""

import streamlit as st

from app.next_action.training import run_action
from app.registry.evaluations import condition_line, evaluation_table, judging, sentence
from app.session import actor, may, person, portal
from app.training.progress import learning, live_run, log_tail
from app.training.register_dialog import register
from app.ui import forms, frame, links, times
from app.ui.jobs import cause_card
from app.ui.neighbors import neighbors
from app.ui.parameters import parameters
from app.ui.primary_action import primary_action, rights, what_is_missing
from core.compute.values import JobState
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity.permissions import Permission
from core.training.values import Run


def show() -> None:
    run_id = links.wanted_id(Kind.RUN)
    frame.live_page(
        lambda: portal().training.get_run(actor(), run_id=run_id), _draw, runs=lambda run: not run.state.is_over
    )


def _draw(found: Run) -> None:
    crumbs = [(_("Runs"), "runs")]
    with frame.header(found.title, state=found.state, facts=_facts(found), crumbs=crumbs, here=found.id):
        _stop(found)
        action = run_action(found, rights=rights(found.project))
        if primary_action(action):
            _act(found, action.name)
    what_is_missing(action)
    _answer(found)
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        if found.state.is_over:
            _results(found)
        else:
            live_run(found)
    with right:
        made_from = (found.requirement_id, found.training_set_id, found.sweep_id, found.version_id)
        neighbors(found.id, made_from, title=_("Belongs to"))
        frame.section(_("Parameters"), hint=_("changed from the defaults"))
        parameters({**found.params, "seed": found.seed}, recipe=found.recipe)
        frame.section(_("Activity"))
        frame.activity(found.id)
    frame.lineage(found.id)


def _facts(found: Run) -> list[str]:
    by = _("Requested by {name}, {age}").format(
        name=links.escape(frame.name_of(found.requested_by)), age=times.since(found.created_at, now=frame.now())
    )
    took = times.span(found.started_at, found.ended_at, now=frame.now())
    verb = _("took {time}") if found.state.is_over else _("for {time}")
    device = found.environment.get("device", "")
    return [by, f"`{found.recipe}`", verb.format(time=took) if found.started_at else "", links.escape(device.upper())]


def _act(found: Run, name: str) -> None:
    if name == "register":
        register(found)
    elif name == "resume":
        with forms.attempt() as done:
            portal().training.resume_run(actor(), run_id=found.id)
        _say(done, _("{id} is resumed").format(id=found.id))


def _stop(found: Run) -> None:
    mine = found.requested_by == person().id or may(Permission.ROLLBACK)
    if found.state.is_over or not (mine and may(Permission.JOBS_CANCEL, project=found.project)):
        return
    asked = portal().compute.get_job(actor(), job_id=found.job_id).cancel_requested
    if st.button(_("Stopping") if asked else _("Stop"), icon=":material/stop_circle:", key="stop", disabled=asked):
        with forms.attempt() as done:
            portal().training.cancel_run(actor(), run_id=found.id)
        _say(done, _("Stopping {id}; its checkpoint is kept").format(id=found.id))


def _say(done: forms.Attempt, said: str) -> None:
    if done.succeeded:
        frame.say(said)
        st.rerun()


def _answer(found: Run) -> None:
    """What one comes for, in words, before any figure."""
    if found.state is JobState.CANCELLED:
        stopped = _("**It was stopped.** Its last checkpoint is kept.")
        st.markdown(f":gray[:material/block:] {stopped}")
    elif found.state is JobState.FAILED:
        cause_card(found.cause or _("It ended without an error message."), job_id=found.job_id)
    evaluation = judging(found.evaluations)
    if evaluation is not None:
        st.markdown(f":green[:material/check_circle:] {sentence(evaluation)}")
        if line := condition_line(found.requirement_id, evaluation):
            st.markdown(line)


def _results(found: Run) -> None:
    learning(found)
    if found.evaluations:
        frame.section(_("Evaluations"), hint=_("on every split"))
        evaluation_table(found.evaluations)
    log_tail(found.job_id)


show()
