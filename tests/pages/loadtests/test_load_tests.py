"""Load tests in the browser: started, stopped, confirmed by a second person, and read."""

from pathlib import Path
from typing import Any

import pytest

from app.loadtests.wording import state_of
from core.identity.permissions import Role
from core.loadtests.rows import find_test
from core.loadtests.values import LoadTestState, LoadTestView, Plan, Profile, SeriesPoint
from core.portal import Portal
from core.registry.values import ModelVersion
from tests.conftest import People
from tests.pages.releasing import SYSTEM, serving, version_with_rows
from tests.pages.running import drawn, page, pressed, text_of
from tests.promotion.values_to_judge import load_report, percentile

POINT = SeriesPoint(second=0, offered=90, achieved=90, errors=0, p50_ms=3, p99_ms=9, in_flight=1, cpu=0.1, lag_p99_ms=1)


@pytest.fixture
def version(portal: Portal, people: People, tmp_path: Path) -> ModelVersion:
    return version_with_rows(portal, people, tmp_path)


def finished(portal: Portal, people: People, version: ModelVersion, **changes: Any) -> LoadTestView:
    """A test whose report has come in."""
    endpoint = serving(portal, people, version, "staging")
    test = portal.loadtests.start_test(people.sre, endpoint_id=endpoint.id, profile="capacity")
    with portal.foundation.database.write() as session:
        row = find_test(session, test.id)
        row.report = load_report(version, **changes).model_dump(mode="json")
        row.state = LoadTestState.FINISHED
        session.add(row)
    return portal.loadtests.get_test(SYSTEM, test_id=test.id)


def test_validity_and_capacity_come_first(portal: Portal, people: People, version: ModelVersion) -> None:
    test = finished(portal, people, version)
    drawn_page = page(portal, people.viewer, "load-test", id=test.id)
    assert len(drawn_page.get("download_button")) == 2
    shown = text_of(drawn_page)
    assert "Valid: the generator kept up" in shown
    assert "It takes 240 rps within 50 ms; 95 % interval 210 to 300." in shown


def test_an_invalid_test_shows_no_figure(portal: Portal, people: People, version: ModelVersion) -> None:
    test = finished(portal, people, version, validity="INVALID", reasons=("the generator was not fit",), capacity=None)
    test_page = page(portal, people.viewer, "load-test", id=test.id)
    shown = text_of(test_page)
    assert "no figure of this test may be cited" in shown
    assert "The generator was not fit" in shown
    assert not test_page.metric
    assert "no figure may be cited" in text_of(page(portal, people.viewer, "load-tests"))


def test_a_test_that_was_too_slow_says_so_in_lists(portal: Portal, people: People, version: ModelVersion) -> None:
    plan = Plan(profile=Profile.STEP, rate=300, seconds=60, in_flight=100, rate_cap=400)
    test = finished(portal, people, version, plan=plan, capacity=None, percentiles=(percentile(75.2),))
    slow = test.model_copy(update={"plan": plan, "p99_ms": 75.2})
    assert state_of(slow) == ("promise_broken", "Promise broken")
    assert state_of(slow.model_copy(update={"p99_ms": 42.0})) == ("valid", "Valid")
    assert state_of(test.model_copy(update={"p99_ms": 75.2})) == ("valid", "Valid")  # A search goes there on purpose.
    assert "1 load test" in text_of(page(portal, people.viewer, "load-tests"))


def test_a_test_is_started_with_the_caps_stated(portal: Portal, people: People, version: ModelVersion) -> None:
    endpoint = serving(portal, people, version, "staging")
    test = page(portal, people.engineer, "load-tests", endpoint=endpoint.id)
    assert "No second exceeds the rate by more than 5 %" in text_of(test)
    test.number_input(key="test_rate_step_staging").set_value(70.0)
    pressed(test, "new_test", "test_start")
    started = portal.loadtests.list_tests(people.viewer).items[0]
    assert (started.endpoint_id, started.plan.rate) == (endpoint.id, 70.0)


def test_the_form_says_how_long_it_takes_for_a_percentile(
    portal: Portal, people: People, version: ModelVersion
) -> None:
    endpoint = serving(portal, people, version, "staging")
    test = page(portal, people.engineer, "load-tests", endpoint=endpoint.id)
    assert "99th percentile" not in text_of(test)
    test.number_input(key="test_seconds_step_staging").set_value(2.0)
    test.button(key="new_test").click()
    drawn(test)
    assert "At this rate a 99th percentile takes at least 3 s." in text_of(test)
    test.number_input(key="test_seconds_step_staging").set_value(2.0)
    assert "too few for a 99th percentile" in text_of(pressed(test, "new_test", "test_start"))
    assert portal.loadtests.list_tests(people.viewer).total == 0


def test_a_rate_beyond_the_cap_is_refused_in_words(portal: Portal, people: People, version: ModelVersion) -> None:
    endpoint = serving(portal, people, version, "staging")
    test = page(portal, people.engineer, "load-tests", endpoint=endpoint.id)
    test.number_input(key="test_rate_step_staging").set_value(9_000.0)
    assert "Rate must be at most" in text_of(pressed(test, "new_test", "test_start"))
    assert portal.loadtests.list_tests(people.viewer).total == 0


def test_a_running_test_is_stopped_with_one_click(portal: Portal, people: People, version: ModelVersion) -> None:
    endpoint = serving(portal, people, version, "staging")
    started = portal.loadtests.start_test(people.sre, endpoint_id=endpoint.id)
    assert "Stop the load" not in [
        button.label for button in page(portal, people.viewer, "load-test", id=started.id).button
    ]
    test = page(portal, people.engineer, "load-test", id=started.id)
    test.button(key="stop").click()
    drawn(test)
    job = portal.compute.get_job(SYSTEM, job_id=started.job_id)
    assert job.cancel_requested or job.state == "cancelled"


def test_production_waits_for_a_second_person(portal: Portal, people: People, version: ModelVersion) -> None:
    endpoint = serving(portal, people, version, "production")
    second, late = people.other_engineer, people.engineer
    portal.identity.grant_role(SYSTEM, person_id=second.person_id, role=Role.SRE)
    requested = portal.loadtests.start_production_test(people.sre, endpoint_id=endpoint.id)
    portal.identity.grant_role(SYSTEM, person_id=late.person_id, role=Role.SRE)
    own = page(portal, people.sre, "load-test", id=requested.id)
    assert "confirm" not in {button.key for button in own.button}
    assert "You may not confirm it: you requested it" in text_of(own)
    assert "you got the role sre on " in text_of(page(portal, late, "load-test", id=requested.id))
    test = page(portal, second, "load-test", id=requested.id)
    test.button(key="confirm").click()
    drawn(test)
    assert portal.loadtests.get_test(SYSTEM, test_id=requested.id).confirmed_by == second.person_id
