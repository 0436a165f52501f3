"""Recipes learn known data sets of every task, and their files say what they say."""

import warnings
from typing import Any

import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.training.known_sets import fitted_on, judged, known_set


@pytest.mark.parametrize("recipe", ["linear", "gradient_boosting", "tabular"])
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
        assert judged(name, fitted_on(name, "linear"))[metric] >= score_of(name, model) - 0.04


def test_a_network_is_about_as_good_as_the_perceptron_of_the_library() -> None:
    for name, model, metric in (
        ("digits", MLPClassifier(hidden_layer_sizes=(128, 64), max_iter=25, random_state=1), "accuracy"),
        (
            "diabetes",
            MLPRegressor(hidden_layer_sizes=(128, 64), max_iter=200, random_state=1),
            "r2",
        ),
    ):
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
            score = score_of(name, model)
        assert judged(name, fitted_on(name, "tabular"))[metric] >= score - 0.03


def score_of(name: str, model: Any) -> float:
    """On the rows that were held out, of numbers standardized as recipes do."""
    tables, contract, _target = known_set(name)
    rows = {split: table.select(contract.numbers()).to_pandas() for split, table in tables.items()}
    known = make_pipeline(StandardScaler(), model).fit(rows["train"], tables["train"]["label"].to_pandas())
    return float(known.score(rows["test"], tables["test"]["label"].to_pandas()))


def test_an_interval_says_how_many_labels_it_holds() -> None:
    fitted = fitted_on("diabetes", "gradient_boosting", loss="quantile", coverage=0.8)
    assert fitted.target.interval == 0.8
    assert judged("diabetes", fitted)["coverage_gap"] < 0.35
