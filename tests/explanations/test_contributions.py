"""What pushed one prediction, against Shapley's own formula over every subset of the inputs, and a library's trees."""

from collections.abc import Callable
from functools import cache
from itertools import combinations
from math import factorial
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pytest

from core.explanations.contributions.explaining import explained
from core.explanations.contributions.graph import end_of
from core.explanations.contributions.mixtures import Mixtures
from core.explanations.contributions.process import MOST_ASKED, with_row
from core.explanations.contributions.sampling import MOST_ROWS, sampled_contributions
from core.explanations.contributions.trees import Trees, leaf_contributions
from core.explanations.values import Explanation
from core.foundation.errors import Invalid
from core.registry.signature import Signature
from core.training.evaluation import OnnxModel
from core.training.recipe import Origins
from tests.training.known_sets import fitted_on, known_set

FEW = 5


@cache
def file_of(name: str, recipe: str, **params: Any) -> tuple[bytes, Signature]:
    return fitted_on(name, recipe, **params).export(Origins(contract=known_set(name)[1]))


def rows_of(name: str, *, background: int = 30) -> pa.Table:
    tables = known_set(name)[0]
    return pa.concat_tables([tables["test"].slice(3, 1), tables["validation"].slice(0, background)])


def by_definition(value: Callable[[frozenset[int]], float], inputs: int) -> np.ndarray:
    """L. S. Shapley, A Value for n-Person Games, 1953."""
    known = {
        subset: value(subset)
        for size in range(inputs + 1)
        for subset in map(frozenset, combinations(range(inputs), size))
    }
    weight = [factorial(size) * factorial(inputs - size - 1) / factorial(inputs) for size in range(inputs)]
    return np.array(
        [
            sum(
                weight[len(subset)] * (known[subset | {place}] - known[subset])
                for subset in known
                if place not in subset
            )
            for place in range(inputs)
        ]
    )


def parts_of(explanation: Explanation, names: tuple[str, ...]) -> np.ndarray:
    by_name = {entry.name: entry.contribution for entry in explanation.contributions}
    return np.array([by_name[name] for name in names])


def gap_of(explanation: Explanation) -> float:
    return abs(explanation.base + sum(part.contribution for part in explanation.contributions) - explanation.prediction)


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes"])
@pytest.mark.parametrize(("recipe", "method"), [("gradient_boosting", "trees"), ("linear", "additive")])
def test_what_is_exact_adds_up_and_is_what_the_file_says(name: str, recipe: str, method: str) -> None:
    content, signature = file_of(name, recipe)
    explanation = explained(content, rows_of(name), signature=signature)
    assert explanation.method == method
    assert gap_of(explanation) < 1e-9
    outputs = OnnxModel(content, signature=signature, threads=1).outputs(rows_of(name).slice(0, 1))
    if explanation.unit == "log odds":
        assert 1 / (1 + np.exp(-explanation.prediction)) == pytest.approx(outputs["probability"][0], abs=1e-12)
    elif explanation.unit == "value":
        assert explanation.prediction == pytest.approx(outputs["value"][0], rel=1e-12)
    else:
        assert explanation.output == outputs["predicted"][0]


@pytest.mark.parametrize("recipe", ["gradient_boosting", "linear"])
def test_trees_and_sums_are_shapley_values_by_definition(recipe: str) -> None:
    """Of the first inputs, while all others are the background's: the game over the raw value of the file."""
    content, signature = file_of("diabetes", recipe)
    names = tuple(signature.columns)
    table = rows_of("diabetes", background=4)
    model, end = OnnxModel(content, signature=signature, threads=1), end_of(content, target=signature.target)
    mixtures = Mixtures(table, names)
    places = np.arange(4)

    def value(known: frozenset[int]) -> float:
        is_own = np.array([[place in known for place in range(len(names))]] * 4)
        return float(model.outputs(mixtures.of(is_own, others=places))[end.output].mean())

    expected = by_definition(value, len(names))
    exact = parts_of(explained(content, table, signature=signature), names)
    np.testing.assert_allclose(exact, expected, atol=1e-9)


def test_with_shares_of_rows_the_leaves_say_what_lightgbm_says() -> None:
    """Its own contributions take the share of training rows that go a way where a feature is not known."""
    random = np.random.default_rng(4)
    rows = random.normal(size=(400, FEW))
    labels = rows[:, 0] * rows[:, 1] + np.maximum(rows[:, 2], 0) + 0.1 * random.normal(size=400)
    data = lightgbm.Dataset(rows, labels)
    booster = lightgbm.train({"num_leaves": 8, "verbosity": -1, "objective": "regression"}, data, num_boost_round=5)
    own = rows[7]
    expected = booster.predict(own[None], pred_contrib=True)[0]
    total = np.zeros(FEW)
    for tree in booster.dump_model()["tree_info"]:
        for path, leaf in _leaves(tree["tree_structure"], []):
            features = sorted({feature for feature, *_rest in path})
            edges = [[edge for edge in path if edge[0] == feature] for feature in features]
            known = [[float(all(goes(own) for _at, goes, _share in some)) for some in edges]]
            shares = [[np.prod([share for _at, _goes, share in some]) for some in edges]]
            parts = leaf_contributions(np.array(known), unknown=np.array(shares), values=np.array([leaf]))[0]
            np.add.at(total, features, parts)
    np.testing.assert_allclose(total, expected[:-1], atol=1e-12)


