"""Small real data sets that a library ships, as the tables of a training set."""

from functools import cache

import numpy as np
import pyarrow as pa
from sklearn import datasets

from core.features.values import FeatureContract, RequestField
from core.tasks.task import task_called
from core.tasks.values import Target

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
LOADERS = {
    "breast_cancer": ("binary", datasets.load_breast_cancer),
    "wine": ("multi_class", datasets.load_wine),
    "diabetes": ("regression", datasets.load_diabetes),
    "digits": ("multi_class", datasets.load_digits),
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
