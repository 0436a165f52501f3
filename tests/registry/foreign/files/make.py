"""Makes the files beside it: one of each exporter, with rows and what its library answers for them. It was run with
scikit-learn 1.9.1, skl2onnx 1.20.0, onnxmltools 1.16.0, xgboost-cpu 3.2.0, lightgbm 4.7.0, catboost 1.2.10,
torch 2.13.0, onnxscript 0.7.2, tensorflow-cpu 2.21.0, keras 3.15.1 and tf2onnx 1.17.0, none of which the portal needs:

    PYTHONPATH=. python tests/registry/foreign/files/make.py [NAME...]
"""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.client.conversion import Converted, convert
from core.client.examples import as_rows

HERE = Path(__file__).parent
ROWS = 24


def numbers(columns: int, *, rows: int = 300, seed: int = 1) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32).astype(np.float64)
    return pd.DataFrame(values, columns=[f"c{number}" for number in range(columns)])


def target(frame: pd.DataFrame, classes: int = 2) -> np.ndarray:
    score = frame.iloc[:, 0] + 0.5 * frame.iloc[:, 1] ** 2 - frame.iloc[:, 2]
    return np.searchsorted(np.quantile(score, np.arange(1, classes) / classes), score)


def with_zip_map() -> Converted:
    """As skl2onnx writes it where nobody asks for anything else."""
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    frame = numbers(4)
    names = np.array(["low", "middle", "high"])
    model = LogisticRegression().fit(frame.to_numpy(), names[target(frame, 3)])
    few = frame.head(ROWS)
    content = to_onnx(model, few.to_numpy().astype(np.float32)).SerializeToString()
    expected = {"output_probability": model.predict_proba(few.to_numpy()).tolist()}
    return Converted(content=content, source="", rows=as_rows(few), expected=expected)


def pipeline() -> Converted:
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame = numbers(3).assign(city=np.random.default_rng(2).choice(["Köln", "Ulm", "Bonn"], 300))
    encode = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("texts", encode, ["city"]), ("numbers", StandardScaler(), ["c0", "c1", "c2"])])
    model = make_pipeline(columns, LogisticRegression()).fit(frame, target(frame))
    return convert(model, frame.head(ROWS))


def regression() -> Converted:
    from sklearn.ensemble import GradientBoostingRegressor

    frame = numbers(5)
    model = GradientBoostingRegressor(n_estimators=10, max_depth=3).fit(frame, 100 + 10 * frame.c0 + frame.c1)
    return convert(model, frame.head(ROWS))


def forest_with_missing_values() -> Converted:
    """Converted wrongly and without a word: where missing values go is lost."""
    from sklearn.ensemble import RandomForestClassifier

    frame = numbers(4)
    label = target(frame)
    frame = frame.mask(np.random.default_rng(3).random(frame.shape) < 0.3)
    model = RandomForestClassifier(n_estimators=5, max_depth=4, random_state=1).fit(frame, label)
    return convert(model, frame.head(ROWS))


def xgboost() -> Converted:
    from xgboost import XGBClassifier

    frame = numbers(6)
    label = target(frame)
    frame = frame.mask(np.random.default_rng(3).random(frame.shape) < 0.1)
    model = XGBClassifier(n_estimators=12, max_depth=3, random_state=1, n_jobs=1).fit(frame, label)
    return convert(model, frame.head(ROWS))


def lightgbm() -> Converted:
    """Three classes, and categories that LightGBM learns from as they are."""
    from lightgbm import LGBMClassifier

    frame = numbers(3)
    cities = np.random.default_rng(2).choice(["Köln", "Ulm", "Bonn", "Aachen"], 300)
    label = target(frame, 3)
    frame = frame.assign(city=pd.Categorical(np.where(label == 2, "Ulm", cities)))
    model = LGBMClassifier(n_estimators=5, num_leaves=6, verbose=-1, n_jobs=1, random_state=1).fit(frame, label)
    return convert(model, frame.head(ROWS))


def catboost() -> Converted:
    from catboost import CatBoostClassifier

    frame = numbers(4)
    model = CatBoostClassifier(iterations=8, depth=3, verbose=False, random_seed=1, thread_count=1)
    model.fit(frame.to_numpy(), target(frame), plot=False)
    return convert(model, frame.head(ROWS))


def torch() -> Converted:
    """Two inputs: whole numbers that are looked up, and others. It gives logits, as it is trained on them."""
    import torch as library

    library.manual_seed(1)

    class Network(library.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = library.nn.Embedding(10, 4)
            self.layers = library.nn.Sequential(library.nn.Linear(11, 8), library.nn.ReLU(), library.nn.Linear(8, 3))

        def forward(self, ids: Any, measures: Any) -> Any:
            return self.layers(library.cat([self.table(ids).flatten(1), measures], dim=1))

    ids = np.random.default_rng(2).integers(10, size=(ROWS, 2))
    converted = convert(Network(), {"ids": ids, "measures": numbers(3).head(ROWS).to_numpy()})
    return replace(converted, content=without_places(converted.content))


def without_places(content: bytes) -> bytes:
    """The stack traces that the exporter notes, with files of any machine."""
    import onnx

    model = onnx.load_from_string(content)
    for entry in [entry for node in model.graph.node for entry in node.metadata_props]:
        entry.value = re.sub(r"/(?:[^/\s\"]+/)+", "/anywhere/", entry.value)
    return model.SerializeToString()


def keras() -> Converted:
    import keras as library

    library.utils.set_random_seed(1)
    layers = [library.layers.Dense(6, activation="relu"), library.layers.Dense(3, activation="softmax")]
    model = library.Sequential([library.layers.Input((4,), name="features"), *layers])
    few = numbers(4).head(ROWS)
    # It exports only what was called.
    expected = {"": model.predict(few.to_numpy(), verbose=0).astype(float).tolist()}
    model.export(path := HERE / "keras.onnx", format="onnx", verbose=False)
    content = path.read_bytes()
    return Converted(content=content, source="keras 3.15.1 Sequential", rows=as_rows(few), expected=expected)


MAKERS: dict[str, Callable[[], Converted]] = {
    "sklearn-zipmap": with_zip_map,
    "sklearn-pipeline": pipeline,
    "sklearn-regression": regression,
    "sklearn-forest-wrong": forest_with_missing_values,
    "xgboost": xgboost,
    "lightgbm": lightgbm,
    "catboost": catboost,
    "torch": torch,
    "keras": keras,
}


def main(names: list[str]) -> None:
    for name in names or list(MAKERS):
        made_of = MAKERS[name]()
        (HERE / f"{name}.onnx").write_bytes(made_of.content)
        document = {
            "source": made_of.source,
            "example": made_of.rows,
            "expected": made_of.expected,
            "mapping": made_of.mapping,
        }
        (HERE / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False).replace("NaN", "null") + "\n")
        print(name, len(made_of.content), (HERE / f"{name}.json").stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1:])
