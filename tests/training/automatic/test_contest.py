"""Candidates are tried in their order, as far as the clock lets them, and the leaderboard says how it went."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from core.compute.process import JobFailed
from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureContract, ImageInput, RequestField
from core.foundation.errors import Invalid
from core.tasks.values import Target
from core.training.automatic.candidates import Entrant, entrants
from core.training.automatic.fitted_best import FittedBest
from core.training.automatic.values import Candidate
from core.training.evaluation import OnnxModel, largest_difference
from core.training.preparation import learn
from core.training.recipe import DRAWN_BY, FitContext, Origins, check_params, recipe_called, refuse_other_inputs
from core.training.recipes.automatic import Automatic
from tests.training.known_sets import QUICK, judged, known_set
from tests.training.text_recipes.corpus import CONTRACT, corpus

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
    drawn_by: str = "",
    **params: Any,
) -> FittedBest:
    return fitted_to(*known_set(name), entered, should_stop=should_stop, drawn_by=drawn_by, **params)


def fitted_to(
    tables: dict[str, pa.Table],
    contract: FeatureContract,
    target: Target,
    entered: list[Entrant],
    *,
    should_stop: Callable[[], bool] = lambda: False,
    drawn_by: str = "",
    **params: Any,
) -> FittedBest:
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
            supplies={DRAWN_BY: drawn_by},
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


PHOTO = RequestField(name="photo", kind="image", is_model_input=True, image=ImageInput(width=4, height=2))


def of_fields(*fields: RequestField) -> FeatureContract:
    return FeatureContract(event_time="", row_id="id", request=fields, views=())


def test_texts_and_images_have_candidates_of_their_own() -> None:
    of_texts = entrants(CONTRACT, Target())
    assert {recipe.name for recipe, _candidate in of_texts} == {"text"}
    assert {recipe.name for recipe, _candidate in entrants(of_fields(PHOTO), Target())} == {"image"}
    for recipe, candidate in (*of_texts, *entrants(of_fields(PHOTO), Target())):
        check_params(recipe, params=candidate.params)


def test_inputs_that_no_candidate_learns_from_are_refused_in_words() -> None:
    both = of_fields(PHOTO, *CONTRACT.request)
    training_set = TrainingSet.model_construct(contract=both, manifest=None)
    with pytest.raises(Invalid, match=r"No recipe .* the task binary from .* category, image, number, text") as refusal:
        refuse_other_inputs(Automatic, training_set, params={})
    assert refusal.value.field == "recipe"


def test_several_that_read_texts_answer_in_one_file() -> None:
    tables, target = corpus("binary")
    text = recipe_called("text")
    entered = [(text, Candidate(turn=1, params={"buckets": 4096, "ngram": ngram})) for ngram in (1, 2)]
    best = fitted_to(tables, CONTRACT, target, entered)
    twice = FittedBest([*best.members, *best.members][:2], preparation=learn(tables["train"], contract=CONTRACT))
    content, signature = twice.export(Origins(contract=CONTRACT))
    outputs = OnnxModel(content, signature=signature, threads=1).outputs(tables["test"])
    assert largest_difference(outputs, twice.predict(tables["test"]), target=target) <= 1e-9


def test_of_candidates_that_cannot_be_told_apart_the_simpler_wins() -> None:
    board = tried(
        [(TREES, Candidate(turn=1, params=SHORT)), QUICK_ONES[0]], name="breast_cancer", members=1
    ).leaderboard
    assert board is not None
    assert board.entries[board.winner].recipe == "linear"
    poor = (TREES, Candidate(turn=0, params={"rounds": 1, "learning_rate": 0.01}))
    clear = tried([poor, (QUICK_ONES[0][0], Candidate(turn=5))], members=1).leaderboard
    assert clear is not None
    assert (clear.winner, clear.entries[0].recipe) == (0, "linear")


def test_few_rows_are_judged_in_parts_and_the_model_is_the_fit_on_the_rows_of_training() -> None:
    best, plain = (tried(QUICK_ONES[:2], drawn_by=drawn_by, members=1) for drawn_by in ("random", ""))
    board, tables = best.leaderboard, known_set("diabetes")[0]
    assert board is not None
    assert plain.leaderboard is not None
    assert (board.parts, board.rows) == (5, tables["train"].num_rows + tables["validation"].num_rows)
    assert (plain.leaderboard.parts, plain.leaderboard.rows) == (0, tables["validation"].num_rows)
    alike = [fitted.predict(tables["test"])["value"] for fitted in (best, plain)]
    assert (alike[0] == alike[1]).all()
