"""Tables of texts: what was in the file comes in as it was there, and what a person chooses is applied to the texts."""

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from core.foundation.errors import Invalid
from core.lake.readers.csv_dialect import MOST_LINE
from core.lake.readers.table_stream import Reading
from core.lake.texts.interpretation import MOST_UNFIT
from core.lake.values import UnfitCells
from tests.lake.readers.test_dispatch import reading_of

LONG_IDS = b"account,amount\n12345678901234567890,1\n12345678901234567891,2\n12345678901234567892,3\n"
IDS_WITH_NAN = b"account,amount\n9007199254740993,1\n9007199254740995,2\nNaN,3\n"
IDS_AND_A_FRACTION = b'{"id":9007199254740993}\n{"id":1.5}\n'
MONEY = b"id,price\n1,1234567890123456.78\n2,0.10\n3,1.005\n"
ODD = b"amount,note\n" + b"5,a\n" * 40 + b"oops,b\n6,c\n"
# A thousand such cells are more than is read at once.
WIDE = b"w" * 4096
OF_ODD = UnfitCells(column="amount", type="BIGINT", count=1, values=42, text="oops", line=42)


def column(name: str, content: bytes, **choices: Any) -> list[Any]:
    return reading_of(content, **choices).table.column(name).to_pylist()


# As a bookkeeping program in Germany writes it.
BOOKED = b"Betrag;Datum;Bezahlt;Anteil\n1.234,50;13.04.2026;ja;12,5 %\n-0,99;03.04.2026;nein;3 %\n"


def json_of(content: bytes, **choices: Any) -> Reading:
    return reading_of(content, name="t.jsonl", **choices)


def test_ids_longer_than_64_bits_are_text_and_it_is_said() -> None:
    reading = reading_of(LONG_IDS)
    assert reading.table.column("account").to_pylist() == [f"1234567890123456789{digit}" for digit in "012"]
    assert "account is text: as numbers its values would lose digits." in reading.choices


def test_long_ids_keep_their_digits_beside_a_word_for_nothing() -> None:
    reading = reading_of(IDS_WITH_NAN)
    assert reading.table.column("account").to_pylist() == [9007199254740993, 9007199254740995, None]
    assert "Read as missing in account: 'NaN' (1)." in reading.choices


def test_long_ids_keep_their_digits_beside_a_fraction() -> None:
    reading = json_of(IDS_AND_A_FRACTION)
    assert reading.table.column("id").to_pylist() == ["9007199254740993", "1.5"]
    assert reading.choices == ["id is text: as numbers its values would lose digits. DECIMAL(18,1) holds all of them."]
    assert reading.exact_types == ("DECIMAL(18,1)",)
    exact = json_of(IDS_AND_A_FRACTION, types={"id": "DECIMAL(18,1)"}).table.column("id")
    assert exact.to_pylist() == [Decimal("9007199254740993.0"), Decimal("1.5")]


def test_decimals_are_filled_from_the_texts() -> None:
    chosen = column("price", MONEY, types={"price": "DECIMAL(19,3)"})
    assert list(map(str, chosen)) == ["1234567890123456.780", "0.100", "1.005"]
    assert column("price", MONEY) == ["1234567890123456.78", "0.10", "1.005"]
    even = MONEY.replace(b"1.005", b"1.00")
    assert reading_of(even).table.schema.field("price").type == pa.decimal128(18, 2)


@pytest.mark.parametrize(
    ("chosen", "where"),
    [
        ("DECIMAL(18,2)", r"\(1 of 3 values: '1.005' in line 4\)"),
        ("DOUBLE", r"\(1 of 3 values: '1234567890123456.78' in line 2\)"),
        ("BIGINT", r"\(3 of 3 values: '1234567890123456.78' in line 2\)"),
    ],
)
def test_a_value_with_more_digits_than_its_type_holds_is_refused_with_its_line(chosen: str, where: str) -> None:
    with pytest.raises(Invalid, match=f"price has values that are no .*{where}") as refusal:
        reading_of(MONEY, types={"price": chosen})
    assert refusal.value.field == "choices.types"


