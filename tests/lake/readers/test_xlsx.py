"""Workbooks as people have them: what a cell says comes in, and what could take the machine down is refused."""

import gzip
import io
import warnings
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest

from core.foundation.errors import Invalid
from core.lake.readers import workbook, xlsx
from core.lake.readers.table_stream import Reading
from tests.lake.readers.test_dispatch import reading_of
from tests.lake.readers.workbook_parts import PARTS, SHEET, STYLES


def book(*sheets: tuple[str, list[list[Any]]], merged: str = "", formats: dict[str, str] | None = None) -> bytes:
    created = openpyxl.Workbook()
    created.remove(created.active)
    for title, rows in sheets:
        sheet = created.create_sheet(title)
        for row in rows:
            sheet.append(row)
    if merged:
        sheet.merge_cells(merged)
    for cell, number_format in (formats or {}).items():
        sheet[cell].number_format = number_format
    return saved(created)


def saved(created: openpyxl.Workbook) -> bytes:
    sink = io.BytesIO()
    created.save(sink)
    return sink.getvalue()


def xlsx_of(content: bytes, **choices: Any) -> Reading:
    with warnings.catch_warnings(action="error"):
        return reading_of(content, name="t.xlsx", **choices)


def changed(content: bytes, name: str, replace: tuple[bytes, bytes]) -> bytes:
    """The workbook with other bytes in one of its parts."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            part = old.read(info)
            new.writestr(info.filename, part.replace(*replace) if info.filename == name else part)
    return sink.getvalue()


SALES = [
    ["Sales 2025"],
    [],
    ["Zip", "Price", "Signed", "At", "Share", "Sold", 2019, "As text"],
    ["01067", 485000, date(2025, 3, 30), datetime(2025, 3, 30, 14, 15), 0.125, True, 5, "1.234,50"],
    ["10115", 98500.5, date(2025, 7, 14), datetime(2025, 7, 14), 0.5, False, 6, "2,5"],
]


def test_cells_are_what_they_say() -> None:
    table = xlsx_of(book(("Sales", SALES))).table
    assert table.to_pylist()[0] == {
        "Zip": "01067",
        "Price": 485000.0,
        "Signed": date(2025, 3, 30),
        "At": datetime(2025, 3, 30, 14, 15),
        "Share": 0.125,
        "Sold": True,
        "2019": 5,
        "As text": 1234.5,
    }


def test_what_was_decided_about_a_sheet_is_said() -> None:
    reading = xlsx_of(book(("Sales", SALES)))
    assert reading.choices[:2] == [
        "The sheet 'Sales' was read.",
        "The header is line 3; what stands above it was left out.",
    ]
    assert "Zip is text: as numbers its values would lose their leading zeros." in reading.choices
    assert "As text is DOUBLE, written as 1.234,5: decimal comma." in reading.choices
    assert reading.warnings == []


VALUES = [
    (None, ""),
    ("", ""),
    ("007", "007"),
    ("one_x000D_\ntwo_x0009_", "one\r\ntwo\t"),
    ("_x005F_x0041_ _x0000_ _xD83D_ a_x1", "_x0041_ _x0000_ _xD83D_ a_x1"),
    (7, "7"),
    (7.0, "7"),
    (0.1 + 0.2, "0.30000000000000004"),
    (1e20, "1e+20"),
    (True, "true"),
    (datetime(2025, 1, 2), "2025-01-02"),
    (datetime(2025, 1, 2, 3, 4, 5, 600_000), "2025-01-02 03:04:05.600000"),
    (time(3, 4), "03:04:00"),
    (timedelta(hours=37, minutes=5), "37:05:00"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_a_value_of_a_cell_is_a_text(value: Any, text: str) -> None:
    assert xlsx.text_of(value) == text


def test_errors_are_cells_that_do_not_fit_and_missing_ones_are_missing() -> None:
    rows = [["x", "y"], *([n, n] for n in range(30)), ["#REF!", "#N/A"]]
    reading = xlsx_of(book(("S", rows)))
    assert reading.warnings == ["x is text because of 1 of 31 values: '#REF!' in line 32. The others are BIGINT."]
    assert reading.table.column("y").to_pylist()[-2:] == [29, None]
    assert xlsx_of(book(("S", rows)), unfit={"x": "reject"}).reasons == ["Line 32: '#REF!' in x is no BIGINT"]


def test_numbers_of_cells_have_a_point() -> None:
    """1.100 of a cell is never 1100, and a text among such numbers is no number of its own."""
    plain = xlsx_of(book(("S", [["x"], [1.125], [2.375]]))).readings[0]
    assert (plain.reading.type, plain.is_asked) == ("DOUBLE", False)
    mixed = xlsx_of(book(("S", [["x"], [1.125], ["1.234,50"]])))
    assert mixed.table.column("x").to_pylist() == ["1.125", "1.234,50"]
    texts = xlsx_of(book(("S", [["x"], ["1.125"], ["2.375"]]))).readings[0]
    assert texts.is_asked


def test_one_sheet_is_read_and_a_person_chooses_which() -> None:
    content = book(("Empty", []), ("First", [["a"], [1]]), ("Second", [["b"], [2]]))
    reading = xlsx_of(content)
    assert (reading.table.to_pylist(), reading.sheets) == ([{"a": 1}], ("First", "Second"))
    assert reading.warnings[0] == "The workbook has other sheets, too: 'Second'."
    chosen = xlsx_of(content, sheet="Second")
    assert (chosen.table.to_pylist(), chosen.sheets) == ([{"b": 2}], ("Second", "First"))
    assert not any("other sheets" in line for line in chosen.warnings)
    with pytest.raises(Invalid, match="no sheet 'Third' with rows") as refusal:
        xlsx_of(content, sheet="Third")
    assert refusal.value.hint == "It has: First, Second."


def test_what_a_sheet_does_not_say_is_told() -> None:
    content = book(("S", [["a", "b", "c"], ["x", None, "=1+1"], ["y", 2, "=1+2"]]), merged="A2:B2")
    reading = xlsx_of(content)
    assert reading.warnings[:2] == [
        "Merged cells: 1. Each has its value in its first cell, and is empty in the others.",
        "Formulas without a value: 2. Open the workbook in Excel and save it: then they have one.",
    ]
    calculated = changed(content, "xl/worksheets/sheet1.xml", (b"<v />", b"<v>7</v>"))
    assert xlsx_of(calculated).table.column("c").to_pylist() == [7, 7]


def test_rows_keep_their_numbers_and_columns_their_places() -> None:
    created = openpyxl.Workbook()
    sheet = created.active
    for row, (name, value) in enumerate([("name", "value"), ("a", 1), ("b", 2)], start=3):
        sheet.cell(row, 2, name)
        sheet.cell(row + (row > 4), 3, value)
    sheet.cell(50, 3, "oops")
    for row in range(51, 90):
        sheet.cell(row, 3, 5)
    reading = xlsx_of(saved(created))
    assert reading.table.column_names == ["name", "value"]
    assert (reading.unfit[0].line, reading.unfit[0].text) == (50, "oops")


def test_cells_are_where_they_say_in_whatever_order_they_come() -> None:
    cells = PARTS[SHEET].partition("<row")[0] + "".join(
        f'<row r="{row}"><c r="B{row}"><v>{row}2</v></c><c r="A{row}"><v>{row}1</v></c></row>' for row in (40, 42)
    )
    header = '<row r="30"><c r="A30" t="s"><v>0</v></c><c r="B30" t="s"><v>2</v></c></row>'
    sheet = f"{cells.replace('<row', header + '<row', 1)}</sheetData></worksheet>"
    assert xlsx_of(packed(PARTS | {SHEET: sheet})).table.to_pydict() == {"Tag": [401, 421], "Summe": [402, 422]}


def test_a_header_that_is_repeated_is_no_row_and_another_can_be_chosen() -> None:
    rows = [["old", "names"], ["a", "b"], [1, 2], ["a", "b"], [3, 4]]
    reading = xlsx_of(book(("S", rows)), header=2)
    assert reading.table.to_pylist() == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert "Lines that repeat the header were left out: 1." in reading.choices
    with pytest.raises(Invalid, match="Line 40 is no header"):
        xlsx_of(book(("S", rows)), header=40)
    with pytest.raises(Invalid, match="no header"):
        xlsx_of(book(("S", [[1, 2], [3, 4]])))


def test_a_workbook_may_be_packed() -> None:
    assert reading_of(gzip.compress(book(("S", [["a"], [1]]))), name="t.xlsx.gz").table.to_pylist() == [{"a": 1}]


GOOD = book(("S", [["a"], [1]]))
FAR = b'<c r="A2"'
BAD = {
    "torn": (GOOD[:-200], "damaged"),
    "no workbook": (changed(GOOD, "[Content_Types].xml", (b"spreadsheetml.sheet.main", b"word")), "damaged"),
    "torn XML": (changed(GOOD, SHEET, (b"</row>", b"<row>")), "damaged"),
    "entities": (changed(GOOD, STYLES, (b"<styleSheet", b"<!DOCTYPE a><styleSheet")), "larger than"),
    "many styles": (changed(GOOD, STYLES, (b"<cellXfs", b"<xf/>" * 600_000 + b"<cellXfs")), "larger than 32 MB"),
    "a column far out": (changed(GOOD, SHEET, (FAR, b'<c r="XFD2"')), "More than 2000 columns"),
    "a row far out": (changed(GOOD, SHEET, (b'<row r="2"', b'<row r="99999999"')), "at most 1048576 rows"),
    "rows in no order": (changed(GOOD, SHEET, (b'<row r="2"', b'<row r="1"')), "damaged"),
    "two cells in one place": (changed(GOOD, SHEET, (FAR, FAR + b"/>" + FAR)), "damaged"),
    "a header and no rows": (book(("S", [["a", "b"]])), "no rows"),
    "nothing": (book(("S", [])), "no sheet with rows"),
    "an open document": (b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument", "OpenDocument"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_workbook_is_refused_with_its_reason(case: str) -> None:
    content, reason = BAD[case]
    with pytest.raises(Invalid, match=reason) as refusal:
        xlsx_of(content)
    assert refusal.value.field == "content"


def packed(parts: dict[str, str]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return sink.getvalue()


def test_a_workbook_as_excel_writes_it() -> None:
    """Texts in a part of their own, dates as numbers with a format, and a size that is none."""
    reading = xlsx_of(packed(PARTS), unfit={"Zeit": "missing", "Summe": "missing"}, types={"Zeit": "TIMESTAMP"})
    assert reading.table.to_pylist() == [
        {"Tag": date(2025, 3, 30), "Zeit": datetime(2025, 3, 30, 14, 30), "Summe": 0.30000000000000004, "N1": WORDS},
        {"Tag": date(2025, 3, 31), "Zeit": None, "Summe": None, "N1": None},
    ]
    assert ("#VALUE!", 3) in [(cells.text, cells.line) for cells in reading.unfit]


WORDS = "Text, der fett ist"


def test_days_since_1904_are_days() -> None:
    parts = PARTS | {"xl/workbook.xml": PARTS["xl/workbook.xml"].replace('date1904="0"', 'date1904="1"')}
    assert xlsx_of(packed(parts)).table.column("Tag").to_pylist()[0] == date(2029, 3, 31)


def test_what_a_workbook_unpacks_to_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    content = packed(PARTS)
    assert xlsx_of(content).table.num_rows == 2
    for name, most in (("MOST_TEXTS", 200), ("MOST_UNPACKED", 3000), ("MOST_PART", 500)):
        with monkeypatch.context() as patched:
            patched.setattr(workbook, name, most)
            with pytest.raises(Invalid, match="larger than"):
                xlsx_of(content)


def test_one_row_without_end_is_never_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_PART", 2**20)
    monkeypatch.setattr(workbook, "CHUNK", 2**16)
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c></row>' for row in range(4, 50_000))
    sheet = PARTS[SHEET]
    long = packed(PARTS | {SHEET: sheet.replace("</sheetData>", f"{rows}</sheetData>")})
    assert xlsx_of(long).table.num_rows == 49_998
    cell = f'<row r="4"><c r="A4" t="inlineStr"><is><t>{"x" * 2**21}</t></is></c></row>'
    with pytest.raises(Invalid, match="larger than"):
        xlsx_of(packed(PARTS | {SHEET: sheet.replace("</sheetData>", f"{cell}</sheetData>")}))
