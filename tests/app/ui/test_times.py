"""Times, sizes and numbers as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from app.ui import numbers, times
from core.compute.values import Job

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=4), "4 min"),
        (timedelta(hours=9), "9 h"),
        (timedelta(hours=30), "Yesterday"),
        (timedelta(days=3), "Sun"),
        (timedelta(days=30), "26 Oct"),
        (timedelta(days=400), "21 Oct 2025"),
    ],
)
def test_times_are_relative_under_a_day_and_dates_after(before: timedelta, words: str) -> None:
    assert times.ago(NOW - before, now=NOW) == words


def test_what_never_happened_has_no_time() -> None:
    assert times.ago(None, now=NOW) == times.absolute(None) == numbers.duration(None) == "—"


def test_what_a_process_measured_counts_and_until_then_what_the_rows_say() -> None:
    start = NOW - timedelta(seconds=300)
    assert times.span(start, NOW, now=NOW, measured=200.0) == "3 min 20 s"
    assert times.span(start, None, now=NOW) == "5 min 0 s"
    assert times.span(None, None, now=NOW) == "—"


def test_several_attempts_are_told_from_the_last_one() -> None:
    job = Job.model_construct(started_at=NOW, ended_at=NOW, ran_seconds=4.0, total_ran_seconds=4.0)
    assert times.duration_of(job, now=NOW) == "4 s"
    again = job.model_copy(update={"total_ran_seconds": 64.0})
    assert times.duration_of(again, now=NOW) == "4 s in its last attempt, 1 min 4 s in all attempts"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.5, "0.5 s"), (4.0, "4 s"), (59.9, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations_have_two_units_at_most(seconds: float, words: str) -> None:
    assert numbers.duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (336776, "336\u202f776"),
        (0.68123456, "0.6812"),
        (0.000012, "1.2e\u221205"),
        (-3.5, "\u22123.5000"),
        (184.27, "184.3"),
    ],
)
def test_numbers_show_as_many_digits_as_matter(value: float, words: str) -> None:
    assert numbers.number(value) == words


def test_sizes_take_the_unit_that_fits() -> None:
    assert [numbers.size(count) for count in (12, 52_600, 10_200_000)] == ["12 B", "52.6 kB", "10.2 MB"]


def test_shares_are_percent_without_empty_digits() -> None:
    assert [numbers.percent(share) for share in (0.5, 0.123, 0.0, 1.0, None)] == ["50 %", "12.3 %", "0 %", "100 %", "—"]
    assert [numbers.percent(share, 0) for share in (0.0, 0.1, 0.5, 1.0)] == ["0 %", "10 %", "50 %", "100 %"]
