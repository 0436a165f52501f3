"""One endpoint: what it serves now and served before, whether it computes what was computed offline, and what was
measured through it."""

from collections.abc import Callable

import streamlit as st

from app.loadtests.wording import plan_line, short_result, state_of, title_of
from app.serving.actions import actions
from app.serving.parity import parity
from app.serving.replays import replays
from app.serving.traffic import history, missing_features, traffic, traffic_state
from app.serving.try_it import trial
from app.session import actor, may, portal
from app.ui import frame, links, numbers, status
from app.ui.primary_action import what_is_missing
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity.permissions import Permission
from core.serving.values import Endpoint


def show() -> None:
    wanted = links.wanted_id(Kind.ENDPOINT)
    frame.live_page(
        lambda: portal().endpoints.get_endpoint(actor(), endpoint_id=wanted),
        _draw,
        runs=lambda endpoint: traffic_state(endpoint) == "switching",
    )


def _draw(found: Endpoint) -> None:
    facts = [found.environment.capitalize(), links.escape(found.description), _promise(found)]
    crumbs = [(_("Endpoints"), "endpoints")]
    with frame.header(found.name, state=traffic_state(found), facts=facts, crumbs=crumbs, here=found.id):
        action = actions(found)
    what_is_missing(action)
    parts: dict[str, Callable[[], None]] = {_("Overview"): lambda: _overview(found)}
    if found.environment == "staging":
        parts |= {_("Parity"): lambda: parity(found), _("Try it"): lambda: _trial(found)}
    parts |= {_("Replays"): lambda: replays(found), _("Lineage"): lambda: frame.lineage(found.id)}
    frame.tabs(parts)


def _promise(found: Endpoint) -> str:
    return _("promises p99 {ms} ms, at most {share} % failed").format(
        ms=numbers.figure(found.slo.p99_ms), share=numbers.figure(found.slo.error_rate * 100)
    )


def _overview(found: Endpoint) -> None:
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        missing_features(found)
        frame.section(_("Serves now"))
        traffic(found)
        history(found.id)
    with right:
        frame.section(_("How to call it"))
        with frame.card("call"):
            st.code(f"POST {found.url}/predict", language=None, wrap_lines=True)
            st.caption(_ticket_line(found))
        _measured(found)
        frame.section(_("Activity"))
        frame.activity(found.id)


def _measured(found: Endpoint) -> None:
    """The newest load tests of it, and the way to another one."""
    load = Permission.LOADTEST if found.environment == "staging" else Permission.LOADTEST_PRODUCTION
    with frame.section(_("Load tests")):
        if found.routes and may(load, project=found.project):
            links.follow("load-tests", _("New test"), endpoint=found.id)
    tests = portal().loadtests.list_tests(actor(), endpoint_id=found.id, limit=3).items
    with frame.card("load_tests", tight=True):
        for test in tests:
            links.link(test.id, f"{test.id} {title_of(test)}")
            st.caption(f"{status.icon(state_of(test)[0])} {short_result(test) or plan_line(test.plan)}")
        if not tests:
            st.caption(_("No load test yet."))


def _ticket_line(found: Endpoint) -> str:
    if found.environment == "staging":
        return _("Callers send a ticket as `Authorization: Bearer`. Engineers and SREs get one for 15 minutes.")
    return _("Callers send a ticket as `Authorization: Bearer`. Service accounts of the project get one.")


def _trial(found: Endpoint) -> None:
    if not found.routes:
        st.caption(_("It serves nothing yet."))
    elif not may(Permission.PREDICT_TEST, project=found.project):
        st.caption(_("Engineers and SREs of the project may send rows."))
    else:
        trial(found)


show()
