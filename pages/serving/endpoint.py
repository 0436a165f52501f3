"""One endpoint: what it serves now and served before, whether it computes what was computed offline, and what was
measured through it."""

from collections.abc import Callable

import streamlit as st

from app.loadtests.wording import plan_line, short_result, state_of, title_of
from app.serving.actions import actions
from app.serving.calling import how_to_call_endpoint
from app.serving.deploy import may_serve_nothing, serve_nothing
from app.serving.inputs import inputs
from app.serving.parity import parity
from app.serving.replays import replays
from app.serving.traffic import history, missing_features, traffic, traffic_stage
from app.serving.try_it import trial
from app.session import actor, may, portal
from app.ui import frame, links, numbers, status
from app.ui.components.assessments import promised_against_measured
from app.ui.fields.address import tabs
from app.ui.fields.naming import identifier
from app.ui.health import health_of, put_away_state
from app.ui.primary_action import what_is_missing
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.serving.values import Endpoint


def show() -> None:
    wanted = links.wanted_id(Kind.ENDPOINT)
    frame.live_page(
        lambda: portal().endpoints.get_endpoint(actor(), endpoint_id=wanted),
        _draw,
        runs=lambda endpoint: traffic_stage(endpoint) == "switching",
    )


def _draw(endpoint: Endpoint) -> None:
    name = identifier(endpoint.title, endpoint.name)
    facts = [name, endpoint.environment.capitalize(), links.escape(endpoint.description), _promise(endpoint)]
    crumbs = [(_("Endpoints"), "endpoints")]
    stage, health = traffic_stage(endpoint), health_of(endpoint.id)
    with frame.header(endpoint.title, stage=stage, facts=facts, crumbs=crumbs, here=endpoint.id, health=health):
        action = actions(endpoint)
    what_is_missing(action)
    parts: dict[str, Callable[[], None]] = {N_("Overview"): lambda: _overview(endpoint)}
    if endpoint.environment == "staging":
        parts |= {N_("Parity"): lambda: parity(endpoint), N_("Try it"): lambda: _trial(endpoint)}
    parts[N_("Replays")] = lambda: replays(endpoint)
    if not put_away_state(endpoint.id):
        parts[N_("How to call it")] = lambda: how_to_call_endpoint(endpoint)
    parts[N_("Lineage")] = lambda: frame.lineage(endpoint.id)
    tabs(parts)


def _promise(endpoint: Endpoint) -> str:
    return _("promises p99 {ms} ms, at most {share} % failed").format(
        ms=numbers.figure(endpoint.slo.p99_ms), share=numbers.figure(endpoint.slo.error_rate * 100)
    )


def _overview(endpoint: Endpoint) -> None:
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        missing_features(endpoint)
        with frame.section(_("Serves now")):
            is_asked = may_serve_nothing(endpoint) and st.button(
                _("Serve nothing"), type="tertiary", icon=":material/cloud_off:", key="serve_nothing"
            )
        if is_asked:
            serve_nothing(endpoint)
        traffic(endpoint)
        if endpoint.routes:
            inputs(endpoint)
            promised_against_measured(endpoint.id)
        history(endpoint.id)
    with right:
        _measured(endpoint)
        frame.section(_("Activity"))
        frame.activity(endpoint.id)


def _measured(endpoint: Endpoint) -> None:
    """The newest load tests of it, and the way to another one."""
    load = Permission.LOADTEST if endpoint.environment == "staging" else Permission.LOADTEST_PRODUCTION
    with frame.section(_("Load tests")):
        if endpoint.routes and may(load, project=endpoint.project) and not put_away_state(endpoint.id):
            links.follow("load-tests", _("New test"), endpoint=endpoint.id)
    tests = portal().loadtests.list_tests(actor(), endpoint_id=endpoint.id, limit=3).items
    with frame.card("load_tests", tight=True):
        for test in tests:
            links.link(test.id, f"{test.id} {title_of(test)}")
            st.caption(f"{status.icon(state_of(test)[0])} {short_result(test) or plan_line(test.plan)}")
        if not tests:
            st.caption(_("No load test yet."))


def _trial(endpoint: Endpoint) -> None:
    if not endpoint.routes:
        st.caption(_("It serves nothing yet."))
    elif not may(Permission.PREDICT_TEST, project=endpoint.project):
        st.caption(_("Engineers and SREs of the project may send rows."))
    else:
        trial(endpoint)


show()
