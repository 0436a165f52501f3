"""A sweep in words."""

import pytest

from app.sweeps.wording import answer
from core.registry.values import Interval
from core.sweeps.values import Confirmation, Sweep, SweepState

SURE, GUESS = Interval(value=0.7, low=0.65, high=0.75), Interval(value=0.52, low=0.47, high=0.57)


@pytest.mark.parametrize(
    ("metric", "value", "untouched", "mark"),
    [
        ("auc", SURE, {"auc": SURE}, "verified"),
        ("auc", GUESS, {}, "warning:] **No better than chance.**"),
        ("auc", SURE, {"auc": GUESS}, "warning:] **No better than chance.**"),
        ("log_loss", GUESS, {"auc": GUESS}, "warning:] **No better than chance.**"),
        ("log_loss", GUESS, {}, "verified"),
    ],
)
def test_a_best_trial_that_may_be_a_guess_is_confirmed_as_one(
    metric: str, value: Interval, untouched: dict[str, Interval], mark: str
) -> None:
    confirmation = Confirmation.model_construct(value=value, run_ids=("RUN-1",), untouched=untouched)
    sweep = Sweep.model_construct(
        state=SweepState.FINISHED, metric=metric, split="validation", confirmation=confirmation
    )
    assert f":material/{mark}" in answer(sweep)
