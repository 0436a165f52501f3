"""Where several answers are added up: the logits of probabilities, the logarithms of shares, numbers as they are, and
scores in units of their spread. The same as arrays and as nodes of a graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.tasks.values import Target
from core.training.linear_recipes.losses import Kind, answers, losses, targets_of
from core.training.onnx_graph import Graph

# No answer is surer than this, so that none outvotes all others.
LEAST = 1e-9
LOGITS, SHARES, NUMBERS, RANKS = "logits", "shares", "numbers", "ranks"
FORMS: Mapping[str, str] = {
    "binary": LOGITS,
    "multi_label": LOGITS,
    "multi_class": SHARES,
    "regression": NUMBERS,
    "ranking": RANKS,
}


@dataclass(frozen=True)
class Unit:
    """That of a model's scores: (score - mean) / scale. Other answers have one already."""

    mean: float = 0.0
    scale: float = 1.0


def form_of(target: Target) -> str:
    return FORMS[target.task]


def unit_of(value: Any, *, form: str) -> Unit:
    """From what a model said of the validation rows."""
    if form != RANKS:
        return Unit()
    return Unit(mean=float(value.mean()), scale=float(value.std()) or 1.0)


def scores_of(value: Any, *, form: str, unit: Unit) -> Any:
    """float64 [rows] or [rows, width] of what a model says."""
    if form == LOGITS:
        clipped = np.clip(value, LEAST, 1 - LEAST)
        return np.log(clipped) - np.log(1 - clipped)
    if form == SHARES:
        return np.log(np.clip(value, LEAST, 1.0))
    return (value - unit.mean) / unit.scale


def value_of(scores: Any, *, form: str) -> Any:
    """What added scores mean."""
    if form == LOGITS:
        return answers(scores, kind="binary")
    return answers(scores, kind="classes") if form == SHARES else scores


def loss_of(scores: Any, *, form: str, labels: Any, groups: Any = None) -> float:
    """What is least where the scores are best: the log loss, the mean absolute error, or, within groups, the log loss
    of the relevances as shares."""
    if form == RANKS:
        return _loss_within(scores, labels=labels, groups=groups)
    if form == NUMBERS:
        return float(np.abs(scores - labels).mean())
    columns = scores.reshape(len(scores), -1)
    kind: Kind = "classes" if form == SHARES else "binary"
    return float(losses(columns, targets=targets_of(labels, kind=kind, width=columns.shape[1]), kind=kind).mean())


def write_scores(graph: Graph, value: str, *, form: str, unit: Unit) -> str:
    if form == LOGITS:
        clipped = graph.node("Clip", value, graph.constant(np.array(LEAST)), graph.constant(np.array(1 - LEAST)))
        rest = graph.node("Sub", graph.constant(np.array(1.0)), clipped)
        return graph.node("Sub", graph.node("Log", clipped), graph.node("Log", rest))
    if form == SHARES:
        clipped = graph.node("Clip", value, graph.constant(np.array(LEAST)), graph.constant(np.array(1.0)))
        return graph.node("Log", clipped)
    if unit == Unit():
        return value
    centered = graph.node("Sub", value, graph.constant(np.array(unit.mean)))
    return graph.node("Div", centered, graph.constant(np.array(unit.scale)))


def write_sum(graph: Graph, scores: Sequence[str], *, weights: Sequence[float], form: str) -> str:
    """What the weighted sum of scores means."""
    parts = [
        graph.node("Mul", name, graph.constant(np.array(weight))) for name, weight in zip(scores, weights, strict=True)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = graph.node("Add", total, part)
    if form == LOGITS:
        return graph.node("Sigmoid", total)
    return graph.node("Softmax", total, axis=1) if form == SHARES else total


def _loss_within(scores: Any, *, labels: Any, groups: Any) -> float:
    """S. Bruch et al., An Analysis of the Softmax Cost Function for Learning to Rank, ICTIR 2019."""
    places = np.unique(groups, return_inverse=True)[1]
    highest = np.full(places.max() + 1, -np.inf)
    np.maximum.at(highest, places, scores)
    sums = np.bincount(places, weights=np.exp(scores - highest[places]))
    relevance = np.bincount(places, weights=labels)
    logs = np.log(sums)[places] + highest[places] - scores
    lost = np.bincount(places, weights=labels * logs)[relevance > 0] / relevance[relevance > 0]
    return float(lost.mean())
