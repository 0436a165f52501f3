"""One job: how far it is, why it failed, and its log."""

import streamlit as st

from app.session import actor, portal
from app.ui import frame, links, status, times
from app.ui.jobs import cancel, stage_line
from core.compute.values import Job
from core.foundation.ids import Kind
from core.foundation.text import _


def show() -> None:
    job_id = links.wanted_id(Kind.JOB)
    frame.live_page(
        lambda: portal().compute.get_job(actor(), job_id=job_id), _draw, runs=lambda job: not job.state.is_over
    )


def _draw(job: Job) -> None:
    facts = [links.escape(job.kind), _("attempt {n} of {most}").format(n=job.attempt, most=job.max_attempts)]
    crumbs = [(_("Runs"), "runs")]
    with frame.header(job.title, state=job.state, facts=facts, crumbs=crumbs, here=job.id):
        cancel(job.id)
    if job.cause:
        with frame.card("cause"):
            st.markdown(f"{status.icon(job.state)} {links.escape(job.cause)}")
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        frame.section(_("Log"))
        _log(job)
    with right:
        frame.section(_("Facts"))
        _facts(job)


def _log(job: Job) -> None:
    if not job.state.is_over:
        st.progress(job.progress or 0.0, text=stage_line(job))
    part = portal().compute.read_log(actor(), job_id=job.id)
    if part.text:
        st.code(part.text, language=None, height=460, wrap_lines=True)
    else:
        st.caption(_("The log is empty.") if job.state.is_over else _("The log is empty so far."))


def _facts(job: Job) -> None:
    resources = _("{cpus} cores, {memory} MB").format(cpus=job.resources.cpus, memory=job.resources.memory_mb)
    if job.resources.gpus:
        resources += _(", {n} GPUs").format(n=job.resources.gpus)
    frame.facts(
        {
            _("Requested by"): links.escape(frame.name_of(job.requested_by)),
            _("Resources"): resources,
            _("Created"): times.absolute(job.created_at),
            _("Started"): times.absolute(job.started_at),
            _("Took"): times.duration_of(job, now=frame.now()),
        }
    )
    if job.subject:
        links.link(job.subject, _("For {id}").format(id=job.subject), icon=links.icon_of(job.subject))


show()
