"""Small real data sets that a library ships, as the tables of a training set, and recipes fitted to them."""

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn import datasets

from core.features.values import FeatureContract, RequestField
from core.registry.onnx_safety import inspect, signature_of
from core.tasks.prediction_files import predictions_of
from core.tasks.task import task_called, task_of
from core.tasks.values import Target
from core.training.evaluation import OnnxModel, largest_difference
from core.training.recipe import FitContext, Fitted, Origins, check_params, recipe_called

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
LOADERS = {
    "breast_cancer": ("binary", datasets.load_breast_cancer),
    "wine": ("multi_class", datasets.load_wine),
    "diabetes": ("regression", datasets.load_diabetes),
    "digits": ("multi_class", datasets.load_digits),
}
QUICK: dict[str, dict[str, Any]] = {
    "gradient_boosting": {"rounds": 60, "learning_rate": 0.15, "leaves": 15},
    "linear": {},
    "tabular": {"precision": "fp32"},
}


@cache
def known_set(name: str) -> tuple[dict[str, pa.Table], FeatureContract, Target]:
    """The tables of its splits, what callers send, and what is predicted."""
    task, load = LOADERS[name]
    values, labels = load(return_X_y=True)
    names = [f"x{place}" for place in range(values.shape[1])]
    columns = dict(zip(names, values.T.astype(float), strict=True))
    named = labels.astype(np.int32) if task == "binary" else [f"class {label}" for label in labels]
    table = pa.table(
        {
            "row_id": [f"r{place}" for place in range(len(labels))],
            "label": labels.astype(float) if task == "regression" else pa.array(named),
            **columns,
        }
    )
    order = np.random.default_rng(3).permutation(len(labels))
    ends = np.cumsum([round(share * len(labels)) for share in SHARES.values()])[:-1]
    parts = dict(zip(SHARES, np.split(order, ends), strict=True))
    fields = tuple(RequestField(name=column, kind="number", is_model_input=True) for column in names)
    contract = FeatureContract(event_time="", row_id="row_id", request=fields, views=())
    target = task_called(task).target_of(table["label"], label="label")
    return {split: table.take(rows) for split, rows in parts.items()}, contract, target


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
    most = 1e-9 if fitted.precision == "fp64" else task_of(fitted.target).tolerance
    assert largest_difference(outputs, fitted.predict(tables["test"]), target=fitted.target) <= most
    assert not [finding for finding in inspect(content).findings if finding.refuses]
    assert signature.target == fitted.target
    assert signature.describes(signature_of(content))
    figures = task_of(fitted.target).evaluate(predictions_of(tables["test"], outputs=outputs, target=fitted.target))
    return {metric: interval.value for metric, interval in figures.items()}