def test_choosing_text_brings_the_texts_back() -> None:
    content = b"n,d,t,b\n+1.50, 2013-01-01,2013-01-01 10:00,TRUE\n007,2013-01-02,2013-01-01T11:00:00Z,false\n"
    table = reading_of(content, types=dict.fromkeys("ndtb", "VARCHAR")).table
    assert table.column("n").to_pylist() == ["+1.50", "007"]
    assert table.column("d").to_pylist() == [" 2013-01-01", "2013-01-02"]
    assert table.column("t").to_pylist() == ["2013-01-01 10:00", "2013-01-01T11:00:00Z"]
    assert table.column("b").to_pylist() == ["TRUE", "false"]
    numbers = json_of(b'{"n":1.50}\n{"n":-0}\n{"n":2E3}\n', types={"n": "VARCHAR"}).table
    assert numbers.column("n").to_pylist() == ["1.50", "-0", "2E3"]


def test_what_is_missing_is_so_in_every_column_and_before_types_are_looked_for() -> None:
    content = b"n,t,d\noops,oops,oops\n5, oops ,2013-01-01\n,,\n  ,  ,  \n"
    table = reading_of(content, missing=("", "oops")).table
    assert table.column("n").to_pylist() == [None, 5, None, None]
    assert table.column("t").to_pylist() == [None, None, None, "  "]
    assert table.schema.field("d").type == pa.date32()
    rows = json_of(b'{"n":1,"t":""}\n{"n":"oops","t":"oops"}\n', missing=("", "oops")).table.to_pylist()
    assert rows == [{"n": 1, "t": ""}, {"n": None, "t": None}]


def test_usual_words_for_nothing_are_proposed_where_they_are_kept() -> None:
    content = b"country,x\nNA,NA\nDE,-\nDE,2\n"
    reading = reading_of(content)
    assert reading.table.to_pylist()[0] == {"country": "NA", "x": None}
    assert reading.missing_words == ("NA",)
    assert reading.warnings == ["country has texts that often mean missing, and they were kept: 'NA' (1)."]
    again = reading_of(content, missing=("", "NA"))
    assert again.table.column("country").to_pylist() == [None, "DE", "DE"]
    assert (again.missing_words, again.warnings) == ((), [])


def test_a_column_that_is_text_because_of_a_few_cells_says_so() -> None:
    reading = reading_of(ODD)
    assert reading.table.column("amount").to_pylist()[-2:] == ["oops", "6"]
    assert reading.warnings == ["amount is text because of 1 of 42 values: 'oops' in line 42. The others are BIGINT."]
    assert reading.unfit == (OF_ODD,)


def test_cells_that_do_not_fit_become_missing_where_that_was_chosen() -> None:
    reading = reading_of(ODD, unfit={"amount": "missing"})
    assert reading.table.column("amount").to_pylist()[-2:] == [None, 6]
    assert (reading.rejected, reading.unfit, reading.warnings) == (0, (OF_ODD,), [])
    assert reading.choices[:1] == ["amount is BIGINT; what does not fit is missing: 1 of 42 values: 'oops' in line 42."]


def test_rows_with_cells_that_do_not_fit_are_rejected_where_that_was_chosen() -> None:
    reading = reading_of(ODD, unfit={"amount": "reject"})
    assert reading.table.to_pylist()[-2:] == [{"amount": 5, "note": "a"}, {"amount": 6, "note": "c"}]
    assert (reading.rejected, reading.reasons) == (1, ["Line 42: 'oops' in amount is no BIGINT"])
    chosen = reading_of(ODD, unfit={"amount": "reject"}, types={"amount": "DOUBLE"}).table
    assert (chosen.num_rows, chosen.schema.field("amount").type) == (41, pa.float64())


