"""Figures in the sentences about a run, as people write them."""

import pytest

from core.tasks.values import Interval
from core.training.diagnosis.sentences import difference_in_words


@pytest.mark.parametrize(("value", "shown"), [(-15_096.02, "15 096"), (-12.345, "12.35 "), (-0.01234, "0.0123")])
def test_a_large_difference_has_its_thousands_and_no_power_of_ten(value: float, shown: str) -> None:
    words = difference_in_words("mae", Interval(value=value, low=value * 1.1, high=value * 0.9))
    assert shown in words.replace("\N{THIN SPACE}", " ")
    assert "e+" not in words
