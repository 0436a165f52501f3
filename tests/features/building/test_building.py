"""From SQL to rows: what is built, what is refused and in which words, and what the SQL cannot reach."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.features.values import Feature
from core.foundation.errors import Invalid
from core.sandbox.limits import Limits
from tests.features.departures import VIEW_SQL, build, flights, rows_of


def test_the_rows_are_in_normal_form_with_their_features_described(tmp_path: Path) -> None:
    result = build(tmp_path)
    assert result.rows == 400
    assert [(item.name, item.type, item.kind) for item in result.features] == [("mean_delay", "DOUBLE", "number")]
    assert 0 < result.features[0].null_share < 0.05
    rows = rows_of(tmp_path)
    assert set(rows[0]) == {"carrier", "__event", "__created", "__known_us", "__is_latest", "__is_best", "mean_delay"}
    assert [row["carrier"] for row in rows] == sorted(row["carrier"] for row in rows)
    assert (result.statistics[0].name, result.statistics[0].kind) == ("mean_delay", "number")


def test_r12_a_trailing_window_leaves_the_event_itself_out(tmp_path: Path) -> None:
    """The mean over [t - 1 day, t), by hand."""
    build(tmp_path)
    raw = flights().to_pylist()
    for row in rows_of(tmp_path)[::37]:
        window = [
            other["delay"]
            for other in raw
            if other["carrier"] == row["carrier"]
            and row["__event"] - timedelta(days=1) <= other["left_at"] < row["__event"]
        ]
        assert row["mean_delay"] == (pytest.approx(sum(window) / len(window)) if window else None)


def test_kinds_follow_from_types_unless_they_are_named(tmp_path: Path) -> None:
    sql = "SELECT carrier, left_at, distance, distance > 500 AS far, 'x' AS word, id FROM flights"
    kinds = {feature.name: feature.kind for feature in build(tmp_path, sql).features}
    assert kinds == {"distance": "number", "far": "category", "word": "category", "id": "number"}
    named = build(tmp_path, sql, categories=("id",), numbers=("far", "distance")).features
    assert [(feature.name, feature.kind) for feature in named] == [
        ("id", "category"),
        ("far", "number"),
        ("distance", "number"),
    ]


def test_sums_of_whole_numbers_stay_whole(tmp_path: Path) -> None:
    sql = (
        "SELECT carrier, left_at, sum(id + 9007199254740993) OVER (ORDER BY left_at ROWS CURRENT ROW) AS n FROM flights"
    )
    assert build(tmp_path, sql).features == (Feature(name="n", type="BIGINT", kind="number"),)
    assert min(row["n"] for row in rows_of(tmp_path)) == 9007199254740993


def test_a_naive_time_is_utc(tmp_path: Path) -> None:
    build(tmp_path, "SELECT carrier, TIMESTAMP '2013-01-01 12:00:00' AS t, 1 AS x FROM flights", event_time="t")
    assert {row["__event"] for row in rows_of(tmp_path)} == {datetime(2013, 1, 1, 12, tzinfo=UTC)}


def test_the_last_second_of_the_calendar_is_a_time(tmp_path: Path) -> None:
    built = build(tmp_path, "SELECT carrier, TIMESTAMP '9999-12-31 23:59:59' AS t, 1 AS x FROM flights", event_time="t")
    assert built.newest_event == built.newest_known == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_rows_without_time_or_key_are_left_out_and_told(tmp_path: Path) -> None:
    table = flights(50)
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    columns["carrier"][:3] = [None] * 3
    columns["left_at"][3:5] = [None] * 2
    result = build(tmp_path, "SELECT carrier, left_at, distance FROM flights", table=pa.table(columns))
    assert result.rows == 45
    assert result.notes == ("2 rows without an event time were left out.", "3 rows without a key were left out.")


def test_a_created_time_is_kept(tmp_path: Path) -> None:
    sql = "SELECT carrier, due_at, left_at + INTERVAL 1 HOUR AS written, delay FROM flights"
    build(tmp_path, sql, event_time="due_at", created_time="written")
    row = rows_of(tmp_path)[0]
    assert row["__known_us"] == max(row["__created"], row["__event"]).timestamp() * 1e6


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "an unknown column": ("SELECT carrier, left_at, nope FROM flights", {}, "SQL: column nope not found"),
    "an unknown column of a table": ("SELECT f.nope FROM flights f", {}, "SQL: column nope not found|SQL: .*nope"),
    "an unknown table": ("SELECT * FROM trains", {}, "SQL: table trains not found"),
    "an unknown function": (
        "SELECT carrier, left_at, nofun(1) AS x FROM flights",
        {},
        "function nofun is not permitted",
    ),
    "a syntax error": ("SELEKT carrier FROM flights", {}, "SQL: syntax error at or near"),
    "an unfinished query": ("SELECT carrier, left_at FROM flights WHERE", {}, "SQL: syntax error"),
    "two columns of one name": ("SELECT carrier, left_at, id AS x, id AS X FROM flights", {}, "two columns are called"),
    "no rows": ("SELECT carrier, left_at, id FROM flights WHERE false", {}, "gives no rows"),
    "two statements": ("SELECT 1 AS carrier; SELECT 2 AS carrier", {}, "one SELECT is expected"),
    "no statement": ("-- nothing", {}, "one SELECT is expected"),
    "a statement that is no question": ("DROP VIEW flights", {}, "one SELECT is expected"),
    "a failing cast": (
        "SELECT carrier, left_at, CAST(carrier AS INTEGER) AS x FROM flights",
        {},
        "SQL: Could not convert",
    ),
    "a key that is not given": ("SELECT left_at, id FROM flights", {}, "gives no column 'carrier'"),
    "a key with fractions": (
        "SELECT 1.5::DOUBLE AS carrier, left_at, id FROM flights",
        {},
        "The key carrier is DOUBLE",
    ),
    "an event time that is not given": ("SELECT carrier, id FROM flights", {}, "gives no column 'left_at'"),
    "an event time that is text": (
        "SELECT carrier, left_at::VARCHAR AS left_at, id FROM flights",
        {},
        "left_at is VARCHAR: a time is",
    ),
    "an event time that is a date": (
        "SELECT carrier, left_at::DATE AS left_at, id FROM flights",
        {},
        "left_at is DATE: a time is",
    ),
    "a created time that is not given": (VIEW_SQL, {"created_time": "nope"}, "gives no column 'nope'"),
    "a feature that is not given": (VIEW_SQL, {"numbers": ("nope",)}, "gives no column 'nope'"),
    "a feature that is a key": (VIEW_SQL, {"categories": ("carrier",)}, "carrier has two uses"),
    "a feature that is named twice": (VIEW_SQL, {"numbers": ("mean_delay", "mean_delay")}, "two uses"),
    "text as a number": ("SELECT carrier, left_at, 'x' AS x FROM flights", {"numbers": ("x",)}, "x is VARCHAR"),
    "fractions as categories": (
        "SELECT carrier, left_at, 0.5::DOUBLE AS x FROM flights",
        {"categories": ("x",)},
        "x is DOUBLE",
    ),
    "a time as a feature": ("SELECT carrier, left_at, due_at FROM flights", {}, "due_at is TIMESTAMP WITH TIME ZONE"),
    "a list as a feature": ("SELECT carrier, left_at, [id] AS x FROM flights", {}, "x is BIGINT"),
    "no feature": ("SELECT carrier, left_at FROM flights", {}, "no feature"),
    "a reserved name": ("SELECT carrier, left_at, id AS __event FROM flights", {}, "cannot be the name of a feature"),
    "a name with a space": ('SELECT carrier, left_at, id AS "a b" FROM flights', {}, "cannot be the name of a feature"),
    "an event time after the year 9999": (
        "SELECT carrier, left_at + INTERVAL 9000 YEAR AS left_at, id FROM flights WHERE id < 3",
        {},
        "left_at lies outside the years 1 to 9999 in rows: 3",
    ),
    "a created time that is no moment": (
        "SELECT carrier, left_at, 'infinity'::TIMESTAMPTZ AS written, id FROM flights WHERE id < 3",
        {"created_time": "written"},
        "written lies outside the years 1 to 9999 in rows: 3",
    ),
    "keys and times that are all missing": (
        "SELECT carrier, NULL::TIMESTAMPTZ AS left_at, id FROM flights",
        {},
        "No row has both",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_said_in_words(tmp_path: Path, case: str) -> None:
    sql, changes, words = REFUSED[case]
    with pytest.raises(Invalid, match=words) as refusal:
        build(tmp_path, sql, **changes)
    assert str(tmp_path) not in refusal.value.message + refusal.value.hint
    assert "Candidate" not in refusal.value.message


def test_the_place_of_a_mistake_is_shown(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        build(tmp_path, "SELECT carrier,\n       nope\nFROM flights")
    assert refusal.value.hint == "Line 2: nope" or "nope" in refusal.value.hint


OUT_OF_REACH = {
    "a file of the system": "SELECT * FROM read_text('/etc/passwd')",
    "a folder": "SELECT * FROM glob('/*')",
    "a file beside the granted one": "SELECT * FROM read_csv('{folder}/secret.csv')",
    "a way around by dots": "SELECT * FROM read_csv('{folder}/../{name}/secret.csv')",
    "the environment": "SELECT getenv('HOME') AS carrier",
    "a setting": "SET memory_limit = '100GB'",
    "writing over the granted file": "COPY (SELECT 1) TO '{folder}/flights.parquet'",
    "another database": "ATTACH '{folder}/other.db'",
    "an extension": "INSTALL httpfs",
    "a variable of Python": "SELECT * FROM tmp_path",
}


@pytest.mark.parametrize("case", OUT_OF_REACH)
def test_a_query_reaches_its_tables_and_nothing_else(tmp_path: Path, case: str) -> None:
    (tmp_path / "secret.csv").write_text("word\nxyzzy\n")
    sql = OUT_OF_REACH[case].format(folder=tmp_path, name=tmp_path.name)
    with pytest.raises(Invalid) as refusal:
        build(tmp_path, sql)
    assert "xyzzy" not in refusal.value.message + refusal.value.hint


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    sql = "SELECT a.carrier, a.left_at, a.id FROM flights a, flights b"
    with pytest.raises(Invalid, match="more than 100000 rows"):
        build(tmp_path, sql)


def test_a_query_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    sql = "SELECT carrier, left_at, (SELECT count(*) FROM range(100000000000)) AS x FROM flights"
    with pytest.raises(Invalid, match="took too long"):
        build(tmp_path, sql, limits=Limits(seconds=0.3, memory_mb=512, rows=100, threads=1))


def test_a_query_that_takes_too_much_memory_is_stopped(tmp_path: Path) -> None:
    sql = "SELECT carrier, left_at, len(list(r)) AS x FROM flights, range(100000000) t(r) GROUP BY ALL"
    with pytest.raises(Invalid, match="needs more memory"):
        build(tmp_path, sql, limits=Limits(seconds=60, memory_mb=200, rows=100_000, threads=1))


def test_the_same_order_gives_the_same_bytes(tmp_path: Path) -> None:
    build(tmp_path)
    first = (tmp_path / "rows.parquet").read_bytes()
    build(tmp_path)
    assert (tmp_path / "rows.parquet").read_bytes() == first
