"""A linear model has scikit-learn's weights and scores, and is chosen on the validation rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix, hstack
from sklearn import datasets
from sklearn.linear_model import LogisticRegression, Ridge

from core.training.linear_recipes.curvature import MOST_IN_PAIRS
from core.training.linear_recipes.fitting import PULLS, FittedModel, Report, fit
from core.training.linear_recipes.linear_params import LinearParams
from core.training.linear_recipes.losses import Kind
from core.training.linear_recipes.rows import Rows, features_of
from core.training.preparation import Preparation, learn
from tests.training.raw_tables import prepared, raw_contract, signal, training_table
from tests.training.runs import Heard

DATA = {
    "breast_cancer": ("binary", datasets.load_breast_cancer),
    "wine": ("classes", datasets.load_wine),
    "diabetes": ("number", datasets.load_diabetes),
}


def halves(name: str) -> tuple[Kind, Preparation, Rows, Rows]:
    """Every second row of a set trains, the others are validation."""
    kind, load = DATA[name]
    loaded = load()
    names = tuple(f"n{place}" for place in range(loaded.data.shape[1]))
    tables = [pa.table(dict(zip(names, loaded.data[start::2].T, strict=True))) for start in (0, 1)]
    preparation = learn(tables[0], contract=raw_contract((), names))
    train, validation = (
        Rows(features_of(table, preparation=preparation), loaded.target[start::2].astype(float))
        for start, table in enumerate(tables)
    )
    return kind, preparation, train, validation


def oracle(kind: Kind, rows: Rows, *, l2: float) -> Any:
    model = Ridge(alpha=l2) if kind == "number" else LogisticRegression(C=1 / l2, max_iter=10_000, tol=1e-8)
    return model.fit(rows.features.numbers, rows.labels)


def score(kind: Kind, answers: Any, *, labels: Any) -> float:
    """Accuracy or R2."""
    if kind == "number":
        return float(1 - ((answers - labels) ** 2).mean() / labels.var())
    chosen = answers.argmax(axis=1) if kind == "classes" else answers > 0.5
    return float((chosen == labels).mean())


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("l2", [0.1, 10.0])
def test_it_equals_scikit_learn(name: str, l2: float) -> None:
    kind, preparation, train, validation = halves(name)
    width = 3 if kind == "classes" else 1
    params = LinearParams(l2=l2)
    model = fit(train, params, validation=validation, kind=kind, preparation=preparation, width=width).model
    expected = oracle(kind, train, l2=l2)
    answers = model.predict(validation.features)
    theirs = {
        "number": lambda: expected.predict(validation.features.numbers),
        "binary": lambda: expected.predict_proba(validation.features.numbers)[:, 1],
        "classes": lambda: expected.predict_proba(validation.features.numbers),
    }[kind]()
    assert np.abs(answers - theirs).max() <= 1e-4 * max(1, np.abs(theirs).max())
    assert abs(score(kind, answers, labels=validation.labels) - score(kind, theirs, labels=validation.labels)) <= 1e-3


@pytest.mark.parametrize("name", DATA)
def test_the_pull_is_chosen_on_the_validation_rows(name: str) -> None:
    kind, preparation, train, validation = halves(name)
    width, heard = 3 if kind == "classes" else 1, Heard()

    def fitted(l2: float, report: Report) -> FittedModel:
        params = LinearParams(l2=l2)
        return fit(train, params, validation=validation, kind=kind, preparation=preparation, width=width, report=report)

    chosen = fitted(0.0, heard.report)
    losses = {
        len(train.labels) * pull: loss for pull, loss in zip(PULLS, heard.values("validation_loss"), strict=False)
    }
    assert chosen.metrics["validation_loss"] == min(losses.values())
    assert losses[chosen.metrics["l2"]] == min(losses.values())
    tried = list(losses.values())
    assert tried[-1] > min(tried) or len(tried) == len(PULLS)
    assert len(tried) > 2
    assert tried[:-1] == sorted(tried[:-1], reverse=True)
    alone = fitted(chosen.metrics["l2"], Heard().report)
    # Both stop near the minimum, which they come to from elsewhere.
    assert alone.metrics["validation_loss"] == pytest.approx(chosen.metrics["validation_loss"], rel=0.02, abs=1e-3)


def hot(preparation: Preparation, rows: Rows) -> Any:
    """The columns of a linear model for scikit-learn, a place for everything unknown included."""
    cardinalities = preparation.shape.cardinalities
    return np.hstack(
        [*(np.eye(n)[ids] for n, ids in zip(cardinalities, rows.features.ids.T, strict=True)), rows.features.numbers]
    )


def mixed(seed: int, *, rows: int = 300, minimum_count: int = 5) -> tuple[Preparation, Rows, Any]:
    """Categories and numbers, missing values and rare categories among them, and a signal."""
    random = np.random.default_rng(seed)
    table = training_table(random, rows=rows)
    preparation = prepared(table, numbers=("price", "amount")).limited(minimum_count)
    features = features_of(table, preparation=preparation)
    values = signal(table) + random.normal(size=rows)
    return preparation, Rows(features, (values > 0.5).astype(float)), values


def test_categories_have_weights_of_their_own_and_the_rare_ones_share_one() -> None:
    preparation, rows, _values = mixed(1)
    assert (rows.features.ids[:, 1] == 0).sum() > 10
    model = fit(rows, LinearParams(l2=1.0), validation=rows, kind="binary", preparation=preparation).model
    expected = LogisticRegression(max_iter=10_000, tol=1e-8).fit(hot(preparation, rows), rows.labels)
    assert np.abs(model.predict(rows.features) - expected.predict_proba(hot(preparation, rows))[:, 1]).max() <= 1e-4
    assert model.table[preparation.shape.cardinalities[0]] != 0


def test_weights_of_rows_and_of_classes_are_scikit_learns() -> None:
    preparation, rows, values = mixed(2)
    rows = replace(rows, labels=(values > 2).astype(float), weights=np.abs(values))
    params = LinearParams(l2=1.0, class_weight="balanced")
    model = fit(rows, params, validation=rows, kind="binary", preparation=preparation).model
    total = np.bincount(rows.labels.astype(int), weights=rows.weights)
    weights = rows.weights * rows.weights.sum() / 2 / total[rows.labels.astype(int)]
    expected = LogisticRegression(max_iter=10_000, tol=1e-8).fit(hot(preparation, rows), rows.labels, weights)
    assert np.abs(model.predict(rows.features) - expected.predict_proba(hot(preparation, rows))[:, 1]).max() <= 1e-4


def test_several_labels_are_as_many_models() -> None:
    preparation, rows, values = mixed(3)
    limits = (0.0, 1.0, 2.0)
    several = replace(rows, labels=np.stack([values > limit for limit in limits], axis=1).astype(float))
    params = LinearParams(l2=1.0)
    together = fit(several, params, validation=several, kind="labels", preparation=preparation, width=3).model
    for place in range(3):
        single = replace(rows, labels=several.labels[:, place])
        alone = fit(single, params, validation=single, kind="binary", preparation=preparation).model
        assert np.abs(together.predict(rows.features)[:, place] - alone.predict(rows.features)).max() <= 1e-4


def test_more_categories_than_a_matrix_holds_are_fitted_as_well() -> None:
    names = [f"S{place}" for place in range(MOST_IN_PAIRS)]
    table = pa.table({"shop": names + names[:200], "price": np.arange(MOST_IN_PAIRS + 200) / 1000})
    preparation = learn(table, contract=raw_contract(("shop",), ("price",)))
    rows = Rows(features_of(table, preparation=preparation), (np.arange(table.num_rows) % 3 == 0).astype(float))
    params = LinearParams(l2=1.0)
    model = fit(rows, params, validation=rows, kind="binary", preparation=preparation).model
    ones = csr_matrix((np.ones(len(rows.labels)), (np.arange(len(rows.labels)), rows.features.ids[:, 0])))
    columns = hstack([ones, rows.features.numbers])
    expected = LogisticRegression(max_iter=10_000, tol=1e-8).fit(columns, rows.labels)
    assert np.abs(model.predict(rows.features) - expected.predict_proba(columns)[:, 1]).max() <= 1e-4


def test_large_numbers_lose_no_digits() -> None:
    preparation, rows, values = mixed(4)
    answers = []
    for offset in (0.0, 1e9):
        labeled = replace(rows, labels=values * 1e3 + offset)
        model = fit(labeled, LinearParams(), validation=labeled, kind="number", preparation=preparation).model
        answers.append(model.predict(rows.features) - offset)
    assert np.abs(answers[0] - answers[1]).max() < 0.1
    assert answers[0].std() > 100


def test_a_stop_is_heard_after_the_step() -> None:
    preparation, rows, _values = mixed(5)
    heard = Heard(stop_after_steps=3)
    fitted = fit(
        rows,
        LinearParams(),
        validation=rows,
        kind="binary",
        preparation=preparation,
        report=heard.report,
        should_stop=heard.should_stop,
    )
    assert fitted.stopped
    assert len(heard.values("train_loss")) == 3
    assert np.diff(heard.values("train_loss")).max() < 0
