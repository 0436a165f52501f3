"""The report says first whether it may be believed, and no number outlives a no."""

import json

import pytest

from core.foundation.digests import canonical
from core.loadtests.report.histogram import Histogram
from core.loadtests.report.judge import percentile_of, report_of
from core.loadtests.values import Plan, Profile, Report, Target, Window
from tests.loadtests.windows import DIGEST, SLO, counts_of, plan_of, window_of

TARGET = Target(
    endpoint_id="EP-1",
    endpoint="delays",
    environment="staging",
    url="http://127.0.0.1:8601/endpoints/delays/predict",
    version_id="MV-1",
    digest=DIGEST,
    slo=SLO,
)


def reported(*windows: Window, plan: Plan | None = None) -> Report:
    return report_of(windows, plan=plan or plan_of(), target=TARGET, payload_digest="ef" * 32)


def searched(*rows: tuple[float, float], **fields: object) -> Report:
    """A search with three windows at each rate, of whose requests a share was slow."""
    windows = [
        window_of(rate=rate, slow=int(rate * 2 * share), **fields) for rate, share in rows for _again in range(3)
    ]
    return reported(*windows, plan=plan_of(profile=Profile.CAPACITY, rate=5_000, rate_cap=5_000, in_flight=1_000))


def test_a_good_test_is_valid_and_holds() -> None:
    report = reported(*[window_of()] * 5)
    assert (report.validity, report.reasons, report.holds_slo) == ("VALID", (), True)
    assert report.requests == 2_000
    assert report.error_rate == 0
    assert {percentile.fraction: percentile.ms for percentile in report.percentiles}[0.99] == pytest.approx(5, rel=0.01)
    assert report.server.compute_p99_ms == pytest.approx(2, rel=0.01)


def test_a_report_is_json_and_back() -> None:
    report = searched((100, 0.0), (400, 0.002), (800, 0.3))
    assert Report.model_validate(json.loads(canonical(report))) == report


def test_nothing_may_be_cited_from_an_invalid_search() -> None:
    report = searched((100, 0.0), (400, 0.0), (800, 0.0), cpu=0.95)
    assert report.validity == "INVALID"
    assert report.capacity is None
    assert not report.holds_slo


def test_an_invalid_test_holds_no_promise_even_where_every_request_was_fast() -> None:
    report = reported(*[window_of(digests={"cd" * 32: 400})] * 5)
    assert (report.validity, [row.holds for row in report.rates]) == ("INVALID", [True])
    assert not report.holds_slo


def test_one_request_in_fifty_that_misses_the_time_breaks_the_slo() -> None:
    assert reported(*[window_of(slow=4)] * 5).holds_slo
    assert not reported(*[window_of(slow=8)] * 5).holds_slo


def test_failed_requests_break_the_slo_however_fast_they_fail() -> None:
    assert not reported(*[window_of(slow=1, failures={"status 503": 1})] * 5).holds_slo


def test_every_step_must_hold() -> None:
    good, bad = window_of(rate=100), window_of(rate=200, slow=100)
    report = reported(good, good, bad, bad, plan=plan_of(profile=Profile.STEP))
    assert [row.holds for row in report.rates] == [True, False]
    assert not report.holds_slo


def test_the_capacity_lies_between_the_rate_that_holds_and_the_one_that_breaks() -> None:
    report = searched((200, 0.0), (800, 0.0), (1_000, 0.4))
    assert report.capacity is not None
    assert report.capacity.rate is not None
    assert report.capacity.high is not None
    assert 800 <= report.capacity.rate < report.capacity.high <= 1_000
    assert report.holds_slo


def test_the_percentiles_of_a_search_are_those_of_the_highest_rate_that_holds() -> None:
    report = searched((200, 0.0), (800, 0.0), (1_000, 0.4))
    assert report.requests == 3 * 1_600
    assert "percentiles are those at 800 requests per second" in report.notes
    assert {percentile.fraction: percentile.ms for percentile in report.percentiles}[0.99] == pytest.approx(5, rel=0.01)


def test_a_target_that_never_holds_is_a_valid_and_failed_test() -> None:
    report = searched((200, 0.4), (50, 0.4), (400, 0.5))
    assert report.validity == "VALID"
    assert report.capacity is not None
    assert report.capacity.rate is None
    assert not report.holds_slo


def test_windows_in_which_the_generator_was_not_fit_are_left_out_and_counted() -> None:
    report = reported(*[window_of()] * 9, window_of(cpu=0.95, slow=300))
    assert (report.rates[0].windows, report.rates[0].rejected_windows) == (9, 1)
    assert report.requests == 3_600
    assert "windows left out because the generator was not fit in them: 1" in report.notes


def test_a_search_that_ran_into_its_own_limit_says_so() -> None:
    windows = [*[window_of(rate=400)] * 4, *[window_of(rate=800, cpu=0.95)] * 2]
    report = reported(*windows, plan=plan_of(profile=Profile.CAPACITY))
    assert report.capacity is not None
    assert (report.capacity.rate, report.capacity.high) == (400, None)
    assert "above 400 requests per second the generator itself was not fit" in report.notes


def test_a_disturbed_search_says_so_and_cites_only_what_is_within_the_capacity() -> None:
    report = searched((200, 0.0), (400, 0.5), (800, 0.0), (1_000, 0.4))
    assert report.capacity is not None
    assert report.capacity.rate is not None
    assert report.capacity.rate < 400
    assert report.capacity.high == 1_000
    assert "percentiles are those at 200 requests per second" in report.notes
    assert any(note.startswith("a rate broke below one that held") for note in report.notes)


def test_the_naive_percentile_stands_beside_the_true_one() -> None:
    stalled = window_of(response=counts_of([5.0] * 380 + [900.0] * 20), service=counts_of([5.0] * 400))
    report = reported(*[stalled] * 5)
    assert {percentile.fraction: percentile.ms for percentile in report.percentiles}[0.99] == pytest.approx(
        900, rel=0.01
    )
    assert {percentile.fraction: percentile.ms for percentile in report.naive_percentiles}[0.99] == pytest.approx(
        5, rel=0.01
    )
    assert any("as most tools do, the p99 would have been 5.0 ms" in note for note in report.notes)


def test_a_generator_on_the_targets_own_machine_is_noted() -> None:
    assert any("own machine" in note for note in reported(window_of()).notes)


def test_a_percentile_that_cannot_be_claimed_is_not_given() -> None:
    few = percentile_of(Histogram(counts_of([5.0] * 367)), fraction=0.99)
    assert (few.ms, few.low_ms, few.high_ms, few.samples) == (None, None, None, 367)
    enough = percentile_of(Histogram(counts_of([float(n) for n in range(1, 1_001)])), fraction=0.99)
    assert enough.low_ms is not None
    assert enough.high_ms is not None
    assert enough.ms == pytest.approx(990, rel=0.002)
    assert enough.low_ms < enough.ms < enough.high_ms
