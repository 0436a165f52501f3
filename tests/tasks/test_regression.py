"""Numbers: figures against values by hand and an independent library, and what a label may be."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.foundation.errors import Invalid
from core.tasks.kinds.regression import RegressionTask as Task
from core.tasks.predictions import Predictions
from core.tasks.values import Interval, Target
from tests.tasks.columns import column, predictions

PRICE = Target(task="regression", label="price")
COVERED = Target(task="regression", label="price", interval=0.8)


def answered(labels: Any, values: Any, **ends: Any) -> Predictions:
    outputs = {name: np.array(numbers, dtype=np.float64) for name, numbers in {"value": values, **ends}.items()}
    return predictions(list(labels), outputs=outputs, target=COVERED if ends else PRICE)


def drawn(rows: int, *, seed: int, noise: float = 1.0) -> Predictions:
    """A seed has its labels, whatever the noise, and most of its errors."""
    random = np.random.default_rng(seed)
    labels, errors, more = 10 + 2 * random.normal(size=rows), random.normal(size=rows), random.normal(size=rows)
    return answered(labels, labels + errors + (noise - 1) * more)


def some(rows: Predictions, at: Any) -> Predictions:
    outputs = {name: values[at] for name, values in rows.outputs.items()}
    return Predictions(rows=(), labels=rows.labels[at], outputs=outputs, target=rows.target)


def half(interval: Interval) -> float:
    return (interval.high - interval.low) / 2


def test_figures_by_hand() -> None:
    figures = Task.evaluate(answered([1, 2, 4, 5], [2, 2, 2, 1]))
    assert figures["mae"].value == 7 / 4
    assert figures["rmse"].value == pytest.approx(np.sqrt(21 / 4))
    assert figures["mape"].value == pytest.approx((1 + 0 + 1 / 2 + 4 / 5) / 4)
    assert figures["median_error"].value == 1.5
    assert figures["r2"].value == pytest.approx(1 - 21 / 10)
    assert "coverage_gap" not in figures


def test_figures_agree_with_an_independent_library() -> None:
    from sklearn import metrics as oracle

    rows = drawn(1_001, seed=1)
    figures, labels, values = Task.evaluate(rows), rows.labels, rows.outputs["value"]
    expected = {
        "mae": oracle.mean_absolute_error(labels, values),
        "rmse": oracle.root_mean_squared_error(labels, values),
        "mape": oracle.mean_absolute_percentage_error(labels, values),
        "r2": oracle.r2_score(labels, values),
        "median_error": oracle.median_absolute_error(labels, values),
    }
    assert {name: figure.value for name, figure in figures.items()} == pytest.approx(expected, abs=1e-12)


def test_an_offset_takes_no_digit_from_r2() -> None:
    rows = drawn(500, seed=2)
    moved = answered(rows.labels + 1e4, rows.outputs["value"] + 1e4)
    assert Task.evaluate(moved)["r2"].value == pytest.approx(Task.evaluate(rows)["r2"].value, abs=1e-9)


def test_a_share_of_nothing_is_no_error() -> None:
    assert "mape" not in Task.evaluate(answered([0.0, 1, 2], [1, 1, 1]))
    assert "mape" not in Task.compare(answered([0.0, 1, 2], [1, 1, 1]), after=answered([0.0, 1, 2], [2, 1, 1]))
    assert "r2" not in Task.evaluate(answered([2.0, 2, 2], [1, 1, 1]))


def test_the_interval_of_a_mean_error_of_few_rows_by_hand() -> None:
    interval = Task.evaluate(answered([0, 0, 0], [1, 2, 3]))["mae"]
    wide = np.exp(4.302653 * 1 / np.sqrt(3) / 2)
    assert (interval.low, interval.high) == pytest.approx((2 / wide, 2 * wide))


def test_the_median_lies_between_two_of_the_errors() -> None:
    # 100 errors: the ranks are 50 - 9.8 and 51 + 9.8, rounded outwards.
    interval = Task.evaluate(answered([0.0] * 100, range(1, 101)))["median_error"]
    assert interval == Interval(value=50.5, low=40.0, high=61.0)


def test_intervals_are_as_wide_as_a_bootstrap_of_the_rows_says() -> None:
    before, after = drawn(1_500, seed=3), drawn(1_500, seed=3, noise=1.4)
    random = np.random.default_rng(1)
    draws = [random.integers(0, 1_500, 1_500) for _draw in range(300)]
    again = [[Task.evaluate(some(rows, at)) for at in draws] for rows in (before, after)]
    alone, delta = Task.evaluate(before), Task.compare(before, after=after)
    for name, figure in alone.items():
        first, second = (np.array([figures[name].value for figures in draw]) for draw in again)
        assert half(figure) == pytest.approx(1.96 * first.std(), rel=0.18)
        assert half(delta[name]) == pytest.approx(1.96 * (second - first).std(), rel=0.18)
        assert delta[name].value == pytest.approx(Task.evaluate(after)[name].value - figure.value)
        assert half(delta[name]) < 0.9 * half(figure)


@pytest.mark.parametrize("values", [[1, 2, 4], [2, 2, 2], [9, 9, 9], [1, 2, 5]])
def test_intervals_of_few_rows_stay_inside_what_a_metric_can_be(values: list[float]) -> None:
    rows = answered([1, 2, 4], values)
    for name, interval in Task.evaluate(rows).items():
        assert interval.low <= interval.value <= interval.high
        assert interval.high <= 1 if name == "r2" else interval.low >= 0
    for delta in Task.compare(rows, after=answered([1, 2, 4], values[::-1])).values():
        assert delta.low <= delta.value <= delta.high


def test_the_same_answers_differ_by_nothing() -> None:
    rows = answered([1, 2, 3, 9], [1, 3, 3, 3], low=[0, 0, 0, 0], high=[2, 1, 5, 5])
    for delta in Task.compare(rows, after=rows).values():
        assert delta == Interval(value=0.0, low=0.0, high=0.0)


def test_a_difference_of_rmse_is_claimed_where_that_of_the_squares_is() -> None:
    before, after = drawn(200, seed=4), drawn(200, seed=4, noise=1.3)
    squares = (after.outputs["value"] - after.labels) ** 2 - (before.outputs["value"] - before.labels) ** 2
    wide = 1.971957 * squares.std(ddof=1) / np.sqrt(200)
    roots = Task.evaluate(before)["rmse"].value + Task.evaluate(after)["rmse"].value
    delta = Task.compare(before, after=after)["rmse"]
    assert (delta.low, delta.high) == pytest.approx(
        ((squares.mean() - wide) / roots, (squares.mean() + wide) / roots), rel=1e-5
    )


def test_few_rows_that_make_the_squares_are_mentioned() -> None:
    labels, values = np.zeros(200), np.ones(200)
    assert Task.remarks(answered(labels, values)) == ()
    values[:2] = 20
    assert Task.remarks(answered(labels, values)) == (
        "Few rows make the RMSE and R²: the largest 1 % of the squared errors are half of their sum.",
    )


def test_the_coverage_gap_counts_in_both_directions() -> None:
    labels, none = list(range(20)), [0.0] * 20
    for covered, gap, least in ((16, 0.0, 0.0), (10, 0.3, 0.0768), (20, 0.2, 0.025 ** (1 / 20) - 0.8)):
        rows = answered(labels, none, low=none, high=[100.0 if row < covered else -1.0 for row in labels])
        interval = Task.evaluate(rows)["coverage_gap"]
        assert interval.value == pytest.approx(gap)
        assert interval.low == pytest.approx(least, abs=1e-4)
        assert interval.value <= interval.high < 1


def test_the_coverage_of_another_share_is_not_compared() -> None:
    rows = answered([1, 2, 3, 9], [1, 3, 3, 3], low=[0, 0, 0, 0], high=[2, 1, 5, 5])
    other = Predictions(rows.rows, rows.labels, rows.outputs, Target(task="regression", interval=0.5))
    assert "coverage_gap" in Task.compare(rows, after=rows)
    assert "coverage_gap" not in Task.compare(rows, after=other)


def test_margins_in_the_unit_of_the_label_are_shares_of_the_baselines_figure() -> None:
    baseline = {name: Interval(value=50.0, low=40, high=60) for name in ("mae", "rmse", "r2")}
    assert Task.margins_against(baseline) == {"mae": 0.5}
    assert Task.margins_against(baseline, margins={"rmse": 0.1, "r2": 0.02}) == {"rmse": 5.0, "r2": 0.02}
    assert Task.margins_against({}, margins={"rmse": 0.1}) == {}


@pytest.mark.parametrize(
    ("values", "kind", "numbers"),
    [
        ([1, -2], pa.int8(), [1.0, -2.0]),
        ([0.5, 2.5], pa.float32(), [0.5, 2.5]),
        ([Decimal("1.25"), Decimal("3.00")], None, [1.25, 3.0]),
        ([True, False], None, [1.0, 0.0]),
    ],
)
def test_labels_are_numbers_of_any_type(values: list[Any], kind: Any, numbers: list[float]) -> None:
    assert Task.target_of(column(values, kind), label="price") == PRICE
    assert Task.labels_of(column(values, kind), target=PRICE).tolist() == numbers


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1.0, None], "labels are missing in 1 rows"),
        ([float("nan")] * 2, "every label is missing"),
        (["1", "2"], "of the type string"),
        ([1.0, float("inf")], "infinite"),
        ([1.0, -1e200], "too large"),
    ],
)
def test_what_is_no_number_is_refused_in_words(values: list[Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        Task.target_of(column(values), label="price")


@pytest.mark.parametrize(("labels", "values"), [([1, 2], [1, np.nan]), ([1, 2], [1]), ([1], [1]), ([1, 2], [1, 1e200])])
def test_answers_that_are_none_are_refused(labels: list[float], values: list[float]) -> None:
    with pytest.raises(Invalid):
        Task.evaluate(answered(labels, values))


def test_the_spread_of_numbers_says_whether_there_is_anything_to_learn() -> None:
    spread = Task.spread_of(np.array([1.0, 3.0]), target=PRICE)
    assert (spread.mean, spread.deviation, spread.lowest, spread.highest) == (2.0, 1.0, 1.0, 3.0)
    assert Task.refuse_labels(spread) == ""
    assert Task.refuse_labels(Task.spread_of(np.array([2.0, 2.0]), target=PRICE)) == "all labels are 2"
    assert Task.refuse_labels(Task.spread_of(np.array([]), target=PRICE)) == ""


def test_pictures_show_the_same_rows_of_every_version() -> None:
    rows = drawn(1_000, seed=5)
    lines = {line.name: line for line in Task.lines(rows)}
    assert {len(lines[name].x) for name in ("actual", "residuals")} == {60}
    assert lines["actual"].x[0] == rows.labels.min()
    assert lines["actual"].x[-1] == rows.labels.max()
    assert lines["residuals"].y == pytest.approx(np.subtract(lines["actual"].x, lines["actual"].y))
    assert sum(lines["errors"].y) == pytest.approx(1.0)
    assert [line.name for line in Task.lines(answered([1, 2], [2, 3]))] == [picture.name for picture in Task.pictures]


def test_the_constant_is_the_median_with_the_quantiles_around_it() -> None:
    outputs = Task.constant(np.arange(11.0), rows=2, target=COVERED)
    for name, value in {"value": 5.0, "low": 1.0, "high": 9.0}.items():
        assert outputs[name] == pytest.approx([value, value])
    assert list(Task.constant(np.arange(11.0), rows=1, target=PRICE)) == ["value"]


def test_answers_lead_back_to_the_outputs() -> None:
    outputs = answered([1, 2], [1.5, 2.5], low=[1, 2], high=[3, 4]).outputs
    answers = Task.answers(outputs, target=COVERED)
    assert answers[0] == {"value": 1.5, "low": 1.0, "high": 3.0}
    assert Task.gaps(outputs, second=Task.outputs_of(answers, target=COVERED)).tolist() == [0.0, 0.0]
    with pytest.raises(KeyError):
        Task.outputs_of([{"value": 1.5}], target=COVERED)


def test_runs_differ_by_the_largest_share_of_a_large_number() -> None:
    first, second = {"value": np.array([2e6, 0.5, np.nan])}, {"value": np.array([2e6 - 20, 0.25, np.nan])}
    assert Task.gaps(first, second=second) == pytest.approx([1e-5, 0.25, np.inf])
    assert Task.gaps(first, second={**first, "low": first["value"]}).tolist() == [np.inf] * 3


def test_a_number_has_no_decision_that_could_flip() -> None:
    rows = answered([1, 2], [1, 2])
    assert Task.flips(rows, after=rows, version_id="MV-2") is None
