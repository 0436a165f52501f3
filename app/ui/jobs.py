"""What runs now: jobs under way and waiting, and how far one of them is."""

import streamlit as st

from app.session import actor, may, portal
from app.ui import forms, frame, links, status, times
from core.compute.values import Job, JobState
from core.foundation.text import _
from core.identity.permissions import Permission

MOST = 20


def under_way(subject: str = "") -> tuple[Job, ...]:
    """Jobs that run, then those that wait, the newest first: of all, or those about an object."""
    states = (JobState.RUNNING, JobState.QUEUED)
    listings = [portal().compute.list_jobs(actor(), state=state.value, subject=subject, limit=MOST) for state in states]
    return tuple(job for listing in listings for job in listing.items)


def stage_line(job: Job) -> str:
    """What a job is doing and how long it will take, as Markdown."""
    parts = [job.stage or status.look(job.state).word, times.remaining(job.eta_seconds)]
    return " · ".join(links.escape(part) for part in parts if part)


def job_progress(job_id: str) -> None:
    """A live bar while the job runs; the page is drawn anew when it has ended."""
    job = portal().compute.get_job(actor(), job_id=job_id)
    if not job.state.is_over:
        frame.live(lambda: _bar(job_id), running=True)


def _bar(job_id: str) -> bool:
    job = portal().compute.get_job(actor(), job_id=job_id)
    st.progress(job.progress or 0.0, text=stage_line(job))
    return not job.state.is_over


def cancel(job_id: str) -> None:
    """The button that stops a job, for those who may, while it is not over."""
    job = portal().compute.get_job(actor(), job_id=job_id)
    if job.state.is_over or not may(Permission.JOBS_CANCEL, project=job.project):
        return
    if st.button(_("Cancel"), icon=":material/stop_circle:", key="cancel_job", disabled=job.cancel_requested):
        with forms.attempt() as done:
            portal().compute.cancel_job(actor(), job_id=job.id)
        if done.succeeded:
            st.rerun()


def cause_card(cause: str, *, job_id: str = "", key: str = "cause") -> None:
    """Why something failed, in words, with the way to its log."""
    with frame.card(key), st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f":red[:material/error:] {links.escape(cause)}")
        if job_id:
            links.link(job_id, _("Open the log"), icon=":material/arrow_outward:")
