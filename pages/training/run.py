"""One run: how good its model is, or how far it is, or why it failed; how it learned, and what follows from it."""

import streamlit as st

from app.next_action.training import run_action
from app.registry.evaluations import answer, condition_line
from app.session import actor, may, person, portal
from app.training.leaderboard import judgement
from app.training.progress import progress
from app.training.register_dialog import register
from app.training.run.charts import charts_of
from app.training.run.files import files_of
from app.training.run.logs import log_of
from app.training.run.marks import star
from app.training.run.overview import overview
from app.training.run.system import system_of
from app.ui import forms, frame, links, times
from app.ui.fields.address import tabs
from app.ui.jobs import cause_card
from app.ui.primary_action import primary_action, rights, what_is_missing
from core.compute.values import JobState
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.registry.values import judging
from core.tasks.task import task_called
from core.training.values import Run


def show() -> None:
    run_id = links.wanted_id(Kind.RUN)
    frame.live_page(
        lambda: portal().training.get_run(actor(), run_id=run_id), _draw, runs=lambda run: not run.state.is_over
    )


def _draw(run: Run) -> None:
    crumbs = [(_("Runs"), "runs")]
    with frame.header(run.title, state=run.state, facts=_facts(run), crumbs=crumbs, here=run.id):
        star(run)
        _stop(run)
        action = run_action(run, rights=rights(run.project))
        if primary_action(action):
            _act(run, action.name)
    what_is_missing(action)
    _answer(run)
    if not run.state.is_over:
        progress(run)
    tabs(
        {
            N_("Overview"): lambda: overview(run),
            N_("Charts"): lambda: charts_of(run),
            N_("Logs"): lambda: log_of(run),
            N_("System"): lambda: system_of(run),
            N_("Files"): lambda: files_of(run),
            N_("Lineage"): lambda: frame.lineage(run.id),
        }
    )


def _facts(run: Run) -> list[str]:
    by = _("Requested by {name}, {age}").format(
        name=links.escape(frame.name_of(run.requested_by)), age=times.since(run.created_at, now=frame.now())
    )
    duration = times.duration_of(run, now=frame.now())
    verb = _("took {time}") if run.state.is_over else _("for {time}")
    device = run.environment.get("device", "")
    return [by, f"`{run.recipe}`", verb.format(time=duration) if run.started_at else "", links.escape(device.upper())]


def _act(run: Run, name: str) -> None:
    if name == "register":
        register(run)
    elif name == "resume":
        with forms.attempt() as done:
            portal().training.resume_run(actor(), run_id=run.id)
        _say(done, _("{id} is resumed").format(id=run.id))


def _stop(run: Run) -> None:
    mine = run.requested_by == person().id or may(Permission.ROLLBACK)
    if run.state.is_over or not (mine and may(Permission.JOBS_CANCEL, project=run.project)):
        return
    ending = portal().compute.get_job(actor(), job_id=run.job_id).cancel_requested
    if st.button(_("Stopping") if ending else _("Stop"), icon=":material/stop_circle:", key="stop", disabled=ending):
        with forms.attempt() as done:
            portal().training.cancel_run(actor(), run_id=run.id)
        _say(done, _("Stopping {id}; its checkpoint is kept").format(id=run.id))


def _say(done: forms.Attempt, message: str) -> None:
    if done.succeeded:
        frame.say(message)
        st.rerun()


def _answer(run: Run) -> None:
    """What one comes for, in words, before any figure."""
    if run.state is JobState.CANCELLED:
        stopped = _("**It was stopped.** Its last checkpoint is kept.")
        st.markdown(f":gray[:material/block:] {stopped}")
    elif run.state is JobState.FAILED:
        cause_card(run.cause or _("It ended without an error message."), job_id=run.job_id)
    evaluation = judging(run.evaluations)
    if evaluation is not None:
        st.markdown(answer(evaluation, task=task_called(run.task)))
        if line := condition_line(run.requirement_id, evaluation):
            st.markdown(line)
    judgement(run)


show()
