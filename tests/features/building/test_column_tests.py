"""The tests that an author writes for a version: what passes, what fails and with which rows, and what is no rule."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.features.job_specs import BuildResult
from core.features.values import Check, FeatureRule, VersionTests
from core.foundation.errors import Invalid
from tests.features.departures import START, VIEW_SQL, build, flights, rows_of
from tests.features.logic.test_pandas_logic import MEAN

SQL = "SELECT carrier, left_at, distance, delay, CASE WHEN id % 4 > 0 THEN delay END AS some, 'x' AS word FROM flights"
DELAYS = [row["delay"] for row in flights().to_pylist()]


def outcome(folder: Path, rule: FeatureRule | None = None, sql: str = SQL, **tests: Any) -> BuildResult:
    rules = (rule,) if rule else ()
    return build(folder, sql, marks={}, tests=VersionTests(rules=rules, **tests))


def column_checks(result: BuildResult) -> tuple[Check, ...]:
    """The checks of columns, which stand before the one for future leakage."""
    *checks, leakage = result.checks
    assert leakage.name == "Future leakage"
    return tuple(checks)


def checked(folder: Path, rule: FeatureRule | None = None, sql: str = SQL, **tests: Any) -> Check:
    (check,) = column_checks(outcome(folder, rule, sql, **tests))
    return check


def test_a_version_without_tests_is_only_looked_at_for_infinity(tmp_path: Path) -> None:
    assert column_checks(outcome(tmp_path)) == ()
    check = checked(tmp_path, sql="SELECT carrier, left_at, distance / 2 AS half FROM flights")
    assert (check.name, check.verdict) == ("Values are finite", "pass")


def test_infinity_fails_with_its_rows(tmp_path: Path) -> None:
    check = checked(tmp_path, sql="SELECT carrier, left_at, id, 1 / (id % 40) AS x FROM flights")
    assert (check.name, check.verdict) == ("Values are finite", "fail")
    assert check.detail.startswith("Infinite in some rows: x (10). Divide by nullif(x, 0)")
    assert check.columns == ("carrier", "left_at", "id", "x")
    assert len(check.rows) == 5
    assert {row[3] for row in check.rows} == {"inf"}


RULES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a range that holds": ({"minimum": -3, "maximum": 1000}, "pass", "True of 400 rows."),
    "a value below": ({"minimum": 0}, "fail", f"Not so in {sum(delay < 0 for delay in DELAYS)} of 400 rows."),
    "a value above": ({"maximum": 20.5}, "fail", f"Not so in {sum(delay > 20.5 for delay in DELAYS)} of 400 rows."),
    "a share of nulls that holds": (
        {"feature": "some", "most_null_share": 0.25},
        "pass",
        "Null in 25 % of 400 rows.",
    ),
    "too many nulls": ({"feature": "some", "most_null_share": 0.24}, "fail", "Null in 25 % of 400 rows."),
    "no nulls at all": ({"nulls": "refuse"}, "pass", "True of 400 rows."),
    "nulls that are refused": ({"feature": "some", "nulls": "refuse"}, "fail", "Not so in 100 of 400 rows."),
    "values that repeat": ({"unique": True}, "fail", f"Not so in {400 - len(set(DELAYS))} of 400 rows."),
    "nulls that are filled": ({"feature": "some", "nulls": "fill", "fill": 7, "most_null_share": 0}, "pass", ""),
}


@pytest.mark.parametrize("case", RULES)
def test_a_rule_is_judged_on_every_row(tmp_path: Path, case: str) -> None:
    changes, verdict, detail = RULES[case]
    for check in column_checks(outcome(tmp_path, FeatureRule(**{"feature": "delay"} | changes))):
        assert (check.verdict, detail in check.detail) == (verdict, True), check
        assert bool(check.rows) == (verdict == "fail")
        assert all(len(row) == len(check.columns) for row in check.rows)


def test_the_rows_that_break_a_rule_are_shown(tmp_path: Path) -> None:
    check = checked(tmp_path, FeatureRule(feature="delay", minimum=0))
    place = check.columns.index("delay")
    assert check.name == "delay is at least 0"
    assert [row[place] < 0 for row in check.rows] == [True] * 5


def test_values_that_are_all_null_are_no_data_for_a_range(tmp_path: Path) -> None:
    sql = "SELECT carrier, left_at, id, NULL::INTEGER AS x FROM flights"
    for changes in ({"maximum": 1}, {"unique": True}):
        assert checked(tmp_path, FeatureRule(feature="x", **changes), sql).verdict == "no data"


def test_a_key_with_two_rows_at_one_time_is_told_with_both(tmp_path: Path) -> None:
    assert (
        checked(
            tmp_path,
            unique_rows=True,
            sql="SELECT DISTINCT ON (carrier, left_at) carrier, left_at, distance FROM flights",
        ).verdict
        == "pass"
    )
    table = flights(100)
    doubled = pa.concat_tables([table, table.slice(10, 2)])
    tests = VersionTests(unique_rows=True)
    sql = "SELECT carrier, left_at, distance FROM flights"
    (check,) = column_checks(build(tmp_path, sql, table=doubled, marks={}, tests=tests))
    assert check.verdict == "fail"
    assert len({row[:2] for row in check.rows}) < len(check.rows)


def test_rows_that_lag_behind_their_sources_are_not_fresh(tmp_path: Path) -> None:
    sql = f"SELECT carrier, left_at, distance FROM flights WHERE left_at < TIMESTAMPTZ '{START + timedelta(days=9)}'"
    assert checked(tmp_path, sql=sql, fresh_seconds=86_400).verdict == "fail"
    assert checked(tmp_path, sql=sql, fresh_seconds=4 * 86_400).verdict == "pass"
    table = flights(50)
    timeless = table.drop_columns(["due_at", "left_at"])
    sourceless = "SELECT carrier, TIMESTAMPTZ '2013-01-01' AS left_at, distance FROM flights"
    result = build(tmp_path, sourceless, table=timeless, marks={}, tests=VersionTests(fresh_seconds=60))
    (check,) = column_checks(result)
    assert check.verdict == "no data"


FILLS: dict[str, tuple[str, Any, Any]] = {
    "a whole number": ("some", 7, 7),
    "text": ("kind", "none", "none"),
    "truth": ("far", "false", False),
    "a fraction": ("half", 0.5, 0.5),
}


@pytest.mark.parametrize("case", FILLS)
def test_nulls_are_filled_when_the_version_is_built(tmp_path: Path, case: str) -> None:
    feature, fill, fill_value = FILLS[case]
    given = {"some": "delay", "kind": "'k'", "far": "true", "half": "delay / 3"}
    columns = ", ".join(f"CASE WHEN id % 4 > 0 THEN {value} END AS {name}" for name, value in given.items())
    sql = f"SELECT carrier, left_at, {columns} FROM flights"
    result = outcome(tmp_path, FeatureRule(feature=feature, nulls="fill", fill=fill), sql)
    values = [row[feature] for row in rows_of(tmp_path)]
    assert None not in values
    assert fill_value in values
    (filled,) = [item for item in result.features if item.name == feature]
    assert filled.null_share == 0


NO_RULES = {
    "a feature that is not there": (FeatureRule(feature="nope", minimum=0), "there is no such feature"),
    "a range of text": (FeatureRule(feature="word", maximum=3), "a range is for numbers"),
    "text for a number": (FeatureRule(feature="delay", nulls="fill", fill="none"), "'none' is no BIGINT"),
    "a fraction for whole numbers": (FeatureRule(feature="delay", nulls="fill", fill=0.5), "0.5 is no BIGINT"),
    "a number for text": (FeatureRule(feature="word", nulls="fill", fill=1), "1.0 is no VARCHAR"),
    "nothing to fill with": (FeatureRule(feature="word", nulls="fill"), "None is no VARCHAR"),
}


@pytest.mark.parametrize("case", NO_RULES)
def test_a_rule_that_cannot_be_is_refused_in_words(tmp_path: Path, case: str) -> None:
    rule, words = NO_RULES[case]
    with pytest.raises(Invalid, match=words) as refusal:
        outcome(tmp_path, rule)
    assert refusal.value.field == "tests"


def test_a_build_tells_its_time_and_its_newest_row(tmp_path: Path) -> None:
    result = outcome(tmp_path)
    assert result.newest_event == max(row["left_at"] for row in flights().to_pylist())
    assert 0 < result.seconds < 30


def looked_back(folder: Path, sql: str, seconds: int, **changes: Any) -> Check:
    (check,) = [
        check for check in build(folder, sql, lookback_seconds=seconds, **changes).checks if "before them" in check.name
    ]
    return check


def test_a_look_back_that_is_long_enough_passes_and_a_shorter_one_fails(tmp_path: Path) -> None:
    assert looked_back(tmp_path, VIEW_SQL, 86_400).verdict == "pass"
    short = looked_back(tmp_path, VIEW_SQL, 80_000)
    assert (short.verdict, "mean_delay" in short.detail) == ("fail", True)
    running = VIEW_SQL.replace("INTERVAL 1 DAY PRECEDING", "UNBOUNDED PRECEDING")
    assert looked_back(tmp_path, running, 2 * 86_400).verdict == "fail"


def test_the_look_back_of_pandas_is_tried_too(tmp_path: Path) -> None:
    assert looked_back(tmp_path, "", 86_400, python=MEAN).verdict == "pass"
    assert looked_back(tmp_path, "", 60_000, python=MEAN).verdict == "fail"
