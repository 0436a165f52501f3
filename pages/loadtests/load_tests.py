"""Load tests: what endpoints can take, with the tests that wait for a second person and those that run on top."""

import streamlit as st

from app.loadtests.form import start_test
from app.loadtests.wording import plan_line, profile_name, short_result, state_of, title_of
from app.session import actor, may, person, portal
from app.ui import frame, links, times
from app.ui.tables import offset_of, pager, shown_of
from core.foundation.text import _
from core.identity.permissions import Permission
from core.loadtests.values import LoadTestState, LoadTestView

SIZE = 20
ORDER = {LoadTestState.WAITING: 0, LoadTestState.RUNNING: 1, LoadTestState.QUEUED: 2}


def show() -> None:
    wanted = st.query_params.pop("endpoint", "")
    listing = portal().loadtests.list_tests(actor(), offset=offset_of("page", size=SIZE), limit=SIZE)
    running = sum(not one.state.is_over and one.state is not LoadTestState.WAITING for one in listing.items)
    facts = [_("{n} load tests").format(n=listing.total)] if listing.total else []
    facts += [_("{n} running").format(n=running)] if running else []
    with frame.header(_("Load tests"), facts=facts):
        allowed = may(Permission.LOADTEST)
        pressed = allowed and st.button(_("New load test"), type="primary", icon=":material/add:", key="new_test")
    if allowed and (pressed or wanted):
        start_test(wanted)
    if not listing.total:
        frame.empty(
            _("No load tests yet"),
            advice=_("A load test says how many requests a second an endpoint takes while it keeps its promise."),
            icon="speed",
        )
        return
    frame.live(lambda: _list(offset_of("page", size=SIZE)), running=bool(running))
    st.caption(shown_of(len(listing.items), listing.total))
    pager(listing.total, key="page", size=SIZE)


def _list(offset: int) -> bool:
    found = portal().loadtests.list_tests(actor(), offset=offset, limit=SIZE).items
    with frame.rows("load_tests"):
        for one in sorted(found, key=lambda test: ORDER.get(test.state, 3)):
            _row(one)
    return any(one.state in (LoadTestState.RUNNING, LoadTestState.QUEUED) for one in found)


def _row(one: LoadTestView) -> None:
    state, label = state_of(one)
    parts = [one.id, plan_line(one.plan), links.escape(frame.name_of(one.requested_by)), links.escape(one.cause)]
    age = times.ago(one.created_at, now=frame.now())
    with frame.row(
        one.id,
        title=title_of(one),
        target=one.id,
        value=short_result(one),
        detail=" · ".join(part for part in parts if part),
        state=state,
        label=label,
        age=age,
    ):
        waits = one.state is LoadTestState.WAITING and one.requested_by != person().id
        if waits and may(Permission.LOADTEST_PRODUCTION, project=one.project):
            if st.button(_("Review"), key=f"review_{one.id}", type="primary", help=profile_name(one.plan.profile)):
                links.open_object(one.id)
        else:
            links.follow(one.version_id, one.version_id)


show()
