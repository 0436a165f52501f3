"""Recipes learn known data sets of every task, and their files say what they say."""

from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.registry.onnx_safety import inspect
from core.tasks.prediction_files import predictions_of
from core.tasks.task import task_of
from core.training.evaluation import OnnxModel, largest_difference
from core.training.recipe import FitContext, Fitted, Origins, check_params, recipe_called
from tests.training.known_sets import known_set

QUICK: dict[str, dict[str, Any]] = {
    "gradient_boosting": {"rounds": 60, "learning_rate": 0.15, "leaves": 15},
    "linear": {},
}


def fitted_on(name: str, recipe_name: str, **params: Any) -> Fitted:
    tables, contract, target = known_set(name)
    recipe = recipe_called(recipe_name)
    chosen = check_params(recipe, params={**QUICK[recipe_name], **params})
    prepared = recipe.prepare(tables, contract=contract, target=target, threads=1)
    return recipe.fit(
        FitContext(
            prepared=prepared, params=chosen, target=target, seed=1, threads=1, report=lambda _step, _figures: None
        )
    )


def judged(name: str, fitted: Fitted) -> dict[str, float]:
    """The figures of the file on the rows that were held out, once it is found to be what was trained."""
    tables, contract, _target = known_set(name)
    content, signature = fitted.export(Origins(contract=contract))
    outputs = OnnxModel(content, signature=signature, threads=1).outputs(tables["test"])
    assert largest_difference(outputs, fitted.predict(tables["test"]), target=fitted.target) <= 1e-9
    assert not [finding for finding in inspect(content).findings if finding.refuses]
    assert signature.target == fitted.target
    figures = task_of(fitted.target).evaluate(predictions_of(tables["test"], outputs=outputs, target=fitted.target))
    return {metric: interval.value for metric, interval in figures.items()}


@pytest.mark.parametrize("recipe", ["linear", "gradient_boosting"])
@pytest.mark.parametrize(
    ("name", "metric", "least"), [("breast_cancer", "auc", 0.97), ("wine", "accuracy", 0.88), ("diabetes", "r2", 0.3)]
)
def test_what_is_learned_is_what_the_file_says(name: str, metric: str, least: float, recipe: str) -> None:
    assert judged(name, fitted_on(name, recipe))[metric] >= least


def test_the_linear_baseline_is_as_good_as_the_library_it_is_named_after() -> None:
    for name, model, metric in (
        ("wine", LogisticRegression(max_iter=1000), "accuracy"),
        ("diabetes", Ridge(), "r2"),
    ):
        tables, contract, _target = known_set(name)
        rows = {split: table.select(contract.numbers()).to_pandas() for split, table in tables.items()}
        known = make_pipeline(StandardScaler(), model).fit(rows["train"], tables["train"]["label"].to_pandas())
        score = known.score(rows["test"], tables["test"]["label"].to_pandas())
        assert judged(name, fitted_on(name, "linear"))[metric] >= score - 0.04


def test_an_interval_says_how_many_labels_it_holds() -> None:
    fitted = fitted_on("diabetes", "gradient_boosting", loss="quantile", coverage=0.8)
    assert fitted.target.interval == 0.8
    assert judged("diabetes", fitted)["coverage_gap"] < 0.35
