"""Load tests: what endpoints can take, with the tests that wait for a second person and those that run on top."""

import streamlit as st

from app.loadtests.form import start_test
from app.loadtests.wording import plan_line, short_result, state_of, title_of
from app.session import actor, may, person, portal
from app.ui import cells, frame, links
from app.ui.cells import Cell, Column, Row
from app.ui.components.rows import rows, window
from app.ui.wording import counted
from core.foundation.ids import Kind
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.loadtests.values import LoadTestState, LoadTestView

ORDER = {LoadTestState.WAITING: 0, LoadTestState.RUNNING: 1, LoadTestState.QUEUED: 2}


def show() -> None:
    wanted = links.id_of(st.query_params.pop("endpoint", ""), Kind.ENDPOINT)
    listing = _read()
    running = sum(not test.state.is_over and test.state is not LoadTestState.WAITING for test in listing.items)
    facts = [counted(listing.total, _("load test"), _("load tests"))] if listing.total else []
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
    frame.live(_list, running=bool(running))


def _read() -> Listing[LoadTestView]:
    part = window("load_tests")
    return portal().loadtests.list_tests(actor(), offset=part.offset, limit=part.limit)


def _list() -> bool:
    listing = _read()
    columns = (
        Column(_("Load test")),
        Column(_("Result"), width=200),
        Column(_("State"), "state", 200),
        Column(_("Version"), "code", 86, priority=2),
        Column(_("Started"), "time", 100, priority=2),
        Column("", "action", 96),
    )
    links.titles_of(test.endpoint_id for test in listing.items)
    lines = [_row(test) for test in sorted(listing.items, key=lambda test: ORDER.get(test.state, 3))]
    rows(columns, lines, key="load_tests", label=_("Load tests"), total=listing.total)
    return any(test.state in (LoadTestState.RUNNING, LoadTestState.QUEUED) for test in listing.items)


def _row(test: LoadTestView) -> Row:
    state, label = state_of(test)
    parts = [test.id, plan_line(test.plan), frame.name_of(test.requested_by), test.cause]
    return Row(
        test.id,
        (
            cells.text(title_of(test), target=test.id, detail=" · ".join(part for part in parts if part)),
            cells.text(short_result(test)),
            cells.state(state, label),
            cells.code(test.version_id, target=test.version_id),
            cells.time(test.created_at, now=frame.now()),
            _review(test),
        ),
        target=test.id,
    )


def _review(test: LoadTestView) -> Cell:
    waits = test.state is LoadTestState.WAITING and test.requested_by != person().id
    can_review = waits and may(Permission.LOADTEST_PRODUCTION, project=test.project)
    return cells.action(_("Review"), test.id) if can_review else cells.text("")


show()
