"""Candidates are tried in their order, as far as the clock lets them, and the leaderboard says how it went."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.compute.process import JobFailed
from core.training.automatic.candidates import Entrant, entrants
from core.training.automatic.fitted_best import FittedBest
from core.training.automatic.values import Candidate
from core.training.recipe import FitContext, check_params, recipe_called
from core.training.recipes.automatic import Automatic
from tests.training.known_sets import QUICK, judged, known_set

TREES = recipe_called("gradient_boosting")
SHORT = {**QUICK["gradient_boosting"], "rounds": 20}
QUICK_ONES: list[Entrant] = [
    (recipe_called("linear"), Candidate(turn=0)),
    (TREES, Candidate(turn=1, params=SHORT)),
    (TREES, Candidate(turn=2, params={**SHORT, "leaves": 4})),
]


def tried(
    entered: list[Entrant],
    *,
    name: str = "diabetes",
    should_stop: Callable[[], bool] = lambda: False,
    **params: Any,
) -> FittedBest:
    tables, contract, target = known_set(name)
    prepared = Automatic.prepare(tables, contract=contract, target=target, threads=1)
    fitted = Automatic.fit(
        FitContext(
            prepared=replace(prepared, entrants=entered),
            params=check_params(Automatic, params=params),
            target=target,
            seed=1,
            threads=1,
            report=lambda _step, _figures: None,
            should_stop=should_stop,
        )
    )
    assert isinstance(fitted, FittedBest)
    return fitted


def test_the_best_wins_and_all_are_on_the_leaderboard() -> None:
    best = tried(QUICK_ONES)
    board = best.leaderboard
    assert board is not None
    assert judged("diabetes", best)["r2"] > 0.3
    assert {entry.recipe for entry in board.entries} == {"linear", "gradient_boosting"}
    figures = [entry.figure.value for entry in board.entries if entry.figure]
    assert figures == sorted(figures)
    assert (len(figures), board.unfinished, board.baseline) == (3, 0, "linear")
    assert board.is_blended == any(entry.weight > 0 for entry in board.entries)
    again = tried(QUICK_ONES).leaderboard
    assert again is not None
    assert [entry.figure for entry in again.entries] == [entry.figure for entry in board.entries]


def test_the_baseline_and_one_boosting_are_tried_whatever_the_clock_says() -> None:
    board = tried(QUICK_ONES, minutes=1e-9).leaderboard
    assert board is not None
    assert [entry.cause for entry in board.entries] == ["", "", "the time was over"]


def test_one_that_fails_is_left_out_and_says_why() -> None:
    class Broken(TREES):  # type: ignore[valid-type, misc]
        name = "broken"

        @classmethod
        def fit(cls, context: FitContext) -> Any:
            raise JobFailed("The loss became NaN")

    wrong: Entrant = (Broken, Candidate(turn=1))
    board = tried([QUICK_ONES[0], wrong]).leaderboard
    assert board is not None
    assert [entry.cause for entry in board.entries] == ["", "The loss became NaN"]
    with pytest.raises(JobFailed, match="broken: The loss became NaN"):
        tried([wrong])


def test_a_stop_ends_it_between_two() -> None:
    assert tried(QUICK_ONES, should_stop=lambda: True).stopped


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes"])
def test_the_baseline_comes_first_and_boosting_second(name: str) -> None:
    _tables, contract, target = known_set(name)
    listed = entrants(contract, target)
    assert [recipe.name for recipe, _candidate in listed[:2]] == ["linear", "gradient_boosting"]
    assert "automatic" not in {recipe.name for recipe, _candidate in listed}
    for recipe, candidate in listed:
        check_params(recipe, params=candidate.params)
    has_absolute = any(candidate.params.get("loss") == "l1" for _recipe, candidate in listed)
    assert has_absolute == (target.task == "regression")
