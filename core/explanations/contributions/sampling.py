"""Shapley values by asking the model alone: exact of a model that is a sum with a part for each input, and for every
other one estimated over random orders in which inputs take the explained row's values."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from core.explanations.contributions.mixtures import Mixtures

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS, MOST_PAIRS, LEAST_PAIRS = 20_000, 150, 10
# A sum of doubles is not equal in the last digits.
SAME = 1e-10
Answers = Callable[["pa.Table"], Any]


def additive_contributions(own: float, *, plain: Any, replaced: Any) -> Any:
    """float64 [inputs] of a model whose answers are `own` for the explained row, `plain` [rows] for the background rows
    and `replaced` [inputs, rows] for them with one value of the explained row each; None where it is no sum, which
    shows in that the steps do not lead from one row to the other."""
    steps = replaced - plain
    off = np.abs(plain + steps.sum(axis=0) - own)
    scale = 1 + np.abs(plain).max() + np.abs(steps).sum(axis=0).max()
    return steps.mean(axis=1) if bool((off <= SAME * scale).all()) else None


def sampled_contributions(mixtures: Mixtures, answers: Answers, *, seed: int) -> tuple[Any, Any, float, float, int]:
    """float64 [inputs] twice, values and standard errors, the base, the prediction, and over how many rows. Base and
    contributions are the prediction, however few the orders are: each order leads from a background row to the
    explained one. Every order is taken backwards too, which cancels much of the noise (E. Strumbelj and I. Kononenko,
    Explaining Prediction Models and Individual Predictions with Feature Contributions, Knowledge and Information
    Systems 41 (2014); R. Mitchell et al., Sampling Permutations for Shapley Value Estimation, JMLR 23 (2022))."""
    inputs, random = len(mixtures.names), np.random.default_rng(seed)
    pairs = max(LEAST_PAIRS, min(MOST_PAIRS, MOST_ROWS // (2 * (inputs + 1))))
    others = np.arange(pairs) % mixtures.rows
    orders = np.stack([random.permutation(inputs) for _pair in range(pairs)])
    both = np.concatenate([orders, orders[:, ::-1]])
    # An input is known from the step on that is its place in the order.
    places = np.argsort(both, axis=1)
    is_own = places[:, None, :] < np.arange(inputs + 1)[None, :, None]
    rows = is_own.reshape(-1, inputs)
    values = answers(mixtures.of(rows, others=np.tile(others, 2).repeat(inputs + 1))).reshape(2 * pairs, inputs + 1)
    steps = np.take_along_axis(np.diff(values, axis=1), places, axis=1)
    means = (steps[:pairs] + steps[pairs:]) / 2
    errors = means.std(axis=0, ddof=1) / np.sqrt(pairs)
    used = min(pairs, mixtures.rows)
    return means.mean(axis=0), errors, float(values[:, 0].mean()), float(values[0, -1]), used
