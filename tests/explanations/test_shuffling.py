"""How much an input matters, against what is known of models whose every answer is known."""

import numpy as np
import pyarrow as pa
import pytest

from core.explanations.grouping import correlated, numbers_among
from core.explanations.shuffling import shuffled_losses


def linear_table(rows: int, *, seed: int = 5) -> pa.Table:
    """A label of three parts: 2 a, b, and noise; c says nothing."""
    random = np.random.default_rng(seed)
    columns = {name: random.normal(size=rows) for name in "abc"}
    return pa.table({**columns, "label": 2 * columns["a"] + columns["b"] + random.normal(size=rows)})


def squares(table: pa.Table) -> np.ndarray:
    a, b, label = (table[name].to_numpy() for name in ("a", "b", "label"))
    return (label - 2 * a - b) ** 2


SINGLE = {name: (name,) for name in "abc"}


def test_a_shuffled_input_costs_what_theory_says() -> None:
    """Of squares and a linear model it is twice the variance of its part: 2 * 4, 2 * 1 and nothing."""
    known, repeats = shuffled_losses(linear_table(4_000), SINGLE, losses=squares, seed=1, repeats=3)
    assert repeats == 3
    assert known["a"].low < 8 < known["a"].high
    assert known["b"].low < 2 < known["b"].high
    assert (known["c"].value, known["c"].low, known["c"].high) == (0, 0, 0)


def test_the_same_seed_gives_the_same_figures() -> None:
    first, second, other = (
        shuffled_losses(linear_table(200), SINGLE, losses=squares, seed=seed, repeats=2)[0] for seed in (1, 1, 2)
    )
    assert first == second != other


def test_what_is_shuffled_as_one_keeps_its_rows_together() -> None:
    """The label is a minus b, so that nothing is lost as long as both come from one row of equal difference."""
    values = np.arange(50.0)
    table = pa.table({"a": values, "b": values, "label": np.zeros(50)})

    def losses(rows: pa.Table) -> np.ndarray:
        return abs(rows["a"].to_numpy() - rows["b"].to_numpy())

    known, _repeats = shuffled_losses(table, {"a": ("a",), "both": ("a", "b")}, losses=losses, seed=1, repeats=2)
    assert known["a"].low > 0
    assert (known["both"].value, known["both"].high) == (0, 0)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """A row moves the figure by the values it gives as well as by those it receives: intervals without the first part
    would hold the truth in 80 of 100 samples."""
    samples = 200
    held = 0
    for seed in range(samples):
        known, _repeats = shuffled_losses(
            linear_table(120, seed=seed), {"a": ("a",)}, losses=squares, seed=seed, repeats=3
        )
        held += known["a"].low <= 8 <= known["a"].high
    assert 0.9 <= held / samples <= 0.99


def test_time_ends_the_shuffling_after_a_whole_round() -> None:
    known, repeats = shuffled_losses(linear_table(50), SINGLE, losses=squares, seed=1, repeats=5, seconds=0.0)
    assert repeats == 1
    assert set(known) == set(SINGLE)


def test_groups_that_are_judged_have_an_influence_each() -> None:
    """Losses of groups are fewer than rows."""

    def losses(table: pa.Table) -> np.ndarray:
        return squares(table).reshape(-1, 4).mean(axis=1)

    known, _repeats = shuffled_losses(linear_table(400), SINGLE, losses=losses, seed=1, repeats=2)
    assert known["a"].low < known["a"].value < known["a"].high


@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_that_go_together_are_found(sign: int) -> None:
    random = np.random.default_rng(3)
    first, other = random.normal(size=300), random.normal(size=300)
    close = sign * first + 0.1 * random.normal(size=300)
    missing = np.where(np.arange(300) % 7 == 0, np.nan, other)
    columns = {"a": first, "b": missing, "c": close, "d": np.full(300, 2.0)}
    assert correlated(columns) == (("a", "c"),)
    assert correlated({"a": first}) == correlated({}) == ()


def test_only_numbers_with_values_can_go_together() -> None:
    table = pa.table({"text": ["a", "b"], "whole": [1, 2], "empty": pa.array([None, None], pa.float64())})
    assert list(numbers_among(table, table.column_names)) == ["whole"]
