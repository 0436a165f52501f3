"""Short trainings of boosted trees for tests."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from core.training.evaluation import OnnxModel
from core.training.input_graph import signature_of
from core.training.onnx_graph import Graph
from core.training.preparation import Preparation
from core.training.tree_recipes.binning import Binned, bin_rows
from core.training.tree_recipes.boosting import Boosted, boost
from core.training.tree_recipes.boosting_params import BoostingParams
from core.training.tree_recipes.objectives import Kind, Objective
from core.training.tree_recipes.rows import Rows, features_of
from core.training.tree_recipes.writer import write_trees
from tests.training.raw_tables import opened, prepared, signal, training_table

CLASSES, LABELS, QUANTILES = 3, 3, 3
WIDTHS: dict[Kind, int] = {"classes": CLASSES, "labels": LABELS, "interval": QUANTILES}
KINDS: tuple[Kind, ...] = ("binary", "classes", "labels", "number", "interval", "ranking")


def labels_of(table: pa.Table, *, kind: Kind, random: np.random.Generator) -> Any:
    """Labels that the columns decide, with some noise."""
    values = signal(table) + random.normal(size=table.num_rows) / 2
    match kind:
        case "binary":
            return (values > 0.5).astype(float)
        case "classes":
            return np.digitize(values, [0.0, 1.0]).astype(float)
        case "labels":
            return np.stack([values > limit for limit in (-0.5, 0.5, 1.5)], axis=1).astype(float)
        case "ranking":
            return np.clip(np.round(values + 1), 0, 4)
    return values * 1e4 + 1e9


def rows_of(table: pa.Table, *, kind: Kind, preparation: Preparation, random: np.random.Generator) -> Rows:
    groups = random.integers(0, table.num_rows // 10, size=table.num_rows) if kind == "ranking" else None
    labels = labels_of(table, kind=kind, random=random)
    return Rows(features_of(table, preparation=preparation), labels, groups=groups)


def binned(seed: int, *, kind: Kind = "binary", rows: int = 400, **columns: tuple[str, ...]) -> Binned:
    random = np.random.default_rng(seed)
    tables = [training_table(random, rows=rows) for _split in range(2)]
    preparation = prepared(tables[0], **columns)
    train, validation = (rows_of(table, kind=kind, preparation=preparation, random=random) for table in tables)
    return bin_rows(train, validation=validation, preparation=preparation, threads=1)


def objective(kind: Kind) -> Objective:
    return Objective(kind=kind, width=WIDTHS.get(kind, 1))


def boosted(data: Binned, *, kind: Kind = "binary", seed: int = 7, threads: int = 1, **choices: Any) -> Boosted:
    listening = {name: choices.pop(name) for name in ("report", "should_stop", "progress") if name in choices}
    wanted = {"rounds": 25, "patience": 10, "leaves": 12, "learning_rate": 0.2, "category_smoothing": 2, **choices}
    params = BoostingParams(**wanted)
    return boost(data, params, objective=objective(kind), seed=seed, threads=threads, **listening)


def written(model: Boosted, *, preparation: Preparation) -> tuple[bytes, OnnxModel]:
    """The file, and the same ready to answer."""
    graph = Graph()
    graph.take(signature_of(preparation))
    value = write_trees(model, graph=graph, preparation=preparation)
    return opened(graph, value=value, columns=model.objective.columns, preparation=preparation)


def file_of(model: Boosted, *, data: Binned) -> bytes:
    return written(model, preparation=data.preparation)[0]


def answers(model: Boosted, table: pa.Table, *, data: Binned) -> Any:
    """What the file says of raw values."""
    return written(model, preparation=data.preparation)[1].outputs(table)["answer"]


def with_labels(data: Binned, label: Callable[[Rows], Any]) -> Binned:
    """With other labels."""
    train, validation = (replace(rows, labels=label(rows)) for rows in (data.train, data.validation))
    return replace(data, train=train, validation=validation)
