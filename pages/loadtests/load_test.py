"""One load test: whether its figures may be cited, what they say, and second by second how it went."""

import streamlit as st

from app.identity import second_person
from app.loadtests import downloads
from app.loadtests.report import generator, server_time, verdict
from app.loadtests.series import live_test, series
from app.loadtests.wording import cause_line, endpoint_of, plan_line, state_of, title_of
from app.session import actor, may, person, portal
from app.ui import forms, frame, links, numbers, times
from app.ui.sections import draw, facts
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity.permissions import Permission
from core.loadtests.values import LoadTestState, LoadTestView
from core.promotion.evidence_kinds.load_test import main_figures, over_rate, percentiles


def show() -> None:
    test_id = links.wanted_id(Kind.LOAD_TEST)
    frame.live_page(
        lambda: portal().loadtests.get_test(actor(), test_id=test_id), _draw, runs=lambda test: not test.state.is_over
    )


def _draw(test: LoadTestView) -> None:
    state, label = state_of(test)
    by = _("Requested by {name}, {age}").format(
        name=links.escape(frame.name_of(test.requested_by)), age=times.since(test.created_at, now=frame.now())
    )
    promise = _("promise p99 {ms} ms").format(ms=numbers.figure(test.slo.p99_ms))
    facts = [by, plan_line(test.plan), promise, test.environment.capitalize()]
    crumbs = [(_("Load tests"), "load-tests")]
    actions = frame.header(title_of(test), state=state, label=label, facts=facts, crumbs=crumbs, here=test.id)
    with actions, st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        links.follow(test.endpoint_id, endpoint_of(test))
        links.follow(test.version_id, test.version_id)
        _stop(test)
    if test.state is LoadTestState.FINISHED:
        _finished(test)
    elif test.state is LoadTestState.WAITING:
        _waiting(test)
    elif test.state.is_over:
        st.markdown(cause_line(test))
        series(test)
    else:
        live_test(test)
    if test.state.is_over:
        downloads.offer(test)
    _chain(test)


def _stop(test: LoadTestView) -> None:
    """The kill switch, without a question."""
    if test.state.is_over or not may(Permission.LOADTEST, project=test.project):
        return
    waits = test.state is LoadTestState.WAITING
    label = _("Withdraw") if waits else _("Stop the load")
    if st.button(label, icon=":material/stop_circle:", type="secondary" if waits else "primary", key="stop"):
        with forms.attempt() as done:
            portal().loadtests.stop_test(actor(), test_id=test.id)
        if done.succeeded:
            frame.say(_("The load ends within seconds"))
            st.rerun()


def _waiting(test: LoadTestView) -> None:
    """A second person sees what production would get, and lets it begin."""
    with frame.card("confirm"):
        st.markdown(
            _(":orange[:material/group:] **{endpoint} in production would get {plan}.** It starts at once.").format(
                endpoint=links.escape(endpoint_of(test)), plan=plan_line(test.plan)
            )
        )
        barred = test.may_not_confirm
        second_person.barred(barred, label=_("{n} may not confirm it"))
        if person().id in barred or not may(Permission.LOADTEST_PRODUCTION, project=test.project):
            second_person.locked(barred, otherwise=_("An SRE other than its requester confirms it."))
            return
        if st.button(_("Confirm and start"), type="primary", icon=":material/play_arrow:", key="confirm"):
            with forms.attempt() as done:
                portal().loadtests.confirm_test(actor(), test_id=test.id)
            if done.succeeded:
                st.rerun()


def _finished(test: LoadTestView) -> None:
    report = portal().loadtests.get_report(actor(), test_id=test.id)
    verdict(report)
    if report.validity == "VALID":
        facts(main_figures(report).facts, key="report")
        left, right = st.columns([1.72, 1], gap="medium")
        with left:
            draw(over_rate(report), key="over_rate")
        with right:
            draw(percentiles(report), key="percentiles")
            server_time(report)
            generator(report)
    else:
        generator(report)
    series(test)


def _chain(test: LoadTestView) -> None:
    if test.evidence_id:
        links.follow(test.evidence_id, _("The evidence {id}").format(id=test.evidence_id))
    frame.lineage(test.id)
    frame.section(_("Activity"))
    frame.activity(test.id)


show()
