"""A sweep in words."""

import pytest

from app.sweeps.wording import answer
from core.sweeps.values import Confirmation, Sweep, SweepState
from core.tasks.values import Interval

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
    confirmation = Confirmation.model_construct(value=value, run_ids=("RUN-1", "RUN-2", "RUN-3"), untouched=untouched)
    sweep = Sweep.model_construct(
        state=SweepState.FINISHED, metric=metric, split="validation", confirmation=confirmation
    )
    assert f":material/{mark}" in answer(sweep)


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (("RUN-1",), "**One seed says nothing about the chance of the seed.**"),
        (("RUN-1", "RUN-2"), "**Two seeds say almost nothing.**"),
    ],
)
def test_few_seeds_are_a_warning_in_words(runs: tuple[str, ...], words: str) -> None:
    confirmation = Confirmation.model_construct(value=SURE, run_ids=runs, untouched={})
    sweep = Sweep.model_construct(
        state=SweepState.FINISHED, metric="auc", split="validation", confirmation=confirmation
    )
    assert answer(sweep).startswith(f":orange[:material/warning:] {words}")
    assert f"with {len(runs)} fresh seed" in answer(sweep)
