"""Endpoints and their load tests at a glance, for those who run them: what is broken first."""

from collections.abc import Sequence

from app.loadtests.wording import plan_line, short_result, state_of
from app.serving.traffic import traffic_stage, versions_line
from app.session import actor, portal
from app.ui import cells, frame, links, status
from app.ui.cells import Column, Row
from app.ui.components.rows import rows
from app.ui.health import Healths, health_cell, health_column, healths_of, severity
from core.foundation.text import _
from core.loadtests.values import LoadTestView
from core.serving.values import Endpoint

MOST = 7
MOST_TESTS = 5
READ = 200


def endpoints_overview() -> None:
    """A line for each endpoint, then the newest load tests."""
    listing = portal().endpoints.list_endpoints(actor(), limit=READ)
    healths = healths_of(endpoint.id for endpoint in listing.items)
    shown = sorted(listing.items, key=lambda endpoint: _urgency(endpoint, healths))[:MOST]
    hint = _("{n} of {total}, what is broken first").format(n=len(shown), total=listing.total) if shown else ""
    frame.section(_("Endpoints"), hint=hint)
    if not shown:
        frame.empty(_("No endpoint yet"), advice=_("An endpoint is a name that callers use."), icon="cloud_done")
        return
    _endpoints(shown, healths)
    _tests()


def _urgency(endpoint: Endpoint, healths: Healths) -> tuple[int, bool, bool, str]:
    is_production = endpoint.environment == "production"
    return (severity(healths.get(endpoint.id)), endpoint.settled, not is_production, endpoint.name)


def _endpoints(shown: Sequence[Endpoint], healths: Healths) -> None:
    columns = (
        Column(_("Endpoint")),
        Column(_("Serves"), width=150),
        Column(_("Stage"), width=110, priority=2),
        health_column(),
        Column(_("Changed"), "time", 84),
    )
    lines = [_endpoint(endpoint, healths) for endpoint in shown]
    rows(columns, lines, key="home_endpoints", label=_("Endpoints"))


def _endpoint(endpoint: Endpoint, healths: Healths) -> Row:
    return Row(
        endpoint.id,
        (
            cells.text(endpoint.title, target=endpoint.id),
            cells.text(versions_line(endpoint.routes) if endpoint.routes else "—"),
            cells.text(_stage(endpoint)),
            health_cell(healths.get(endpoint.id)),
            cells.time(endpoint.changed_at, now=frame.now()),
        ),
        target=endpoint.id,
    )


def _stage(endpoint: Endpoint) -> str:
    """ "Production, canary": where it stands, and where its traffic is unless that has settled."""
    environment, traffic = (status.look(word).word for word in (endpoint.environment, traffic_stage(endpoint)))
    return environment if traffic_stage(endpoint) == "serving" else f"{environment}, {traffic.lower()}"


def _tests() -> None:
    tests = portal().loadtests.list_tests(actor(), limit=MOST_TESTS).items
    frame.section(_("Load tests"), hint=_("the newest first"))
    if not tests:
        frame.empty(_("No load test yet"), advice=_("It measures how many requests a version can serve."), icon="speed")
        return
    columns = (
        Column(_("Test"), width=90),
        Column(_("Endpoint")),
        Column(_("Result")),
        Column(_("State"), "state", 120),
        Column(_("Started"), "time", 90, priority=2),
    )
    links.titles_of(test.endpoint_id for test in tests)
    rows(columns, [_test(test) for test in tests], key="home_tests", label=_("Load tests"))


def _test(test: LoadTestView) -> Row:
    state, label = state_of(test)
    return Row(
        test.id,
        (
            cells.text(test.id, target=test.id),
            cells.text(links.title_of(test.endpoint_id, test.endpoint), target=test.endpoint_id),
            cells.text(short_result(test) or plan_line(test.plan)),
            cells.state(state, label),
            cells.time(test.created_at, now=frame.now()),
        ),
        target=test.id,
    )
