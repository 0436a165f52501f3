"""A smoothed line follows the raw one by a weight, and does not begin at zero."""

import pytest

from app.ui.panels.smoothing import smoothed


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(0.0, [4.0, 2.0, 8.0]), (0.5, [4.0, 8 / 3, 5.714285714285714]), (0.9, [4.0, 2.94736842, 4.8118081])],
)
def test_an_average_counts_what_was_before(weight: float, expected: list[float]) -> None:
    assert smoothed([4.0, 2.0, 8.0], weight) == pytest.approx(expected)


def test_a_line_that_does_not_move_stays_where_it_is() -> None:
    assert smoothed([0.3] * 50, 0.95) == pytest.approx([0.3] * 50)
    assert smoothed([], 0.5) == []
