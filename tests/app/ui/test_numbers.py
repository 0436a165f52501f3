"""Numbers in fields are those that they stand for."""

import pytest

from app.ui import numbers


@pytest.mark.parametrize(
    ("value", "shown"), [(2.0, "2"), (65.5, "65.5"), (1_234_567.0, "1234567"), (0.1, "0.1"), (-1e-07, "-1e-07")]
)
def test_a_number_in_a_field_is_read_back_as_it_is(value: float, shown: str) -> None:
    assert (numbers.entered(value), float(shown)) == (shown, value)
