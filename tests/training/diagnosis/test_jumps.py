"""A loss that rose at once is seen, and what every training does is not."""

import numpy as np
import pytest

from core.training.diagnosis.jumps import jump_in
from core.training.values import Point, Series

DRAWN = np.random.default_rng(3)
FALLING = 0.4 + np.exp(-np.arange(60) / 8)


def series(values: np.ndarray, name: str = "train_loss") -> Series:
    points = (Point(step=10 * place, value=float(value)) for place, value in enumerate(values))
    return Series(name=name, points=tuple(points))


@pytest.mark.parametrize(
    "values",
    [
        FALLING,
        FALLING + DRAWN.normal(scale=0.02, size=60),
        np.concatenate([FALLING, FALLING[-1] + 0.01 * np.arange(80)]),
        np.full(40, 0.7),
        np.array([3.0, 9.0]),
    ],
    ids=["falls", "is noisy", "overfits slowly", "stands still", "has hardly begun"],
)
def test_what_every_training_does_is_no_jump(values: np.ndarray) -> None:
    assert jump_in([series(values)]) is None


def test_a_jump_is_named_with_its_step() -> None:
    values = FALLING + DRAWN.normal(scale=0.01, size=60)
    values[40:] += 1.5
    values[50] += 1
    jump = jump_in([series(FALLING, "other"), series(values)])
    assert jump is not None
    assert (jump.name, jump.step) == ("train_loss", 400)
    assert jump.before == pytest.approx(0.4, abs=0.05)
    assert jump.after == pytest.approx(1.9, abs=0.05)
