"""Each cause that makes a test worthless is found, and nothing else is."""

import pytest

from core.loadtests.report.validity import faults, reasons
from core.loadtests.values import Plan, Profile, Slo, Window
from tests.loadtests.windows import DIGEST, SLO, counts_of, plan_of, window_of


def reasons_of(*windows: Window, plan: Plan | None = None, slo: Slo = SLO) -> str:
    return " | ".join(reasons(windows, plan=plan or plan_of(), slo=slo, digest=DIGEST))


def test_a_good_test_is_valid() -> None:
    assert reasons_of(*[window_of()] * 5) == ""


def test_a_target_that_is_slow_or_fails_does_not_make_the_test_invalid() -> None:
    overloaded = window_of(slow=300, failures={"status 503": 300}, dropped=100, sent=300)
    assert reasons_of(*[overloaded] * 5, plan=plan_of(in_flight=200)) == ""


def test_no_request_at_all() -> None:
    assert reasons_of() == reasons_of(window_of(due=0)) == "no request was sent"


def test_a_target_that_never_answers() -> None:
    silent = window_of(answered=0, failures={"connection refused": 390, "no answer in time": 10}, digests={})
    assert reasons_of(silent) == "the target never answered: connection refused (390), no answer in time (10)"


def test_a_generator_without_a_core_to_spare() -> None:
    assert "used 93 % of its core" in reasons_of(*[window_of(cpu=0.93)] * 5)


def test_requests_that_left_late() -> None:
    assert "requests left 30.0 ms after they were due" in reasons_of(*[window_of(lag_ms=30)] * 5)
    assert reasons_of(*[window_of(lag_ms=12)] * 5) == ""
    assert "more than 5.0 ms" in reasons_of(*[window_of(lag_ms=12)] * 5, slo=Slo(p99_ms=10))


def test_only_the_tail_of_the_lateness_counts() -> None:
    """Four of 400 are within the 99th percentile, five are not."""
    assert not list(faults(window_of(lag=counts_of([0.2] * 396 + [80] * 4)), slo=SLO, in_flight=200))
    assert list(faults(window_of(lag=counts_of([0.2] * 395 + [80] * 5)), slo=SLO, in_flight=200))


@pytest.mark.parametrize(("in_flight", "blamed"), [(9, True), (11, False)])
def test_a_cap_of_requests_in_flight_that_is_too_small_to_tell(in_flight: int, blamed: bool) -> None:
    """At 200 per second 10 in flight are those of 50 ms, which is the SLO."""
    window = window_of(dropped=40, sent=360, failures={"cap of requests in flight reached": 40})
    assert ("requests in flight was reached" in reasons_of(*[window] * 5, plan=plan_of(in_flight=in_flight))) == blamed


def test_requests_that_were_due_and_never_sent() -> None:
    assert "only 90 % of the requests" in reasons_of(*[window_of(sent=360)] * 5)


def test_one_bad_window_in_five_is_forgiven_and_two_are_not() -> None:
    assert reasons_of(window_of(cpu=0.9), *[window_of()] * 4) == ""
    assert "2 of 5 windows" in reasons_of(*[window_of(cpu=0.9)] * 2, *[window_of()] * 3)


def test_a_search_may_run_into_its_own_limit() -> None:
    search = plan_of(profile=Profile.CAPACITY)
    assert reasons_of(*[window_of(cpu=0.9)] * 2, *[window_of()] * 3, plan=search) == ""
    assert "3 of 5 windows" in reasons_of(*[window_of(cpu=0.9)] * 3, *[window_of()] * 2, plan=search)


def test_answers_from_other_bytes_than_those_tested() -> None:
    swapped = window_of(digests={DIGEST: 399, "cd" * 32: 1})
    assert "other bytes than the tested version: cdcdcdcdcdcd" in reasons_of(window_of(), swapped)


def test_answers_that_do_not_say_what_they_come_from() -> None:
    assert "did not say which model version" in reasons_of(window_of(digests={"": 400}))


def test_too_few_requests_for_the_percentile_of_the_slo() -> None:
    assert "300 requests are too few" in reasons_of(window_of(due=150), window_of(due=150))
    assert reasons_of(window_of(due=200), window_of(due=200)) == ""


def test_a_search_needs_enough_requests_at_one_rate() -> None:
    search = plan_of(profile=Profile.CAPACITY)
    apart = [window_of(rate=rate, due=200) for rate in (50, 100, 150)]
    assert "200 requests are too few" in reasons_of(*apart, plan=search)
