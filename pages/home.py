"""Home: what needs the visitor, what runs now, what happened lately, and where to start."""

import streamlit as st

from app import navigation
from app.home import inbox
from app.home.endpoints import endpoints_overview
from app.home.first_steps import first_steps
from app.home.models import models_overview
from app.home.owned import goals, late_features
from app.home.troubles import troubles
from app.home.undecidable import undecidable
from app.session import may, person
from app.ui import frame, links, times
from app.ui.components.starts import open_starts
from app.ui.jobs import stage_line, under_way
from core.compute.values import Job
from core.foundation.text import _
from core.identity.permissions import Permission

STARTS = 6


def show() -> None:
    waiting, jobs = inbox.waiting(), under_way()
    facts = [_count(len(waiting)), _("{n} in progress").format(n=len(jobs))]
    frame.header(_greeting(), facts=facts, tab=_("Home"))
    left, right = st.columns([1.75, 1], gap="medium")
    with left:
        first_steps()
        troubles()
        _needs(waiting)
        _overviews()
    with right:
        if may(Permission.PROMOTE_DECIDE):
            undecidable()
        frame.section(_("Running now"), hint=str(len(jobs) or ""))
        frame.live(_running, running=bool(jobs))
        frame.section(_("Recent activity"))
        frame.activity(limit=6)
        _start()


def _overviews() -> None:
    """By what the visitor owns and may do: goals, models for those who build and look on, endpoints for those who run
    them."""
    goals()
    runs_endpoints = may(Permission.DEPLOY)
    if runs_endpoints:
        endpoints_overview()
    if may(Permission.JOBS_WRITE) or not (runs_endpoints or may(Permission.PROMOTE_DECIDE)):
        models_overview()
    late_features()


def _start() -> None:
    frame.section(_("Start something"))
    with frame.card("start", tight=True):
        for start in open_starts()[:STARTS]:
            links.page_link(start.url, start.title, icon=navigation.cards()[start.url].icon)


def _greeting() -> str:
    hour = frame.local(frame.now()).hour
    first = person().name.split()[0]
    if hour < 12:
        return _("Good morning, {name}").format(name=first)
    if hour < 18:
        return _("Good afternoon, {name}").format(name=first)
    return _("Good evening, {name}").format(name=first)


def _count(count: int) -> str:
    if count == 0:
        return _("Nothing needs you")
    return _("One thing needs you") if count == 1 else _("{n} things need you").format(n=count)


def _needs(waiting: tuple[inbox.Need, ...]) -> None:
    frame.section(_("Needs you"), hint=str(len(waiting) or ""))
    if not waiting:
        frame.empty(
            _("Nothing needs you"), advice=_("Runs and reviews that do will appear here."), icon="inbox", key="inbox"
        )
        return
    with frame.rows("inbox"):
        for number, need in enumerate(waiting):
            _need(need, primary=number == 0)


def _need(need: inbox.Need, *, primary: bool) -> None:
    age = times.ago(need.since, now=frame.now())
    key = need.object_id
    with frame.row(key, title=need.title, target=key, detail=need.why, state=need.state, label=need.label, age=age):
        if st.button(need.action, key=f"need_{key}", type="primary" if primary else "secondary"):
            links.open_object(key)


def _running() -> bool:
    jobs = under_way()
    with frame.card("running", tight=True):
        if not jobs:
            st.caption(_("Nothing is running."))
        for job in jobs[:6]:
            _job(job)
    return bool(jobs)


def _job(job: Job) -> None:
    with st.container(gap=None, key=f"title_job_{job.id}"):
        links.link(job.subject or job.id, job.title)
    st.caption(stage_line(job))
    st.progress(job.progress or 0.0)


show()
