"""A row that is explained stands in texts, as somebody would type it, and comes back as it was."""

from typing import Any

import pytest

from app.explanations.one_row import shown, value_of


@pytest.mark.parametrize(
    ("value", "datatype"),
    [(0.1 + 0.2, "FP64"), (3.0, "FP64"), (None, "FP64"), (None, "BYTES"), ("JFK", "BYTES"), ([0.5, 1.0], "FP64")],
)
def test_a_value_comes_back_as_it_was(value: Any, datatype: str) -> None:
    assert value_of(shown(value), datatype=datatype) == value


def test_what_is_no_number_is_left_to_the_service_to_refuse() -> None:
    assert value_of("many", datatype="FP64") == "many"
    assert value_of("  ", datatype="BYTES") is None
    assert value_of("7", datatype="BYTES") == "7"
