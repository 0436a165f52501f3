"""Losses of linear scores, each with its slope. Scores and targets are float64 [rows, outputs]."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

Kind = Literal["binary", "classes", "labels", "number"]

# No loss is bent more than this.
STEEPEST: Mapping[Kind, float] = {"binary": 1 / 4, "classes": 1 / 4, "labels": 1 / 4, "number": 1}


def targets_of(labels: Any, *, kind: Kind, width: int) -> Any:
    """Labels as the loss takes them, float64 [rows, outputs]."""
    values = np.asarray(labels, dtype=np.float64)
    if kind == "classes":
        return np.eye(width)[values.astype(np.int64)]
    return values.reshape(len(values), width)


def losses(scores: Any, *, targets: Any, kind: Kind) -> Any:
    """[rows, outputs]: negative log likelihood, or half the squared difference; [rows, 1] for classes, which share
    one."""
    from scipy.special import logsumexp

    if kind == "number":
        return (scores - targets) ** 2 / 2
    if kind == "classes":
        return logsumexp(scores, axis=1, keepdims=True) - (scores * targets).sum(axis=1, keepdims=True)
    return np.logaddexp(0, scores) - scores * targets


def answers(scores: Any, *, kind: Kind) -> Any:
    """What scores mean: probabilities, or the numbers themselves. The slope of a row's loss is answer - target."""
    from scipy.special import expit, softmax

    if kind == "number":
        return scores
    return softmax(scores, axis=1) if kind == "classes" else expit(scores)


def bends(along: Any, *, at: Any, kind: Kind) -> Any:
    """How the answers `at` change with scores that change by `along`."""
    if kind == "number":
        return along
    turned = at * along
    return turned - at * turned.sum(axis=1, keepdims=True) if kind == "classes" else turned - at * turned
