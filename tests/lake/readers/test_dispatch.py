"""Files that people send: read exactly, or refused in words that say what to do."""

import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.foundation.errors import Invalid
from core.lake.import_values import ImportChoices
from core.lake.readers.csv_dialect import MOST_LINE
from core.lake.readers.dispatch import read_file
from core.lake.readers.reader import Workspace
from core.lake.readers.table_stream import Reading
from core.lake.readers.time_zones import ZoneRules, check_known
from core.lake.values import TimeZoneRule


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def reading_of(content: bytes, *, name: str = "t.csv", **choices: Any) -> Reading:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "content"
        path.write_bytes(content)
        reading = read_file(path, name=name, workspace=Workspace(ImportChoices(**choices)))
        rows = reading.table
        reading.tables = (rows,)
        return reading


def read_upload(filename: str, content: bytes) -> Reading:
    return reading_of(content, name=filename)


def apply_zones(table: pa.Table, rules: list[TimeZoneRule]) -> tuple[pa.Table, list[str]]:
    zones = ZoneRules(rules, table.schema)
    return zones.apply(table), zones.words()


def zipped(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("table.csv", content)
    return sink.getvalue()


GOOD = b"id,when,x,word\n1,2013-01-01T10:00:00Z,1.5,a\n2,2013-01-02T10:00:00Z,,\n"
BAD: dict[str, tuple[str, bytes, str]] = {
    "nothing": ("t.csv", b"", "empty"),
    "only white space": ("t.csv", b" \n\n ", "empty"),
    "a header and no rows": ("t.csv", b"a,b\n", "no rows"),
    "no header": ("t.csv", b"1,2\n3,4\n", "no header"),
    "too many columns": ("t.csv", b",".join(b"c%d" % n for n in range(10_000)) + b"\n", "2000 columns"),
    "mixed encodings": ("t.csv", "name\nZürich\n".encode() + "Zürich\n".encode("latin-1"), "mixes encodings"),
    "a NUL byte": ("t.csv", b"a,b\n1,2\n3,\x004\n", "Line 3 has a NUL byte"),
    "a NUL byte in UTF-16": ("t.csv", "a,b\n1,2\n3,\x004\n".encode("utf-16"), "Line 3 has a NUL byte"),
    "no separator that fits all lines": ("t.csv", b"a b\n1,2\n3,4,5\n", "2 of 2 lines"),
    "one row of 9 MB": ("t.csv", b"a,b\n1," + b"x" * 9 * 2**20 + b"\n", "longer than 4 MB"),
    "a quotation mark left open": ("t.csv", b'a,b\n1,"x\n' + b"2,y\n" * 2**21, "longer than 4 MB"),
    "one JSON list": ("t.json", b'[{"a": 1}]', "one JSON list"),
    "JSON lines of two minds": ("t.jsonl", b'{"a": 1}\n{"a": "x"}\n', "cannot be read"),
    "a nested object": ("t.jsonl", b'{"a": {"b": 1}}\n', "struct"),
    "torn Arrow": ("t.arrow", b"ARROW1\0\0" + b"x" * 50, "damaged"),
    "torn gzip": ("t.csv.gz", b"\x1f\x8b" + b"x" * 50, "gzip file is damaged"),
    "many ragged lines": ("t.csv", b"a,b\n" + b"1,2\n1,2,3\n" * 50, "50 of 100 lines"),
    "a ZIP, which is an index of files": ("t.csv", zipped(GOOD), "is ZIP"),
    "an old workbook": ("t.xls", b"\xd0\xcf\x11\xe0" + b"x" * 50, "is XLS"),
    "torn Parquet": ("t.parquet", parquet(pa.table({"a": [1]}))[:-20], "damaged"),
    "Parquet without rows": ("t.parquet", parquet(pa.table({"a": pa.array([], pa.int64())})), "no rows"),
    "a list": ("t.parquet", parquet(pa.table({"a": [[1, 2]]})), "list"),
    "a struct": ("t.parquet", parquet(pa.table({"a": [{"b": 1}]})), "struct"),
    "bytes": ("t.parquet", parquet(pa.table({"a": [b"x"]})), "binary"),
    "a time finer than a microsecond": (
        "t.parquet",
        parquet(pa.table({"a": pa.array([1_500], pa.timestamp("ns"))})),
        "cannot hold exactly",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_reason(case: str) -> None:
    filename, content, reason = BAD[case]
    with pytest.raises(Invalid, match=reason) as refusal:
        read_upload(filename, content)
    assert refusal.value.field in ("content", "filename")


def test_a_flipped_bit_in_a_page_is_found() -> None:
    content = bytearray(parquet(pa.table({"a": list(range(5000))}), write_page_checksum=True, use_dictionary=False))
    content[len(content) // 2] ^= 1
    with pytest.raises(Invalid, match="damaged"):
        read_upload("t.parquet", bytes(content))


def test_a_csv_file_is_read_with_its_types() -> None:
    table = read_upload("Flights.CSV", GOOD).table
    assert table.to_pylist() == [
        {"id": 1, "when": datetime(2013, 1, 1, 10, tzinfo=UTC), "x": 1.5, "word": "a"},
        {"id": 2, "when": datetime(2013, 1, 2, 10, tzinfo=UTC), "x": None, "word": None},
    ]
    assert table.schema.field("when").type == pa.timestamp("us", "UTC")


def test_a_byte_order_mark_is_not_part_of_the_first_name() -> None:
    assert read_upload("t.csv", b"\xef\xbb\xbf" + GOOD).table.column_names[0] == "id"


def test_a_type_is_decided_by_every_value_and_not_by_the_first_ones() -> None:
    content = b"x\n" + b"1\n" * 500_000 + b"one\n"
    assert read_upload("t.csv", content).table.schema.field("x").type == pa.string()


def test_na_is_missing_among_numbers_and_a_word_among_words() -> None:
    table = read_upload("t.csv", b"country,x\nNA,NA\nDE,2\n").table
    assert table.to_pylist() == [{"country": "NA", "x": None}, {"country": "DE", "x": 2}]


def test_a_few_ragged_lines_are_left_out_and_reported() -> None:
    reading = read_upload("t.csv", b"a,b\n" + b"1,2\n" * 500 + b"1,2,3\n")
    assert (reading.table.num_rows, reading.rejected) == (500, 1)
    assert "3 cells instead of 2" in reading.reasons[0]


def test_a_ragged_line_is_named_by_where_it_stands_in_the_file() -> None:
    """Empty lines and lines inside of cells count."""
    reading = read_upload("t.csv", b'a,b\n1,"x\ny"\n' + b"1,2\n" * 400 + b"1,2,3\n\n5,6\n1\n")
    assert reading.table.num_rows == 402
    assert [(reject.line, reject.value) for reject in reading.rejects] == [(404, "1,2,3"), (407, "1")]


def test_quoted_cells_may_hold_lines_and_commas() -> None:
    assert read_upload("t.csv", b'a,b\n"x,\ny",1\n').table.to_pylist() == [{"a": "x,\ny", "b": 1}]


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("t.jsonl", b'{"a":"x"}\n{"a":"x\\u0000y"}\n'),
        ("t.parquet", parquet(pa.table({"a": ["x", "x\0y"]}))),
        ("t.parquet", parquet(pa.table({"a": pa.array(["x\0y"]).dictionary_encode()}))),
        ("t.csv", b"a,b\n1,x\0y\n"),
    ],
)
def test_no_text_has_a_nul_in_whatever_file_it_comes(filename: str, content: bytes) -> None:
    with pytest.raises(Invalid, match="a NUL"):
        read_upload(filename, content)


def test_an_arrow_file_that_points_out_of_itself_is_damaged() -> None:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, pa.schema([("a", pa.string())])) as file:
        file.write_table(pa.table({"a": ["x", "y"]}))
    offsets = b"".join(offset.to_bytes(4, "little") for offset in (0, 1, 2))
    content = sink.getvalue().replace(offsets, offsets[:4] + (65_281).to_bytes(4, "little") + offsets[8:])
    with pytest.raises(Invalid, match="The Arrow file is damaged"):
        read_upload("t.arrow", content)


OPEN = {
    "in the last column": b'a,b\n1,2\n3,"x\n' + b"4,5\n" * 50,
    "in another column": b'a,b\n1,2\n"3,x\n' + b"4,5\n" * 50,
    "before a doubled one": b'a,b\n1,2\n3,"x""\n4,5',
}


@pytest.mark.parametrize("case", OPEN)
def test_a_quotation_mark_that_is_never_closed_takes_no_lines_for_one_cell(case: str) -> None:
    with pytest.raises(Invalid, match="The quotation mark in line 3 is never closed"):
        read_upload("t.csv", OPEN[case])


@pytest.mark.parametrize(
    "content", [b'a,b\n1,"x\n"', b'a,b\n1,"x\n"\n', b'a,b\n1,"""x""\n"\n\n', b'a,b\r\n1,"x\r\n"\r\n']
)
def test_a_last_cell_may_end_with_a_line(content: bytes) -> None:
    assert read_upload("t.csv", content).table.column("b").to_pylist()[0].strip() in ("x", '"x"')


def test_a_cell_may_be_as_long_as_the_parts_that_are_read_at_once() -> None:
    reading = read_upload("t.csv", b"a,b\n" + b"1,2\n" * 300 + b"1," + b"x" * (MOST_LINE + 9) + b"\n2,3\n")
    assert [(cells.column, cells.line) for cells in reading.unfit] == [("b", 302)]


def test_a_column_without_any_value_is_text() -> None:
    assert read_upload("t.csv", b"a,b\n1,\n2,\n").table.column("b").to_pylist() == [None, None]


def test_parquet_keeps_exact_values() -> None:
    table = pa.table(
        {
            "big": [2**53 + 1, None],
            "day": [date(2013, 1, 1), None],
            "word": pa.array(["a", None]).dictionary_encode(),
            "when": pa.array([1_000_000, None], pa.timestamp("ms", "America/New_York")),
        }
    )
    read = read_upload("t.parquet", parquet(table)).table
    assert read.column("big").to_pylist() == [2**53 + 1, None]
    assert read.schema.field("when").type == pa.timestamp("us", "UTC")
    assert read.schema.field("word").type == pa.string()


def naive(*texts: str) -> pa.Table:
    return pa.table({"t": pa.array([datetime.fromisoformat(text) for text in texts], pa.timestamp("us"))})


NEW_YORK = TimeZoneRule(column="t", zone="America/New_York")


def test_a_naive_column_becomes_instants_by_its_zone() -> None:
    table, choices = apply_zones(naive("2013-03-10T01:59", "2013-03-10T03:00", "2013-07-01T12:00"), [NEW_YORK])
    assert [moment.strftime("%d %H:%M") for moment in table.column("t").to_pylist()] == [
        "10 06:59",
        "10 07:00",
        "01 16:00",
    ]
    assert choices == ["t is read as local time of America/New_York."]


def test_of_an_hour_that_the_clock_shows_twice_the_first_is_taken_and_told() -> None:
    table, choices = apply_zones(naive("2013-11-03T01:30", "2013-11-03T02:30"), [NEW_YORK])
    assert [moment.hour for moment in table.column("t").to_pylist()] == [5, 7]
    assert "1 times of t were shown twice" in choices[1]


ZONE_MISTAKES = {
    "a time that never was": (naive("2013-03-10T02:30"), NEW_YORK, "never were"),
    "an unknown zone": (naive("2013-01-01"), TimeZoneRule(column="t", zone="EST5"), "no time zone"),
    "a path for a zone": (naive("2013-01-01"), TimeZoneRule(column="t", zone="../../etc/passwd"), "no time zone"),
    "an unknown column": (naive("2013-01-01"), TimeZoneRule(column="u", zone="UTC"), "no column"),
    "an instant already": (
        pa.table({"t": pa.array([0], pa.timestamp("us", "UTC"))}),
        NEW_YORK,
        "only a naive time needs a zone",
    ),
}


@pytest.mark.parametrize("case", ZONE_MISTAKES)
def test_a_zone_that_does_not_fit_is_refused(case: str) -> None:
    table, rule, reason = ZONE_MISTAKES[case]
    with pytest.raises(Invalid, match=reason):
        apply_zones(table, [rule])


@pytest.mark.parametrize("known", [{"x": "when"}, {"delay": "word"}, {"delay": "nowhere"}])
def test_a_mark_names_a_column_and_a_column_of_times(known: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        check_known({"delay": "BIGINT", "when": "TIMESTAMP", "word": "VARCHAR"}, known)
    check_known({"delay": "BIGINT", "when": "TIMESTAMP"}, {"delay": "when"})
