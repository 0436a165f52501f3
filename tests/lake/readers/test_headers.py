"""What stands above rows: names that cannot be columns, years, titles, and how Excel says what separates cells."""

from pathlib import Path

import pyarrow as pa
import pytest

from core.foundation.errors import Invalid
from tests.lake.readers.test_dispatch import parquet, reading_of

HEADER_WITH_A_LINE = b'id,"note\n(free)"\n1,a\n2,b\n'
RENAMED: dict[str, tuple[bytes, list[str], dict[str, str]]] = {
    "a line break": (HEADER_WITH_A_LINE, ["id", "note (free)"], {"note (free)": "note\n(free)"}),
    "no name": (b"a,,c\n1,2,3\n", ["a", "column_2", "c"], {"column_2": ""}),
    "a name twice": (b"a,b,A,a\n1,2,3,4\n", ["a", "b", "A_2", "a_3"], {"A_2": "A", "a_3": "a"}),
    "a new name that is taken": (b"a,a,a_2\n1,2,3\n", ["a", "a_3", "a_2"], {"a_3": "a"}),
    "a control character": (b"a,b\x07\n1,2\n", ["a", "b"], {"b": "b\x07"}),
    "a name without end": (b"a," + b"b" * 300 + b"\n1,2\n", ["a", "b" * 190], {"b" * 190: "b" * 300}),
}


@pytest.mark.parametrize("case", RENAMED)
def test_names_that_cannot_be_columns_are_changed_and_it_is_said(case: str) -> None:
    content, names, changed = RENAMED[case]
    reading = reading_of(content)
    assert reading.table.column_names == names
    assert reading.renamed == changed
    assert reading.choices[0].startswith("Names that cannot be columns were changed: ")


def test_names_of_json_and_parquet_are_changed_too() -> None:
    lines = reading_of(b'{"id":1,"Id":"x","":2}\n', name="t.jsonl")
    assert lines.table.to_pylist() == [{"id": 1, "Id_2": "x", "column_3": 2}]
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "A"])
    assert reading_of(parquet(table), name="t.parquet").table.to_pylist() == [{"a": 1, "A_2": 2}]


def test_a_header_over_two_lines_moves_no_line() -> None:
    reading = reading_of(HEADER_WITH_A_LINE + b"x,c\n" + b"3,d\n" * 30)
    assert (reading.unfit[0].line, reading.unfit[0].text) == (5, "x")
    assert reading.table.num_rows == 33


def test_years_name_columns_where_something_else_stands_below_them() -> None:
    table = reading_of(b"region,2019,2020\nOslo,5,6.5\nBonn,7,8\n").table
    assert table.to_pylist()[0] == {"region": "Oslo", "2019": 5, "2020": 6.5}
    corner = reading_of(b",2019,2020\nOslo,5,6\n").table
    assert corner.column_names == ["column_1", "2019", "2020"]
    for rows in (b"2019,Oslo\n2020,Bonn\n", b"2019,2020\n5,6\n", b"2019,5,x\n2020,6,y\n"):
        with pytest.raises(Invalid, match="has no header"):
            reading_of(rows)
    assert reading_of(b"2019,2020\n5,6\n", header=1).table.to_pylist() == [{"2019": 5, "2020": 6}]


def test_what_stands_above_the_header_is_left_out_and_it_is_said() -> None:
    content = (
        b"Statement;2026\n\nAccount: 17\n\nDate;Amount;Note\n13.04.2026;1,50;a\n14.04.2026;2,25;b\n15.04.2026;oops;c\n"
    )
    content += b"16.04.2026;3,25;d\n" * 40
    reading = reading_of(content)
    assert reading.table.column_names == ["Date", "Amount", "Note"]
    assert "The header is line 5; what stands above it was left out." in reading.choices
    assert reading.unfit[0].line == 8
    short = b'"a";"b"\n"c:";"d"\n"e:";"1,5"\n""\n"x";"y";"z"\n"1";"2";"3"\n"4";"5";"6"\n'
    assert reading_of(short).table.to_pylist() == [{"x": 1, "y": 2, "z": 3}, {"x": 4, "y": 5, "z": 6}]
    chosen = reading_of(b"a,b\nc,d\n1,2\n", header=2)
    assert chosen.table.to_pylist() == [{"c": 1, "d": 2}]
    with pytest.raises(Invalid, match="Line 9 is no header") as refusal:
        reading_of(b"a,b\n1,2\n", header=9)
    assert refusal.value.field == "choices.header"


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ("Betrag\n1,50\n2,75\n", [1.5, 2.75]),
        ("Betrag\n1,50 €\n\n3\nNA\n-2,75 €\n", ["1,50 €", "3", "NA", "-2,75 €"]),
        ("x\n1 234,50-\n(12,00)\n−3,5", [-1234.5, -12.0, -3.5]),
    ],
)
def test_a_comma_in_every_number_of_one_column_separates_no_cells(content: str, values: list[object]) -> None:
    reading = reading_of(content.encode())
    assert reading.table.column_names == [content.partition("\n")[0]]
    assert reading.table.column(0).to_pylist() == values
    assert not any("left out" in line for line in reading.warnings)


def test_one_line_left_out_above_the_header_is_warned_of() -> None:
    reading = reading_of(b"x\na,b\nc,d\n")
    assert reading.table.column_names == ["a", "b"]
    assert reading.warnings[0] == "The header is line 2; what stands above it was left out."
    assert reading_of(b"x\na,b\nc,d\n", header=2).warnings == []
    assert reading_of(b"x\n1,2\n3,4\n", separator=",", header=2).table.to_pylist() == [{"1": 3, "2": 4}]


@pytest.mark.parametrize("start", ["sep=;\r\n", '"sep=;"\n', "\ufeffSEP=;\n"])
def test_the_separator_that_excel_says_is_heeded(start: str) -> None:
    content = f"{start}a;b,c\n1,5;x\n2,25;y\n".encode() + b"oops;z\n" + b"3,5;u\n" * 30
    reading = reading_of(content)
    assert reading.table.to_pylist()[0] == {"a": "1,5", "b,c": "x"}
    assert reading.unfit[0].line == 5


def test_a_header_in_the_middle_is_no_row() -> None:
    rows = b"".join(b"%d,x\n" % number for number in range(50))
    reading = reading_of(b"id,word\n" + rows + b"id,word\n" + rows + b"oops,x\n")
    assert (reading.table.num_rows, reading.rejected) == (101, 0)
    assert "Lines that repeat the header were left out: 1." in reading.choices
    assert reading.unfit[0].line == 103
    assert reading_of(b"word\nword\nother\n").table.num_rows == 2


def test_cells_are_read_by_the_separator_that_splits_all_lines() -> None:
    content = b"Betrag;Datum, Zeit\n1,5;x\n2,25;y\n"
    assert reading_of(content, separator=";").table.to_pylist()[0] == {"Betrag": 1.5, "Datum, Zeit": "x"}
    assert reading_of(b"a;b\n1,5;2,5\n3,5;4,5\n").table.to_pylist()[0] == {"a": 1.5, "b": 2.5}


def test_an_empty_folder_of_lines_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="empty"):
        reading_of(b"\n\n \n")
    with pytest.raises(Invalid, match="empty"):
        reading_of(b"sep=;\n\n")
