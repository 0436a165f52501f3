"""Rows count as much as their training set says, and classes as much as a person chose, in every family of recipes."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from core.compute.process import JobFailed
from core.features.values import FeatureContract, RequestField
from core.tasks.values import Target
from core.training.recipe import FitContext, check_params, recipe_called
from core.training.row_weights import balanced_weights, weights_of
from core.training.torch_recipes.heads import ClassesHead, LabelsHead, NumberHead, ProbabilityHead, ScoreHead

CONTRACT = FeatureContract(
    event_time="", row_id="row_id", request=(RequestField(name="size", kind="number", is_model_input=True),), views=()
)
FEW = {
    "linear": {},
    "gradient_boosting": {"rounds": 20, "learning_rate": 0.3},
    "tabular": {"epochs": 20, "batch_size": 128, "hidden_width": 8, "learning_rate": 0.02, "calibration": "none"},
}


def rows(count: int, *, seed: int, share: float = 0.5, weights: bool = False) -> pa.Table:
    """A number that is about 1 where the label is 1 and about -1 where it is 0. With weights, two thirds of the rows
    have the other label and count for nothing."""
    random = np.random.default_rng(seed)
    label = (random.random(count) < share).astype(np.int64)
    columns = {"row_id": np.arange(count).astype(str), "size": np.where(label == 1, 1.0, -1.0)}
    columns["size"] = columns["size"] + random.normal(0, 1, count)
    if weights:
        is_wrong = np.arange(count) % 3 > 0
        columns["row_weight"] = np.where(is_wrong, 0.0, 2.0)
        label = np.where(is_wrong, 1 - label, label)
    return pa.table({**columns, "label": label})


def answers(name: str, *, train: pa.Table, validation: pa.Table, judged: pa.Table, **params: object) -> Any:
    """The probabilities of the judged rows."""
    recipe, target = recipe_called(name), Target()
    tables = {"train": train, "validation": validation}
    prepared = recipe.prepare(tables, contract=CONTRACT, target=target, threads=1)
    chosen = check_params(recipe, params={**FEW[name], **params})
    context = FitContext(prepared, chosen, target, seed=1, threads=1, report=lambda _step, _metrics: None)
    return recipe.fit(context).predict(judged)["probability"]


@pytest.mark.parametrize("name", FEW)
def test_rows_that_weigh_nothing_teach_nothing(name: str) -> None:
    train, validation, judged = rows(1200, seed=1, weights=True), rows(300, seed=2), pa.table({"size": [-2.0, 2.0]})
    low, high = answers(name, train=train, validation=validation, judged=judged)
    assert low < 0.2
    assert high > 0.8
    low, high = answers(name, train=train.drop_columns("row_weight"), validation=validation, judged=judged)
    assert low > 0.35


@pytest.mark.parametrize("name", FEW)
def test_a_rare_class_may_weigh_as_much_as_the_other(name: str) -> None:
    train, validation = (rows(count, seed=count, share=0.05) for count in (1200, 600))
    plain, balanced = (
        answers(name, train=train, validation=validation, judged=validation, class_weight=weight).mean()
        for weight in ("none", "balanced")
    )
    assert plain == pytest.approx(0.05, abs=0.03)
    assert balanced > 0.15


def test_balanced_classes_weigh_the_same_and_all_of_them_what_they_did() -> None:
    labels, weights = np.array([0, 0, 0, 2]), np.array([1.0, 1.0, 2.0, 2.0])
    assert balanced_weights(labels, weights=weights).tolist() == [0.75, 0.75, 1.5, 3.0]
    several = balanced_weights(np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]]))
    assert several == pytest.approx(np.array([[0.75, 1.0], [0.75, 1.0], [1.5, 1.0]]))


def test_weights_that_are_all_zero_are_refused_in_words() -> None:
    assert weights_of(pa.table({"label": [1]})) is None
    with pytest.raises(JobFailed, match="all rows of a split have the weight 0"):
        weights_of(pa.table({"row_weight": [0.0, 0.0]}))


def test_a_weight_of_two_is_a_row_that_stands_twice_in_every_loss() -> None:
    twice, weights = torch.tensor([0, 1, 1, 2]), torch.tensor([1.0, 2.0, 1.0])
    classes = Target(task="multi_class", classes=("a", "b", "c"))
    cases = (
        (ProbabilityHead(Target()), torch.tensor([0.3, -1.0, 2.0]), torch.tensor([1.0, 0.0, 1.0])),
        (ClassesHead(classes), torch.randn(3, 3), torch.tensor([2, 0, 1])),
        (LabelsHead(classes), torch.randn(3, 3), torch.tensor([[0.0, 1, 1], [1, 1, 0], [0, 0, 0]])),
        (NumberHead(Target(task="regression"), labels=[1.0, 3.0]), torch.randn(3), torch.tensor([0.5, 4.0, -1.0])),
    )
    for head, logits, labels in cases:
        weighed = head.loss(logits, labels=labels, weights=weights)
        assert float(weighed) == pytest.approx(float(head.loss(logits[twice], labels=labels[twice])), rel=1e-6)


def test_a_group_of_a_ranking_weighs_what_its_rows_do() -> None:
    head = ScoreHead(Target(task="ranking", label="label", group="query"))
    logits, labels, groups = torch.tensor([2.0, -1, 3, 1]), torch.tensor([1.0, 0, 0, 2]), torch.tensor([4, 4, 0, 0])
    first, second = (
        float(head.loss(logits[part], labels=labels[part], groups=groups[part])) for part in (slice(2), slice(2, 4))
    )
    weighed = head.loss(logits, labels=labels, groups=groups, weights=torch.tensor([3.0, 3, 1, 1]))
    assert float(weighed) == pytest.approx((3 * first + second) / 4, rel=1e-6)
