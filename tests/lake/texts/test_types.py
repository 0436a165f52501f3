"""A type holds a text where the text comes back from it; nothing is rounded on the way."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lake.texts.notations import Notation
from core.lake.texts.registry import NOTATIONS
from core.lake.texts.survey import Survey, survey_of
from core.lake.texts.types import holds, proposals, values
from tests.effort import tries

NUMBERS = st.one_of(
    st.integers(-(10**25), 10**25).map(str),
    st.integers(2**53 - 9, 2**53 + 9).map(str),
    st.integers(2**63 - 9, 2**63 + 9).map(str),
    st.floats(allow_nan=False).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    st.from_regex(r"\A[+-]?[0-9]{0,3}\.?[0-9]{0,22}([eE][+-]?[0-9]{1,3})?\Z").filter(lambda text: text.strip("-")),
)
TIMES = st.one_of(st.dates().map(str), st.datetimes().map(str), st.datetimes(timezones=st.just(UTC)).map(str))
TEXTS = st.one_of(NUMBERS, TIMES, st.sampled_from(["true", "False", "inf", "x", "0x1F", "2013-02-30", "1,5", "1_0"]))
ODD_TEXTS = [
    "",
    "NA",
    " 5 ",
    "1.100",
    "1,100",
    "€ 5",
    "$5",
    "5 %",
    "03/04/2026",
    "13/04/2026",
    "ja",
    "nein",
    "1700000000",
]


def surveyed(parts: Iterable[list[str]], *, notations: Sequence[Notation] = ()) -> Survey:
    survey = survey_of(proposals(), notations, missing=("",))
    row = 0
    for part in parts:
        survey.add(pa.array(part, pa.string()), row)
        row += len(part)
    return survey


def is_same(text: str, value: object) -> bool:
    """Whether a value, in as many digits as its text has or in as few as tell it apart, is that text."""
    if isinstance(value, bool):
        return str(value).lower() == text.lower()
    if isinstance(value, float) and abs(value) < float("inf"):
        written = f"{value:.{len(Decimal(text).as_tuple().digits) - 1}e}"
        return Decimal(text) in (Decimal(written), Decimal(repr(value)))
    if isinstance(value, Decimal):
        return value.compare_total(Decimal(text)) == 0
    if isinstance(value, float):
        return float(text) == value and "n" in text
    if isinstance(value, date):
        return value == type(value).fromisoformat(text)
    return str(value) == text


@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
@settings(max_examples=tries(200, long=20_000), deadline=None, database=None)
def test_a_proposed_type_gives_the_texts_back(texts: list[str]) -> None:
    target = surveyed([texts]).proposed
    for text, value in zip(texts, values(pa.array(texts), target).to_pylist(), strict=True):
        assert is_same(text, value), target


@given(texts=st.lists(st.one_of(TEXTS, st.sampled_from(ODD_TEXTS)), min_size=2, max_size=8), data=st.data())
@settings(max_examples=tries(100, long=5_000), deadline=None, database=None)
def test_what_a_column_is_does_not_depend_on_where_its_parts_end(texts: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(texts)))
    notations = tuple(NOTATIONS.values())
    whole, parts = (surveyed(rows, notations=notations) for rows in ([texts], [texts[:cut], texts[cut:]]))
    readings = [survey.reading() for survey in (whole, parts)]
    assert readings[0].notation is readings[1].notation
    assert [rival.notation for rival in readings[0].rivals] == [rival.notation for rival in readings[1].rivals]
    assert (parts.proposed, parts.loss, parts.values, parts.usual) == (
        whole.proposed,
        whole.loss,
        whole.values,
        whole.usual,
    )
    nearest = [
        (survey.nearest().candidate.first, survey.nearest().candidate.unfit)
        for survey in (whole, parts)
        if survey.nearest()
    ]
    assert len(nearest) in (0, 2)
    assert nearest[:1] == nearest[1:]


PROPOSED = {
    "whole numbers": (["-7", "0", "9223372036854775807"], pa.int64()),
    "beyond 64 bits": (["7", "9223372036854775808"], pa.string()),
    "round numbers beyond 64 bits": (["10000000000000000000"], pa.string()),
    "leading zeros": (["01234", "99999"], pa.string()),
    "leading zeros among fractions": (["007", "1.5"], pa.string()),
    "plus signs": (["+49151", "7"], pa.string()),
    "hexadecimal": (["0x1F", "0x20"], pa.string()),
    "exponents": (["1e3", "2.5E-7"], pa.float64()),
    "more than a double can be": (["1e400", "1.5"], pa.string()),
    "less than a double can be": (["1e-400", "1.5"], pa.string()),
    "infinity": (["inf", "-Infinity", "1.5"], pa.float64()),
    "seventeen digits of a double": (["0.10000000000000001", "0.10000000000000000", "2"], pa.float64()),
    "money": (["1234567890123456.78", "0.10"], pa.decimal128(18, 2)),
    "money of many digits": (["12345678901234567890.78", "0.10"], pa.decimal128(38, 2)),
    "money beside a whole number": (["1234567890123456.78", "5"], pa.string()),
    "digits of two widths": (["1234567890123456.78", "0.1"], pa.string()),
    "white space": ([" 1", "2 "], pa.int64()),
    "nothing": (["", " "], pa.string()),
    "nothing but words for it": (["NA", "-"], pa.string()),
    "words for nothing among numbers": (["NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-", "?", "1"], pa.int64()),
    "days": (["2013-01-01", "9999-12-31"], pa.date32()),
    "a day that was none": (["2013-02-30"], pa.string()),
    "the year 0": (["0000-01-01"], pa.string()),
    "local times": (["2013-01-01 10:00", "2013-01-01"], pa.timestamp("us")),
    "instants": (["2013-01-01T10:00:00Z", "2013-01-01 10:00:00.5+02:00"], pa.timestamp("us", "UTC")),
    "times finer than a microsecond": (["2013-01-01 10:00:00.1234567"], pa.string()),
    "true and false": (["true", "FALSE"], pa.bool_()),
    "truth and numbers": (["true", "0"], pa.string()),
}


@pytest.mark.parametrize("case", PROPOSED)
def test_the_strictest_type_that_keeps_all_texts_is_proposed(case: str) -> None:
    texts, target = PROPOSED[case]
    notations = tuple(NOTATIONS.values())
    assert surveyed([texts], notations=notations).proposed == target
    assert surveyed([[text] for text in texts], notations=notations).proposed == target


CHOSEN = {
    "whole numbers with signs, zeros and fractions": (pa.int64(), ["+7", "007", "5.0", "-0", "000"], [7, 7, 5, 0, 0]),
    "whole numbers with a narrow range": (pa.int8(), ["127", "-128"], [127, -128]),
    "digits that a decimal has room for": (pa.decimal128(18, 2), ["1.5", "+2.50", "1e2"], ["1.50", "2.50", "100.00"]),
    "0 and 1 as truth": (pa.bool_(), ["0", "1", "True"], [False, True, True]),
    "midnights": (pa.date32(), ["2013-01-01 00:00:00", "2013-01-02"], [date(2013, 1, 1), date(2013, 1, 2)]),
    "times meant as UTC": (
        pa.timestamp("us", "UTC"),
        ["2013-01-01", "2013-01-01 10:00", "2013-01-01T10:00:00+01:00"],
        [datetime(2013, 1, 1, hour, tzinfo=UTC) for hour in (0, 10, 9)],
    ),
}


@pytest.mark.parametrize("case", CHOSEN)
def test_a_chosen_type_takes_what_a_text_means(case: str) -> None:
    target, texts, expected = CHOSEN[case]
    cells = pa.array(texts)
    assert holds(cells, target).to_pylist() == [True] * len(texts)
    given_values = values(cells, target).to_pylist()
    assert [str(value) if isinstance(value, Decimal) else value for value in given_values] == expected


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (pa.int64(), "9223372036854775808"),
        (pa.int64(), "1.5"),
        (pa.int64(), "0x1F"),
        (pa.int8(), "128"),
        (pa.uint8(), "-1"),
        (pa.decimal128(18, 2), "1.005"),
        (pa.decimal128(4, 2), "100"),
        (pa.decimal128(18, 2), "inf"),
        (pa.float64(), "9007199254740993"),
        (pa.float64(), "1234567890123456.78"),
        (pa.float32(), "16777217"),
        (pa.float32(), "1e39"),
        (pa.bool_(), "2"),
        (pa.date32(), "2013-01-01 10:00"),
        (pa.timestamp("us"), "2013-01-01T10:00:00Z"),
        (pa.timestamp("us", "UTC"), "soon"),
    ],
)
def test_a_chosen_type_never_changes_a_value(target: pa.DataType, text: str) -> None:
    assert holds(pa.array([text]), target).to_pylist() == [False]


def test_a_float_rounds_fractions_as_it_was_chosen_for() -> None:
    cells = pa.array(["0.123456789", "16777216"])
    assert holds(cells, pa.float32()).to_pylist() == [True, True]
    assert values(cells, pa.float32()).to_pylist() == [pytest.approx(0.123456789, abs=1e-8), 16777216.0]
