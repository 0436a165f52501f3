"""Every network learns every task that its recipe names, and its file says what it says."""

from typing import cast

import numpy as np
import pytest
import torch

from core.foundation.errors import Invalid
from core.serving.model_server.columns import filled
from core.serving.model_server.layout import Layout
from core.serving.model_server.session import open_session
from core.tasks.prediction_files import predictions_of
from core.tasks.task import task_of
from core.training.evaluation import OnnxModel, largest_difference
from core.training.recipe import Origins, all_recipes
from core.training.recipes.two_tower import TwoTower, TwoTowerParams
from core.training.torch_recipes.network_recipe import NetworkRecipe
from core.training.torch_recipes.torch_recipe import Shape
from core.training.torch_recipes.two_tower import TwoTowers
from tests.training.flights import contract, with_column
from tests.training.torch_recipes.toys import fitted_toy, toy

NETWORKS = {
    name: recipe
    for name, recipe in all_recipes().items()
    if issubclass(recipe, NetworkRecipe) and "image" not in recipe.kinds
}
LEARNED = [(name, task) for name, recipe in NETWORKS.items() for task in recipe.tasks]


@pytest.mark.parametrize(("recipe", "task"), LEARNED)
def test_it_beats_the_constant_by_far_and_the_file_says_the_same(recipe: str, task: str) -> None:
    tables, takes, target = toy(task)
    fitted, test = fitted_toy(recipe, task), tables["test"]
    content, signature = fitted.export(Origins(contract=takes))
    outputs = OnnxModel(content, signature=signature, threads=1).answers(test)
    assert largest_difference(outputs, fitted.predict(test), target=fitted.target) <= task_of(target).tolerance
    assert signature.target == fitted.target
    judge = task_of(target)
    labels = judge.labels_of(tables["train"]["label"], target=target)
    leading = next(metric for metric in judge.metrics if metric.name == judge.leading[0])
    constant = judge.constant(labels, rows=test.num_rows, target=target)
    learned, nothing = (
        judge.evaluate(predictions_of(test, outputs=given, target=target))[leading.name].value
        for given in (outputs, constant)
    )
    if leading.better == "down":
        assert learned < 0.7 * nothing
    else:
        assert 1 - learned < 0.5 * (1 - nothing)


@pytest.mark.parametrize("recipe", NETWORKS)
@pytest.mark.parametrize("columns", [(("user", "item"), ()), ((), ("age", "price")), (("item",), ("age",))])
def test_categories_alone_and_numbers_alone_do(recipe: str, columns: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    tables, _takes, target = toy("multi_class" if "multi_class" in NETWORKS[recipe].tasks else "binary")
    takes = contract(*columns)
    fitted = fitted_toy(recipe, target.task, takes=takes, epochs=1)
    content, signature = fitted.export(Origins(contract=takes))
    outputs = OnnxModel(content, signature=signature, threads=1).answers(tables["test"])
    assert largest_difference(outputs, fitted.predict(tables["test"]), target=target) <= 1e-5
    assert [spec.name for spec in signature.inputs] == [*columns[0], *columns[1]]


def test_the_inputs_of_a_user_are_inputs_and_leave_some_for_the_item() -> None:
    two_tower = NETWORKS["two_tower"]
    _tables, takes, target = toy("binary")
    for user, complaint in (
        (("user", "shoe"), "shoe is no input"),
        (("user", "item", "page", "age", "price"), "none of the item"),
    ):
        with pytest.raises(Invalid, match=complaint) as refusal:
            TwoTower.check_columns(TwoTowerParams(user=user), contract=takes)
        assert refusal.value.field == "params.user"
    assert "one input" in two_tower.accepts(contract(("user",), ()), target)
    assert not two_tower.accepts(takes, target)


def test_pairs_of_values_that_share_a_weight_are_the_same_in_the_file() -> None:
    tables, takes, target = toy("binary")
    fitted = fitted_toy("wide_and_deep", "binary", most_pairs=16, epochs=1)
    content, signature = fitted.export(Origins(contract=takes))
    outputs = OnnxModel(content, signature=signature, threads=1).answers(tables["test"])
    assert largest_difference(outputs, fitted.predict(tables["test"]), target=target) <= 1e-5


def test_the_file_gives_the_vectors_whose_product_is_the_score() -> None:
    tables, takes, _target = toy("ranking")
    fitted = fitted_toy("two_tower", "ranking", epochs=1, vector_width=5)
    content, signature = fitted.export(Origins(contract=takes))
    vectors = ("user_vector", "item_vector")
    assert [(spec.name, spec.shape) for spec in signature.gives[1:]] == [(name, (-1, 5)) for name in vectors]
    columns = {name: tables["test"][name].to_pylist() for name in signature.columns}
    session, layout = open_session(content), Layout(signature.inputs)
    arrays = filled(layout, columns, rows=400, most_text=60)
    score, user, item = session.run([spec.name for spec in signature.gives], layout.by_name(arrays))
    products = (user * item).sum(axis=1)
    assert np.ptp(score - products) < 1e-5 < np.ptp(score)
    plain = fitted_toy("two_tower", "ranking", epochs=1, vectors=False).export(Origins(contract=takes))[1]
    assert len(plain.gives) == 1


def test_the_vector_of_a_user_is_a_function_of_the_inputs_of_the_user_alone() -> None:
    shape = Shape(cardinalities=(3, 4), numbers=3, category_names=("who", "what"), number_names=("age", "price", "age"))
    params = TwoTowerParams(user=("who", "age"))
    network = cast(TwoTowers, TwoTower.network(shape, params=params).eval())
    ids = torch.tensor([[1, 1], [1, 2], [2, 1]], dtype=torch.int32)
    numbers = torch.tensor([[0.5, 1.0, 0.0], [0.5, -1.0, 0.0], [0.5, 1.0, 0.0]])
    users, items = network.user(ids, numbers), network.item(ids, numbers)
    assert torch.allclose(users[0], users[1])
    assert not torch.allclose(users[0], users[2])
    assert torch.allclose(items[0], items[2])
    assert not torch.allclose(items[0], items[1])
    missing = network.user(ids, numbers + torch.tensor([0.0, 0.0, 1.0]))
    assert not torch.allclose(missing, users)
    assert network(ids, numbers).shape == (3,)


@pytest.mark.parametrize("recipe", ["linear", "tabular"])
def test_categories_of_few_rows_are_unknown(recipe: str) -> None:
    tables, _takes, _target = toy("binary")
    settings = {"epochs": 1} if recipe == "tabular" else {}
    answers = []
    for least in (1, 1_000_000):
        fitted = fitted_toy(recipe, "binary", minimum_count=least, **settings)
        row = tables["test"].slice(0, 1)
        others = [with_column(row, "item", [name]) for name in ("item 1", "item 2", "never seen")]
        answers.append({float(fitted.predict(other)["probability"][0]) for other in others})
    assert [len(different) for different in answers] == [3, 1]
