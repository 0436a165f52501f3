"""Values at the end of what can be held and beyond: kept, shown and counted, or refused in words; never an error of the
program."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquet
from core.lake.import_values import ImportChoices, ImportSource
from core.lake.imports.job_spec import UPLOAD, ImportResult, ImportSpec
from core.lake.imports.read import STAGED, Workspace, read_import
from core.lake.values import ColumnProfile, TimeZoneRule

NOW = "2024-06-01T00:00:00+00:00"
OPEN_END = b"id,until\n1,9999-12-31 23:59:59\n2,2024-01-01 00:00:00\n"
NAN, INF = float("nan"), float("inf")


def read(path: Path, **choices: Any) -> ImportResult:
    """What an import of a file comes to."""
    source = ImportSource(kind="upload", name=path.name)
    job_spec = ImportSpec(source=source, mode="replace", choices=ImportChoices(**choices))
    outputs = path.parent / "outputs"
    outputs.mkdir()
    return read_import(job_spec, Workspace({UPLOAD: path}, outputs, NOW))


def read_table(folder: Path, table: pa.Table, **choices: Any) -> ImportResult:
    pq.write_table(table, folder / "rows.parquet")
    return read(folder / "rows.parquet", **choices)


def profile_of(result: ImportResult, name: str) -> ColumnProfile:
    return next(profile for profile in result.kept.profile if profile.name == name)


def shown_in(result: ImportResult, name: str) -> list[Any]:
    return [row[result.preview.columns.index(name)] for row in result.preview.rows]


@pytest.mark.parametrize(
    ("zone", "last"),
    [
        ("America/New_York", "+010000-01-01T04:59:59Z"),
        ("Asia/Tokyo", "9999-12-31T14:59:59Z"),
        ("UTC", "9999-12-31T23:59:59Z"),
    ],
)
def test_the_last_second_of_the_calendar_is_kept_in_every_zone(tmp_path: Path, zone: str, last: str) -> None:
    (tmp_path / "open.csv").write_bytes(OPEN_END)
    result = read(tmp_path / "open.csv", zones=(TimeZoneRule(column="until", zone=zone),))
    assert shown_in(result, "until")[0] == last
    assert profile_of(result, "until").maximum == last
    assert "Rows in which until lies in the future: 1." in result.kept.report.warnings


def test_the_first_second_of_the_calendar_is_kept_in_every_zone(tmp_path: Path) -> None:
    (tmp_path / "open.csv").write_bytes(b"id,since\n1,0001-01-01 00:00:00\n2,2024-01-01 00:00:00\n")
    result = read(tmp_path / "open.csv", zones=(TimeZoneRule(column="since", zone="Asia/Tokyo"),))
    assert shown_in(result, "since")[0] == "0000-12-31T14:41:01Z"
    assert profile_of(result, "since").minimum == "0000-12-31T14:41:01Z"


def engine_file(folder: Path, column: str) -> Path:
    """A file as the engine writes it."""
    path = folder / "rows.parquet"
    pq.write_table(duckdb.sql(f"SELECT {column}").to_arrow_table(), path)
    return path


FAR = "unnest(['-infinity', '0044-03-15 (BC)', '2024-01-01', '290000-01-01', 'infinity', NULL]::{type}[])"


@pytest.mark.parametrize(
    ("of_type", "instant"), [("TIMESTAMP", "T00:00:00"), ("TIMESTAMPTZ", "T00:00:00Z"), ("DATE", "")]
)
def test_times_beyond_the_calendar_are_shown_and_infinity_is_counted(
    tmp_path: Path, of_type: str, instant: str
) -> None:
    result = read(engine_file(tmp_path, f"{FAR.format(type=of_type)} AS at"))
    days = [f"{day}{instant}" for day in ("-000043-03-15", "2024-01-01", "+290000-01-01")]
    assert shown_in(result, "at") == ["-infinity", *days, "infinity", None]
    profile = profile_of(result, "at")
    assert (profile.nulls, profile.not_finite, profile.minimum, profile.maximum) == (1, 2, days[0], days[2])
    assert sum(count for _label, count in profile.bins) == 3
    warnings = " ".join(result.kept.report.warnings)
    assert "Rows in which at is NaN or infinite: 2." in warnings
    assert "in the future" in warnings


def test_old_times_of_parquet_are_read_in_every_year(tmp_path: Path) -> None:
    """As nanoseconds the last second of the year 9999 is one of 1816."""
    table = pa.table(
        {"at": pa.array([datetime(9999, 12, 31, 23, 59, 59), datetime(1, 1, 1), None], pa.timestamp("us"))}
    )
    pq.write_table(table, tmp_path / "rows.parquet", use_deprecated_int96_timestamps=True)
    result = read(tmp_path / "rows.parquet")
    assert shown_in(result, "at") == ["9999-12-31T23:59:59", "0001-01-01T00:00:00", None]
    assert result.kept.report.choices == (
        "The times of at are INT96, an old form of Parquet; they are read to the microsecond.",
    )


def test_times_beyond_the_calendar_have_no_time_window(tmp_path: Path) -> None:
    path = engine_file(tmp_path, f"{FAR.format(type='TIMESTAMP')} AS at")
    written = read(path, partition_by="at", partition="month").written
    assert [(item.file.partition, item.file.rows) for item in written] == [("2024-01", 1), ("none", 5)]


def test_an_infinite_local_time_stays_infinite(tmp_path: Path) -> None:
    path = engine_file(tmp_path, "unnest(['-infinity', '2024-01-01', 'infinity', NULL]::TIMESTAMP[]) AS at")
    result = read(path, zones=(TimeZoneRule(column="at", zone="America/New_York"),))
    assert shown_in(result, "at") == ["-infinity", "2024-01-01T05:00:00Z", "infinity", None]


def test_a_local_time_of_a_year_without_zones_is_refused_in_words(tmp_path: Path) -> None:
    path = engine_file(tmp_path, f"{FAR.format(type='TIMESTAMP')} AS at")
    with pytest.raises(Invalid, match="at has local times outside the years 1 to 9999, in rows: 2"):
        read(path, zones=(TimeZoneRule(column="at", zone="America/New_York"),))


@pytest.mark.parametrize(
    ("of_type", "name"),
    [
        (pa.decimal256(50, 2), "DECIMAL(38,2)"),
        (pa.decimal256(20, 2), "DECIMAL(20,2)"),
        (pa.decimal128(18, 2), "DECIMAL(18,2)"),
        (pa.decimal64(12, 2), "DECIMAL(12,2)"),
        (pa.decimal32(5, 2), "DECIMAL(5,2)"),
        (pa.dictionary(pa.int32(), pa.decimal256(50, 2)), "DECIMAL(38,2)"),
    ],
)
def test_decimals_of_every_width_are_read_exactly(tmp_path: Path, of_type: pa.DataType, name: str) -> None:
    plain = of_type.value_type if pa.types.is_dictionary(of_type) else of_type
    money = pa.array([Decimal("1.25"), Decimal("-2.50"), None], plain)
    money = money.dictionary_encode() if plain != of_type else money
    with (
        pa.OSFile(str(tmp_path / "rows.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, pa.schema([("money", money.type)])) as writer,
    ):
        writer.write_table(pa.table({"money": money}))
    result = read(tmp_path / "rows.arrow")
    assert (result.preview.types, shown_in(result, "money")) == ((name,), ["1.25", "-2.50", None])
    assert duckdb.read_parquet(str(tmp_path / "outputs" / STAGED)).types[0] == name


@pytest.mark.parametrize(
    ("value", "of_type", "words"),
    [
        (Decimal(10**45), pa.decimal256(50, 2), r"'money' has values that DECIMAL\(38,2\) cannot hold exactly"),
        (Decimal(1).scaleb(-50), pa.decimal256(76, 50), r"'money' is decimal256\(76, 50\), which"),
    ],
)
def test_a_decimal_of_too_many_digits_is_refused_in_words(
    tmp_path: Path, value: Decimal, of_type: pa.DataType, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        read_table(tmp_path, pa.table({"money": pa.array([value], of_type)}))


def test_what_is_not_finite_is_counted_beside_the_nulls(tmp_path: Path) -> None:
    table = pa.table({"x": [NAN, NAN, NAN, NAN], "y": [INF, -INF, 1.0, None]})
    result = read_table(tmp_path, table)
    counts = [(profile.nulls, profile.not_finite, profile.maximum) for profile in result.kept.profile]
    assert counts == [(0, 4, ""), (1, 2, "1.0")]
    assert shown_in(result, "y") == ["inf", "-inf", 1.0, None]
    assert result.kept.report.warnings == (
        "Rows in which x is NaN or infinite: 4. No figure counts them.",
        "Rows in which y is NaN or infinite: 2. No figure counts them.",
    )


@pytest.mark.parametrize(
    ("values", "bins"), [([-1.7e308, 1.7e308], 0), ([1.7e308, 1.6e308], 2), ([5e-324, 0.0], 2), ([1e300, 1e300], 2)]
)
def test_a_figure_that_overflows_is_no_error(tmp_path: Path, values: list[float], bins: int) -> None:
    profile = profile_of(read_table(tmp_path, pa.table({"x": values})), "x")
    assert (profile.minimum, profile.maximum) == (str(min(values)), str(max(values)))
    assert sum(count for _label, count in profile.bins) == bins
    assert profile.mean is None or profile.mean == pytest.approx(sum(values) / 2)


def test_whole_numbers_at_their_ends_are_exact(tmp_path: Path) -> None:
    table = pa.table({"u": pa.array([2**64 - 1, 0], pa.uint64()), "i": pa.array([-(2**63), 2**63 - 1], pa.int64())})
    result = read_table(tmp_path, table)
    assert result.preview.rows == ((2**64 - 1, -(2**63)), (0, 2**63 - 1))
    assert profile_of(result, "u").maximum == str(2**64 - 1)
    assert read_parquet(tmp_path / "outputs" / STAGED).equals(table)


def test_the_ends_of_a_column_are_those_of_all_its_parts(tmp_path: Path) -> None:
    days = pa.array([date(2024, 1, 1), date(9999, 12, 31), date(1, 1, 1)], pa.date32())
    later = pa.array([datetime(2024, 1, 1, tzinfo=UTC)] * 3, pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"day": days, "at": later}), tmp_path / "rows.parquet", row_group_size=1)
    profile = profile_of(read(tmp_path / "rows.parquet"), "day")
    assert (profile.minimum, profile.maximum) == ("0001-01-01", "9999-12-31")
