"""Boosted trees as nodes of an ONNX graph that takes raw values: double precision throughout, categories as sets,
missing values where LightGBM sends them. Equal to LightGBM in the last digit or the one before."""

from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper

from core.training.input_graph import category_ids, raw_numbers
from core.training.onnx_graph import ML_DOMAIN, Graph
from core.training.preparation import Preparation
from core.training.tree_recipes.boosting import Boosted
from core.training.tree_recipes.objectives import Objective
from core.training.tree_recipes.trees import Ensemble, ensemble_of

SUM, AS_IT_IS = 1, 0


def write_trees(boosted: Boosted, *, graph: Graph, preparation: Preparation) -> str:
    """Adds trees to a graph that has its inputs, and what is made of their sums; the value is what `Boosted.predict`
    gives, float64 [batch] or [batch, width]."""
    objective = boosted.objective
    ensemble = ensemble_of(boosted.boosters, trees_a_round=objective.trees_a_round)
    features = _features(graph, preparation=preparation)
    sums = _sums(graph, features, ensemble=ensemble, targets=objective.columns or 1)
    value = _answer(graph, sums, objective=objective)
    if not objective.is_number:
        return value
    scaled = graph.node("Mul", value, graph.constant(np.array(boosted.unit.scale)))
    return graph.node("Add", scaled, graph.constant(np.array(boosted.unit.mean)))


def _features(graph: Graph, *, preparation: Preparation) -> str:
    """float64 [batch, categories + numbers]. An unknown category is 0, which is a member of no set, as NaN is."""
    ids = [category_ids(graph, vocabulary=vocabulary) for vocabulary in preparation.categories]
    parts = [graph.cast(graph.columns(ids), to=TensorProto.DOUBLE)] if ids else []
    parts += [raw_numbers(graph, numbers=preparation.numbers)] if preparation.numbers else []
    return graph.node("Concat", *parts, axis=1)


def _sums(graph: Graph, features: str, *, ensemble: Ensemble, targets: int) -> str:
    """float64 [batch, targets]."""
    sets = {"membership_values": _doubles(ensemble.members)} if ensemble.members else {}
    return graph.node(
        "TreeEnsemble",
        features,
        domain=ML_DOMAIN,
        n_targets=targets,
        aggregate_function=SUM,
        post_transform=AS_IT_IS,
        tree_roots=ensemble.roots,
        nodes_featureids=ensemble.features,
        nodes_modes=numpy_helper.from_array(np.array(ensemble.modes, dtype=np.uint8)),
        nodes_splits=_doubles(ensemble.splits),
        nodes_missing_value_tracks_true=ensemble.nan_is_true,
        nodes_truenodeids=ensemble.true_places,
        nodes_trueleafs=ensemble.true_is_leaf,
        nodes_falsenodeids=ensemble.false_places,
        nodes_falseleafs=ensemble.false_is_leaf,
        leaf_targetids=ensemble.leaf_targets,
        leaf_weights=_doubles(ensemble.leaf_values),
        **sets,
    )


def _answer(graph: Graph, sums: str, *, objective: Objective) -> str:
    match objective.kind:
        case "classes":
            return graph.node("Softmax", sums, axis=1)
        case "labels":
            return graph.node("Sigmoid", sums)
        case "interval":
            return graph.ascending(sums, width=objective.width)
    column = graph.node("Squeeze", sums, graph.constant(np.array([1], dtype=np.int64)))
    return graph.node("Sigmoid", column) if objective.kind == "binary" else column


def _doubles(values: list[float]) -> Any:
    return numpy_helper.from_array(np.array(values, dtype=np.float64))
