"""Numbers in fields are those that they stand for."""

import pytest

from app.ui import links, numbers
from core.foundation.text import significant


@pytest.mark.parametrize(
    ("value", "shown"), [(2.0, "2"), (65.5, "65.5"), (1_234_567.0, "1234567"), (0.1, "0.1"), (-1e-07, "-1e-07")]
)
def test_a_number_in_a_field_is_read_back_as_it_is(value: float, shown: str) -> None:
    assert (numbers.entered(value), float(shown)) == (shown, value)


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (1_175_123.4, 4, "1\u202f175\u202f123"),
        (9_999.6, 4, "10\u202f000"),
        (-1_234.5, 6, "\u22121\u202f234.5"),
        (0.05, 6, "0.05"),
        (1e-06, 6, "1e\u221206"),
        (-0.0, 4, "0"),
        (2e15, 4, "2e+15"),
    ],
)
def test_a_long_number_has_all_of_its_whole_digits(value: float, digits: int, shown: str) -> None:
    assert numbers.figure(value, digits) == shown


def test_a_sentence_keeps_its_numbers_in_one_piece() -> None:
    assert links.escape(f" worse  by\n{significant(1_175_123.4)} ") == "worse by 1\u202f175\u202f123"