def test_rows_are_rejected_once_and_not_all_of_them() -> None:
    content = b"a,b\n1,x\n2,2\nx,x\n"
    both = reading_of(content, unfit={"a": "reject", "b": "reject"}, types={"a": "BIGINT", "b": "BIGINT"})
    assert both.table.to_pylist() == [{"a": 2, "b": 2}]
    assert (both.rejected, len(both.reasons)) == (2, 3)
    with pytest.raises(Invalid, match="Every row has a cell that does not fit"):
        reading_of(b"a,b\n1,x\nx,1\n", unfit={"a": "reject", "b": "reject"}, types={"a": "BIGINT", "b": "BIGINT"})


def test_lines_are_those_of_the_file() -> None:
    """With cells over several lines, empty lines and lines that were left out before them."""
    content = b'a,b\n"x\ny",1\n\n' + b"u,2\n" * 200 + b"1,2,3\nw,soon\n"
    reading = reading_of(content)
    assert (reading.unfit[0].line, reading.unfit[0].text) == (206, "soon")
    with pytest.raises(Invalid, match="'soon' in line 206"):
        reading_of(content, types={"b": "BIGINT"})
    rows = b'{"a":1}\n\n' + b'{"a":2}\n' * 50 + b'{"a":"x"}\n'
    with pytest.raises(Invalid, match="line 53: a is a text and was a number"):
        json_of(rows)
    assert json_of(rows, unfit={"a": "reject"}).reasons == ["Line 53: 'x' in a is no BIGINT"]


@pytest.mark.parametrize("last", [b"9007199254740993.5", b"007", b"12345678901234567890", b"soon"])
def test_the_last_part_of_a_file_counts_as_much_as_the_first(last: bytes) -> None:
    """The first part is empty cells, so that its type is open, and the odd cell comes where another part began."""
    content = b"x,y\n" + (b"," + WIDE + b"\n") * 1100 + b"5,1\n" + last + b",2\n"
    reading = reading_of(content)
    assert reading.table.column("x").drop_null().to_pylist() == ["5", last.decode()]
    rows = (b'{"y":"' + WIDE + b'"}\n') * 1100 + b'{"x":5}\n'
    assert json_of(rows).table.column("x").to_pylist() == [None] * 1100 + [5]
    rows += b'{"x":"x"}\n'
    with pytest.raises(Invalid, match="line 1102: x is a text and was a number"):
        json_of(rows)


def test_cells_that_do_not_fit_are_counted_and_numbered_over_all_parts_of_a_file() -> None:
    row = b"5," + WIDE + b"\n"
    content = b"x,y\n" + row + b"odd,1\n" + row * 1100 + b"late,2\n"
    assert (reading_of(content).unfit[0].count, reading_of(content).unfit[0].line) == (2, 3)
    reading = reading_of(content, unfit={"x": "reject"})
    assert reading.reasons == ["Line 3: 'odd' in x is no BIGINT", "Line 1104: 'late' in x is no BIGINT"]
    assert (reading.table.num_rows, reading.rejected) == (1101, 2)


def test_missing_cells_fit_every_type() -> None:
    content = b"a,b\n1,x\n,y\n2,\noops,z\n3,NA\n4,v\n"
    rejecting = {"a": "reject", "b": "reject"}
    reading = reading_of(content, unfit=rejecting, missing=("", "NA"))
    assert [tuple(row.values()) for row in reading.table.to_pylist()] == [
        (1, "x"),
        (None, "y"),
        (2, None),
        (3, None),
        (4, "v"),
    ]


def test_what_becomes_of_many_cells_can_be_chosen_too() -> None:
    content = b"x,y\n" + b"5,1\n" * 10 + b"".join(b"odd%d,1\n" % number for number in range(2 * MOST_UNFIT))
    assert reading_of(content).unfit == ()
    reading = reading_of(content, unfit={"x": "missing"})
    assert reading.table.column("x").to_pylist() == [5] * 10 + [None] * 2 * MOST_UNFIT
    assert (reading.unfit[0].count, reading.unfit[0].values) == (2 * MOST_UNFIT, 2 * MOST_UNFIT + 10)