def _leaves(node: dict[str, Any], path: list[Any]) -> list[tuple[list[Any], float]]:
    if "leaf_value" in node:
        return [(path, node["leaf_value"])]
    feature, threshold, count = node["split_feature"], node["threshold"], node["internal_count"]
    known = []
    for side, is_left in (("left_child", True), ("right_child", False)):
        child = node[side]
        share = child.get("internal_count", child.get("leaf_count")) / count

        def goes(row: np.ndarray, is_left: bool = is_left) -> bool:
            return bool(row[feature] <= threshold) == is_left

        known += _leaves(child, [*path, (feature, goes, share)])
    return known


def test_categories_and_missing_values_go_their_way_through_trees() -> None:
    """The sum of the leaves that a row reaches is what the file says before it is scaled."""
    content, signature = file_of("diabetes", "gradient_boosting")
    table = rows_of("diabetes")
    holes = pa.array([None if row % 3 == 0 else value for row, value in enumerate(table["x2"].to_pylist())])
    table = table.set_column(table.column_names.index("x2"), "x2", holes.cast(pa.float64()))
    end = end_of(content, target=signature.target)
    outputs = OnnxModel(end.content, signature=signature, threads=1).outputs(table)
    trees = Trees(end.ensemble)
    paths = trees.paths(0)
    sums = [float(paths.values[paths.follows(trees.decisions(row)).all(axis=1)].sum()) for row in outputs[end.features]]
    differences = np.diff(sums) * end.scale
    np.testing.assert_allclose(differences, np.diff(outputs[end.raw]), atol=1e-9)


def test_any_other_model_is_sampled_and_adds_up_all_the_same() -> None:
    content, signature = file_of("wine", "tabular")
    first = explained(content, rows_of("wine"), signature=signature)
    assert (first.method, first.unit) == ("sampled", "probability")
    assert gap_of(first) < 1e-12
    assert all(entry.error is not None and entry.error >= 0 for entry in first.contributions)
    assert explained(content, rows_of("wine"), signature=signature) == first
    other = explained(content, rows_of("wine"), signature=signature, output="class 0")
    assert other.output == "class 0" != first.output
    with pytest.raises(Invalid, match="knows no class"):
        explained(content, rows_of("wine"), signature=signature, output="class 9")


def test_sampling_comes_as_close_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """To what trees say exactly, where they are not asked."""
    from core.explanations.contributions import sampling

    content, signature = file_of("diabetes", "gradient_boosting")
    table, names = rows_of("diabetes"), tuple(signature.columns)
    exact = parts_of(explained(content, table, signature=signature), names)
    model = OnnxModel(content, signature=signature, threads=1)
    answers = lambda rows: model.outputs(rows)["value"]  # noqa: E731
    parts, errors, base, prediction, _rows = sampling.sampled_contributions(Mixtures(table, names), answers, seed=1)
    assert base + parts.sum() == pytest.approx(prediction, abs=1e-9)
    assert (abs(parts - exact) <= 4 * errors + 1e-9).all()


def test_a_prediction_of_flights_width_is_explained_in_two_calls_of_the_model() -> None:
    """Each of a bounded number of rows, whatever the number of background rows."""
    inputs = 37
    names = tuple(f"x{place}" for place in range(inputs))
    random = np.random.default_rng(3)
    background = pa.table({name: random.normal(size=300) for name in names})
    mixtures = Mixtures(background.slice(0, 1 + MOST_ASKED // (inputs + 1)), names)
    assert mixtures.one_each().num_rows <= MOST_ASKED + 1
    calls: list[int] = []

    def answers(rows: pa.Table) -> np.ndarray:
        calls.append(rows.num_rows)
        columns = np.stack([rows[name].to_numpy() for name in names])
        return np.tanh(columns.prod(axis=0) + columns.sum(axis=0))

    parts, _errors, base, prediction, _rows = sampled_contributions(mixtures, answers, seed=1)
    assert len(calls) == 1
    assert calls[0] <= MOST_ROWS
    assert base + parts.sum() == pytest.approx(prediction)


def test_a_row_has_the_kinds_of_the_others() -> None:
    background = pa.table({"city": ["a"], "age": [1.0]})
    table = with_row(background, {"age": 3})
    assert table.to_pylist() == [{"city": None, "age": 3.0}, {"city": "a", "age": 1.0}]
    with pytest.raises(Invalid, match="age cannot be 'old'"):
        with_row(background, {"age": "old"})
