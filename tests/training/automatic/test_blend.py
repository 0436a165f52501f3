"""Several models in one: weights that rows say, and one file that answers as they do together."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.tasks.prediction_files import predictions_of
from core.tasks.task import task_of
from core.training.automatic.blend import Member, blend_of, calibrated
from core.training.automatic.contest import Finisher
from core.training.automatic.fitted_best import FittedBest
from core.training.automatic.scores import LOGITS, NUMBERS, RANKS, SHARES, Unit, form_of, loss_of, scores_of, value_of
from core.training.automatic.values import Entry
from core.training.automatic.weights import blended_unseen, weights_of
from core.training.preparation import learn
from core.training.recipe import recipe_called
from tests.training.known_sets import fitted_on, judged, known_set

DRAWN = np.random.default_rng(5)


@cache
def finisher(name: str, recipe: str, **params: object) -> Finisher:
    fitted, table = fitted_on(name, recipe, **params), known_set(name)[0]["validation"]
    predictions = predictions_of(table, outputs=fitted.predict(table), target=fitted.target)
    figures = task_of(fitted.target).evaluate(predictions)
    return Finisher(recipe_called(recipe), fitted, predictions, figures, Entry(recipe=recipe))


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes"])
def test_one_file_answers_as_its_members_do_together(name: str) -> None:
    tables, contract, _target = known_set(name)
    finishers = [finisher(name, "linear"), finisher(name, "gradient_boosting", rounds=10)]
    members = [Member(single, Unit(), weight) for single, weight in zip(finishers, (0.3, 0.7), strict=True)]
    best = FittedBest(members, preparation=learn(tables["train"], contract=contract))
    assert judged(name, best)
    assert (best.precision, best.keeps_missing) == ("fp64", True)
    alone = FittedBest([replace(members[0], weight=1.0)], preparation=learn(tables["train"], contract=contract))
    for output, values in finishers[0].fitted.predict(tables["test"]).items():
        assert np.array_equal(alone.predict(tables["test"])[output], values)


@pytest.mark.parametrize("form", [LOGITS, SHARES, NUMBERS, RANKS])
def test_what_was_scored_is_what_was_said(form: str) -> None:
    value = DRAWN.dirichlet(np.ones(3), 50) if form == SHARES else DRAWN.uniform(0.01, 0.99, 50)
    assert np.allclose(value_of(scores_of(value, form=form, unit=Unit()), form=form), value, atol=1e-12)


def toys(rows: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    """Scores of two models that know different halves of the truth and of one that knows nothing; labels of 0 and 1."""
    first, second, third = DRAWN.normal(size=(3, rows))
    labels = (DRAWN.uniform(size=rows) < 1 / (1 + np.exp(-first - second))).astype(float)
    return np.stack([first, second, third]), labels


def test_models_weigh_by_what_they_add() -> None:
    scores, labels = toys()
    weights = weights_of(scores, form=LOGITS, labels=labels)
    assert weights[:2] == pytest.approx([1, 1], abs=0.25)
    assert weights[2] == 0
    few = weights_of(scores[:, :8], form=LOGITS, labels=labels[:8])
    assert (np.abs(few - 1 / 3) < np.abs(weights - 1 / 3) + 0.5).all()


def test_a_row_is_blended_by_weights_that_have_not_seen_it() -> None:
    scores, labels = toys()
    before = blended_unseen(scores, form=LOGITS, labels=labels, groups=None, seed=1)
    turned = labels.copy()
    turned[0] = 1 - turned[0]
    after = blended_unseen(scores, form=LOGITS, labels=turned, groups=None, seed=1)
    assert before[0] == after[0]
    assert (before[1:] != after[1:]).any()
    assert np.array_equal(before, blended_unseen(scores, form=LOGITS, labels=labels, groups=None, seed=1))


def test_the_loss_of_an_order_is_least_where_the_relevant_comes_first() -> None:
    groups, labels = np.array([0, 0, 0, 1, 1, 2]), np.array([1.0, 0, 0, 0, 2, 0])
    right, wrong = labels * 3, -labels * 3
    losses = [loss_of(scores, form=RANKS, labels=labels, groups=groups) for scores in (right, np.zeros(6), wrong)]
    assert losses == sorted(losses)
    assert losses[1] == pytest.approx((np.log(3) + np.log(2)) / 2)


def test_the_best_of_each_recipe_comes_before_a_second_one() -> None:
    ranked = [finisher("diabetes", "gradient_boosting", rounds=10), finisher("diabetes", "linear")]
    again = replace(ranked[0], entry=Entry(recipe="gradient_boosting", params={"leaves": 7}))
    blend = blend_of([ranked[0], again, ranked[1]], most=2, seed=1)
    assert blend is not None
    assert [member.finisher for member in blend.members] == ranked
    assert blend_of(ranked[:1], most=6, seed=1) is None


@pytest.mark.parametrize("name", ["breast_cancer", "wine"])
def test_one_that_is_too_sure_is_made_as_sure_as_the_rows_bear_out(name: str) -> None:
    single = finisher(name, "gradient_boosting", rounds=10)
    form, outputs = form_of(single.fitted.target), single.predictions.outputs
    sure = value_of(8 * scores_of(single.value, form=form, unit=Unit()), form=form)
    too_sure = replace(single, predictions=replace(single.predictions, outputs={**outputs, next(iter(outputs)): sure}))
    blend = calibrated(too_sure, seed=1)
    assert blend is not None
    (member,) = blend.members
    assert 0 < member.weight < 0.8
    assert blend.gains["log_loss"].value < 0
    best = FittedBest(blend.members, preparation=learn(known_set(name)[0]["train"], contract=known_set(name)[1]))
    assert judged(name, best)
    assert calibrated(finisher("diabetes", "linear"), seed=1) is None