BAD_LINES = {
    "no object": (b'{"a":1}\n5\n', "line 2: it is no single object"),
    "two objects": (b'{"a":1}\n{"a":2}{"a":3}\n', "line 2: it is no single object"),
    "an object over two lines": (b'{"a":\n1}\n', "line 1: "),
    "a name twice": (b'{"a":1,"a":2}\n', "line 1: 'a' is there twice"),
    "half a character": (b'{"a":"\\ud800"}\n', "line 1: a has half a character"),
    "other bytes": (b'{"a":1}\n{"a":"\xff"}\n', "line 2: it is not UTF-8"),
    "deep nesting": (b'{"a":' + b"[" * 50_000 + b"\n", "line 1: its values are nested too deeply"),
    "nothing in the objects": (b"{}\n{}\n", "no values"),
    "a list": (b'{"a":[1]}\n', "'a' is list"),
    "an endless line": (b'{"a":"' + b"x" * (MOST_LINE + 1) + b'"}\n', "longer than 4 MB"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_bad_json_lines_are_refused_with_their_line(case: str) -> None:
    content, reason = BAD_LINES[case]
    with pytest.raises(Invalid, match=reason) as refusal:
        json_of(content)
    assert refusal.value.field == "content"


def test_what_json_says_of_a_value_is_kept() -> None:
    content = (
        b'\xef\xbb\xbf{"zip":"01234","code":"7","day":"2013-01-01","ok":true,"x":{"a":1,"b":null}}\n'
        b'{"late":2,"ok":null,"x":null}\n'
    )
    reading = json_of(content, flatten=True)
    assert reading.table.to_pylist() == [
        {"zip": "01234", "code": "7", "day": reading.table["day"][0].as_py(), "ok": True, "x.a": 1, "x.b": None}
        | {"late": None},
        {"zip": None, "code": None, "day": None, "ok": None, "x.a": None, "x.b": None, "late": 2},
    ]
    assert reading.table.schema.field("day").type == pa.date32()
    assert "The fields of x became columns." in reading.choices


def test_how_a_column_is_written_is_found_and_said() -> None:
    reading = reading_of(BOOKED)
    assert reading.table.to_pylist()[0] == {
        "Betrag": 1234.5,
        "Datum": date(2026, 4, 13),
        "Bezahlt": True,
        "Anteil": 12.5,
    }
    assert "Betrag is DOUBLE, written as 1.234,5: decimal comma." in reading.choices
    assert "Datum is DATE, written as dd.mm.yyyy: day, month, year." in reading.choices
    assert reading.warnings == [
        "Anteil can be read in more than one way (1.234,5; 1.234,5% / 100), for instance '12,5 %'."
    ]
    shares = reading_of(BOOKED, notations={"Anteil": "1.234,5% / 100"})
    assert (shares.table.column("Anteil").to_pylist(), shares.warnings) == ([0.125, 0.03], [])


def test_every_reading_shows_cells_before_and_after() -> None:
    (amount, day, paid, share) = reading_of(BOOKED).readings
    assert [(cell.before, cell.after) for cell in amount.reading.examples] == [
        ("1.234,50", "1234.5"),
        ("-0,99", "-0.99"),
    ]
    assert [cell.after for cell in day.reading.examples] == ["2026-04-13", "2026-04-03"]
    assert (paid.reading.notation, paid.reading.type, paid.is_asked) == ("ja/nein", "BOOLEAN", False)
    assert share.is_asked
    assert [(other.notation, other.type, other.fit) for other in share.others] == [
        ("1.234,5% / 100", "DOUBLE", 2),
        ("", "VARCHAR", 2),
    ]
    assert [cell.after for cell in share.others[0].examples] == ["0.125", "0.03"]


def test_examples_are_those_in_which_readings_differ() -> None:
    (column,) = reading_of(b"x\n1\n2\n3\n4\n1.100\n").readings
    assert column.reading.examples[0].before == "1.100"
    assert (column.reading.notation, column.is_asked) == ("", True)
    assert column.others[0].notation == "1.234,5"


def test_other_columns_show_what_is_likely_where_a_person_is_asked() -> None:
    content = b"a;b;c;d\n1.100;1,50;03/04/2026;ja\n2.100;1,50;03/04/2026;nein\n"
    price, _clear, day, _word = reading_of(content).readings
    assert (price.reading.notation, price.others[0].notation, price.is_asked) == ("1.234,5", "1,234.5", True)
    assert (day.reading.notation, day.is_asked) == ("dd.mm.yyyy", True)
    (lone,) = reading_of(b"x\n1.100\n").readings
    assert lone.reading.notation == ""


def test_a_reading_that_is_asked_about_can_be_refused() -> None:
    (column,) = reading_of(b"d\n30.11.26\n29.11.26\n").readings
    assert (column.is_asked, [other.type for other in column.others]) == (True, ["VARCHAR"])


def test_what_does_not_fit_a_notation_is_said_and_chosen_about() -> None:
    content = b"x;n\n" + b"1.234,50;1\n" * 40 + b"oops;2\n"
    reading = reading_of(content)
    expected = "x is text because of 1 of 41 values: 'oops' in line 42. The others are DOUBLE written as 1.234,5."
    assert reading.warnings == [expected]
    cleaned = reading_of(content, unfit={"x": "missing"}).table.column("x").to_pylist()
    assert cleaned[-2:] == [1234.5, None]
    rest = reading_of(content, unfit={"x": "reject"})
    assert (rest.table.num_rows, rest.reasons) == (40, ["Line 42: 'oops' in x is no DOUBLE"])
    with pytest.raises(
        Invalid, match=r"x has values that are no DOUBLE written as 1\.234,5 .*'oops' in line 42"
    ) as refusal:
        reading_of(content, notations={"x": "1.234,5"})
    assert refusal.value.field == "choices.notations"


def test_numbers_of_several_units_are_never_one_column_of_numbers() -> None:
    content = "price\n€ 5\n$ 6\n".encode()
    reading = reading_of(content)
    assert reading.table.column("price").to_pylist() == ["€ 5", "$ 6"]
    assert reading.warnings == ["price is text: its numbers have several units, $, €."]
    with pytest.raises(Invalid, match=r"cannot be read as 1,234\.5: its numbers have several units"):
        reading_of(content, notations={"price": "1,234.5"})


def test_texts_of_json_are_days_and_numbers_of_json_have_a_point() -> None:
    table = json_of(b'{"d":"13.04.2026","n":1.100,"c":"1,5"}\n{"d":"03.04.2026","n":2.200,"c":"2,5"}\n')
    assert table.table.to_pylist()[0] == {"d": date(2026, 4, 13), "n": 1.1, "c": "1,5"}
    assert not any(reading.is_asked for reading in table.readings)
    chosen = json_of(b'{"c":"1,5"}\n', types={"c": "DOUBLE"}).table.column("c")
    assert chosen.to_pylist() == [1.5]


@pytest.mark.parametrize(
    ("cells", "ways"),
    [
        (["1.4.2026", "2026/04/02", "3 Apr 2026"], "dd.mm.yyyy; yyyy/mm/dd; d Mon yyyy"),
        (["1.4.2026", "2026-04-02"], "yyyy-mm-dd; dd.mm.yyyy"),
        (["13/4/2026", "4/14/2026"], "dd.mm.yyyy; mm/dd/yyyy"),
        (["1.4.2026", "2026/04/02", "soon"], ""),
        (["a", "b"], ""),
    ],
)
def test_days_written_in_several_ways_stay_text_and_it_is_said(cells: list[str], ways: str) -> None:
    reading = reading_of("\n".join(["day", *cells]).encode())
    expected = [f"day is text: its days are written in several ways, {ways}."] if ways else []
    assert (reading.table.column("day").to_pylist(), reading.warnings) == (cells, expected)
