"""Numbers, days and words as people write them: the right value for each, and a question where two are possible."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lake.import_values import NotationName
from core.lake.texts.registry import NOTATIONS, notation_of
from core.lake.texts.survey import Survey, survey_of
from core.lake.texts.types import proposals, values
from tests.effort import tries


def surveyed(*texts: str, notation: str = "", chosen: pa.DataType | None = None) -> Survey:
    survey = survey_of(
        proposals(),
        tuple(NOTATIONS.values()),
        missing=("",),
        chosen=chosen,
        notation=NOTATIONS.get(notation),
        has_limit=not notation,
    )
    survey.add(pa.array(texts, pa.string()), 0)
    return survey


def read(*texts: str, **choices: Any) -> tuple[str, list[Any]]:
    """The notation in which texts are read, and their values."""
    reading = surveyed(*texts, **choices).reading()
    return reading.notation.name, values(reading.notation.plain(pa.array(texts)), reading.target).to_pylist()


def test_every_notation_can_be_chosen() -> None:
    assert list(get_args(NotationName)) == list(NOTATIONS)


NUMBERS = {
    "Germany": ("1.234,5", ["1.234,50", "0,99", "-12,00", "1.234.567"], [1234.5, 0.99, -12.0, 1234567.0]),
    "Germany with euros": ("1.234,5", ["1.234,50 €", "-5,20 €"], [1234.5, -5.2]),
    "France": ("1.234,5", ["1\u202f234,50", "12\u00a0345\u00a0678,9", ",5"], [1234.5, 12345678.9, 0.5]),
    "Switzerland": ("1,234.5", ["CHF 1'234.50", "CHF 12’345’678.25"], [1234.5, 12345678.25]),
    "the USA": ("1,234.5", ["$1,234.50", "($5.00)", "-$0.25"], [1234.5, -5.0, -0.25]),
    "India": ("1,234.5", ["₹12,34,567.50", "₹1,00,000.00", "₹950.00"], [1234567.5, 100000.0, 950.0]),
    "Brazil": ("1.234,5", ["R$ 1.000,50", "R$ 2,00"], [1000.5, 2.0]),
    "Poland": ("1.234,5", ["1 234,50 zł", "0,99 zł"], [1234.5, 0.99]),
    "SAP": ("1.234,5", ["1.234,50-", "10,00"], [-1234.5, 10.0]),
    "a true minus": ("1.234,5", ["−5,25", "+3,5"], [-5.25, 3.5]),
    "whole numbers with groups": ("1,234.5", ["1,234,567", "950"], [1234567, 950]),
    "brackets among others": ("1,234.5", ["(1,500)", "2,345,678"], [-1500, 2345678]),
    "exponents": ("1.234,5", ["1,5E+3", "2,25"], [1500.0, 2.25]),
    "digits that a double has not": ("1.234,5", ["1.234.567.890.123.456,78", "0,10"], ["1234567890123456.78", "0.10"]),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_are_read_as_they_are_written(case: str) -> None:
    notation, texts, expected = NUMBERS[case]
    name, numbers = read(*texts)
    assert (name, [str(value) if isinstance(value, Decimal) else value for value in numbers]) == (notation, expected)
    assert not surveyed(*texts).reading().is_doubtful


DAYS = {
    "Germany": ("dd.mm.yyyy", ["03.04.2026", "3.4.2026", "31.12.9999"], [(2026, 4, 3), (2026, 4, 3), (9999, 12, 31)]),
    "the Czech Republic": ("dd.mm.yyyy", ["3. 4. 2026"], [(2026, 4, 3)]),
    "Britain": ("dd.mm.yyyy", ["13/04/2026", "03/04/2026"], [(2026, 4, 13), (2026, 4, 3)]),
    "the USA": ("mm/dd/yyyy", ["4/13/2026", "12/1/2026"], [(2026, 4, 13), (2026, 12, 1)]),
    "Japan": ("yyyy/mm/dd", ["2026/4/3"], [(2026, 4, 3)]),
    "Oracle": ("d Mon yyyy", ["03-APR-2026", "1-Mar-2026"], [(2026, 4, 3), (2026, 3, 1)]),
    "words": ("d Mon yyyy", ["April 3, 2026", "Sept. 30, 2026"], [(2026, 4, 3), (2026, 9, 30)]),
    "German words": ("d Mon yyyy", ["3. April 2026", "1. März 2026"], [(2026, 4, 3), (2026, 3, 1)]),
    "French words": ("d Mon yyyy", ["3 avr. 2026", "14 août 2026"], [(2026, 4, 3), (2026, 8, 14)]),
}


@pytest.mark.parametrize("case", DAYS)
def test_days_are_read_as_they_are_written(case: str) -> None:
    notation, texts, expected = DAYS[case]
    assert read(*texts) == (notation, [date(*parts) for parts in expected])
    assert not surveyed(*texts).reading().is_doubtful


TIMES = {
    "Germany": ("dd.mm.yyyy", "31.12.2026 14:15", datetime(2026, 12, 31, 14, 15)),
    "a browser in Germany": ("dd.mm.yyyy", "31.12.2026, 4:05:09", datetime(2026, 12, 31, 4, 5, 9)),
    "a comma before the fraction": ("dd.mm.yyyy", "31.12.2026 04:05:09,250", datetime(2026, 12, 31, 4, 5, 9, 250_000)),
    "an afternoon": ("mm/dd/yyyy", "12/31/2026 2:15 PM", datetime(2026, 12, 31, 14, 15)),
    "noon": ("mm/dd/yyyy", "12/31/2026 12:15 p.m.", datetime(2026, 12, 31, 12, 15)),
    "after midnight": ("mm/dd/yyyy", "12/31/2026, 12:15:03 AM", datetime(2026, 12, 31, 0, 15, 3)),
    "an offset": ("dd.mm.yyyy", "31.12.2026 10:00:00 +0200", datetime(2026, 12, 31, 8, tzinfo=UTC)),
    "a mail": ("d Mon yyyy", "Fri, 03 Apr 2026 10:00:00 GMT", datetime(2026, 4, 3, 10, tzinfo=UTC)),
}


@pytest.mark.parametrize("case", TIMES)
def test_times_are_read_as_they_are_written(case: str) -> None:
    notation, text, expected = TIMES[case]
    assert read(text) == (notation, [expected])


WORDS = [
    ("yes/no", "Yes", "no"),
    ("ja/nein", "ja", "NEIN"),
    ("oui/non", "oui", "non"),
    ("t/f", "t", "f"),
    ("да/нет", "Да", "нет"),
]


@pytest.mark.parametrize(("pair", "yes", "no"), WORDS)
def test_yes_and_no_are_truth_where_both_are_there(pair: str, yes: str, no: str) -> None:
    assert read(yes, no, yes) == (pair, [True, False, True])
    assert read(no, no) == ("", [no, no])
    assert read(no, no, notation=pair) == (pair, [False, False])


DOUBTFUL = {
    "a point": (["1.100", "2.250"], ["", "1.234,5"], [1.1, 2.25], [1100, 2250]),
    "a comma": (["1,100", "2,250"], ["1,234.5", "1.234,5"], [1100, 2250], [1.1, 2.25]),
    "a sum of money": (["€ 1,100"], ["1,234.5", "1.234,5"], [1100], [1.1]),
    "a day": (["03/04/2026"], ["dd.mm.yyyy", "mm/dd/yyyy"], [date(2026, 4, 3)], [date(2026, 3, 4)]),
    "a share": (["12.5%", "3%"], ["1,234.5", "1,234.5% / 100"], [12.5, 3.0], [0.125, 0.03]),
    "two digits of a year": (["12.11.98"], ["dd.mm.yy"], [date(1998, 11, 12)], None),
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_a_person_is_asked_where_two_readings_fit(case: str) -> None:
    texts, names, first, second = DOUBTFUL[case]
    reading = surveyed(*texts).reading()
    assert reading.is_doubtful
    assert [reading.notation.name, *(rival.notation.name for rival in reading.rivals)] == names
    assert read(*texts)[1] == first
    if second:
        assert read(*texts, notation=names[1]) == (names[1], second)


@pytest.mark.parametrize(
    "texts", [["1.100", "1.25"], ["0.100"], ["1234.567"], ["1.100", "1,5"], ["1.100", "1.100.000"]]
)
def test_one_text_that_only_one_reading_fits_decides(texts: list[str]) -> None:
    assert not surveyed(*texts).reading().is_doubtful


MIXED = {
    "several currencies": ["€ 5", "$ 6"],
    "a percent sign here and there": ["5 %", "6"],
    "the day first and the month first": ["13/04/2026", "04/13/2026"],
    "a comma and a point for fractions": ["1,5", "2.25"],
    "groups of four": ["1,2345,678"],
    "leading zeros": ["001", "1,5"],
    "telephones": ["612 345 678", "611 111 111"],
    "numbers of paragraphs": ["(1)", "(2)"],
    "a day that never was": ["30.02.2026"],
    "codes": ["ABC 123"],
    "words of two pairs": ["ja", "no"],
}


@pytest.mark.parametrize("case", MIXED)
def test_what_is_not_written_in_one_way_stays_text(case: str) -> None:
    assert surveyed(*MIXED[case]).reading().target == pa.string()


def test_units_that_differ_are_known() -> None:
    assert surveyed("€ 5", "$ 6").units() == ["$", "€"]
    assert surveyed("5", "6").units() == []


def test_seconds_since_1970_are_numbers_until_somebody_says_it() -> None:
    numbers = surveyed("1700000000", "1700000001")
    assert (numbers.reading().notation.name, numbers.reading().target) == ("", pa.int64())
    assert ("epoch seconds", pa.timestamp("us", "UTC")) in [(item.name, target) for item, target in numbers.offered]
    moment = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert read("1700000000", notation="epoch seconds")[1] == [moment]
    assert read("1700000000.25", "-1", notation="epoch seconds")[1][0] == moment.replace(microsecond=250_000)
    assert read("1700000000250", notation="epoch milliseconds")[1] == [moment.replace(microsecond=250_000)]
    assert read("1700000000250001", notation="epoch microseconds")[1] == [moment.replace(microsecond=250_001)]
    assert read("20260403", chosen=pa.date32()) == ("compact yyyymmdd", [date(2026, 4, 3)])


def test_a_chosen_type_finds_the_notation_that_fits_it() -> None:
    assert read("1.234,50", chosen=pa.decimal128(18, 2)) == ("1.234,5", [Decimal("1234.50")])
    assert surveyed("1.005", "2.250", chosen=pa.int64()).reading().candidate.unfit == 2
    assert surveyed("1.005", "2.250", chosen=pa.float64()).reading().is_doubtful


AMOUNTS = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=2)


@given(amounts=st.lists(AMOUNTS, min_size=1, max_size=5), notation=st.sampled_from(["1,234.5", "1.234,5"]))
@settings(max_examples=tries(50, long=2_000), deadline=None, database=None)
def test_amounts_come_back_to_the_cent(amounts: list[Decimal], notation: str) -> None:
    texts = [f"{amount:,}" for amount in amounts]
    if notation == "1.234,5":
        texts = [text.translate(str.maketrans(",.", ".,")) for text in texts]
    plain = notation_of(notation).plain(pa.array(texts))
    assert values(plain, pa.decimal128(18, 2)).to_pylist() == amounts
