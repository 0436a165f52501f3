"""What a task makes of a network: how many logits a row has, the loss that trains them, and what they mean. The figures
that judge are the task's own."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from onnx import TensorProto
from torch.nn import functional

from core.tasks.kinds.multi_class import MultiClassTask
from core.tasks.kinds.multi_label import MultiLabelTask
from core.tasks.kinds.ranking import RankingTask
from core.tasks.kinds.regression import RegressionTask
from core.tasks.values import BINARY, Target
from core.training.onnx_graph import Graph
from core.training.torch_recipes.calibration import Calibration, fit_calibration, fit_temperature

Values = torch.Tensor | None
Loss = Callable[..., torch.Tensor]


class Head(ABC):
    """`width` is how many logits a row has: [rows] where it is 1, else [rows, width]. Probabilities that
    `is_calibrated` names are calibrated on the validation rows; where it `has_classes` they can weigh the same."""

    is_calibrated: ClassVar[bool] = False
    has_classes: ClassVar[bool] = False
    width: int = 1

    def __init__(self, target: Target) -> None:
        self.target = target

    def encoded(self, labels: Any) -> Any:
        """Labels of the task as the loss takes them."""
        return labels.astype(np.float32)

    @abstractmethod
    def loss(
        self, logits: torch.Tensor, *, labels: torch.Tensor, groups: Values = None, weights: Values = None
    ) -> torch.Tensor:
        """The mean over a batch, of float32, where rows with weights count by them."""

    def calibrate(self, _logits: Any, *, labels: Any, kind: str) -> Calibration:
        """From float64 logits and the labels of the task."""
        return Calibration()

    @abstractmethod
    def values(self, logits: Any, *, calibration: Calibration) -> Any:
        """What float64 logits mean, float64 [rows] or [rows, width]: the value of `task_outputs`."""

    @abstractmethod
    def write(self, graph: Graph, logits: str, *, calibration: Calibration) -> str:
        """The same in a graph, of logits float32 [batch, width]."""


class ProbabilityHead(Head):
    is_calibrated = has_classes = True

    def loss(
        self, logits: torch.Tensor, *, labels: torch.Tensor, groups: Values = None, weights: Values = None
    ) -> torch.Tensor:
        return _mean(functional.binary_cross_entropy_with_logits, logits, labels, weights)

    def calibrate(self, logits: Any, *, labels: Any, kind: str) -> Calibration:
        return fit_calibration(logits, labels=labels, kind=kind)

    def values(self, logits: Any, *, calibration: Calibration) -> Any:
        return calibration.probabilities(logits)

    def write(self, graph: Graph, logits: str, *, calibration: Calibration) -> str:
        exact = graph.cast(logits, to=TensorProto.DOUBLE)
        sloped = graph.node("Mul", exact, graph.constant(np.array(calibration.slope)))
        shifted = graph.node("Add", sloped, graph.constant(np.array(calibration.shift)))
        column = graph.constant(np.array([1], dtype=np.int64))
        return graph.node("Squeeze", graph.node("Sigmoid", shifted), column)


class ClassesHead(Head):
    is_calibrated = has_classes = True

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.width = len(target.classes)

    def encoded(self, labels: Any) -> Any:
        return labels.astype(np.int64)

    def loss(
        self, logits: torch.Tensor, *, labels: torch.Tensor, groups: Values = None, weights: Values = None
    ) -> torch.Tensor:
        return _mean(functional.cross_entropy, logits, labels, weights)

    def calibrate(self, logits: Any, *, labels: Any, kind: str) -> Calibration:
        return fit_temperature(logits, labels=labels, kind=kind)

    def values(self, logits: Any, *, calibration: Calibration) -> Any:
        return calibration.shares(logits)

    def write(self, graph: Graph, logits: str, *, calibration: Calibration) -> str:
        exact = graph.cast(logits, to=TensorProto.DOUBLE)
        return graph.node("Softmax", graph.node("Mul", exact, graph.constant(np.array(calibration.slope))), axis=1)


class LabelsHead(Head):
    has_classes = True

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.width = len(target.classes)

    def loss(
        self, logits: torch.Tensor, *, labels: torch.Tensor, groups: Values = None, weights: Values = None
    ) -> torch.Tensor:
        return _mean(functional.binary_cross_entropy_with_logits, logits, labels.view_as(logits), weights)

    def values(self, logits: Any, *, calibration: Calibration) -> Any:
        return calibration.probabilities(logits).reshape(len(logits), self.width)

    def write(self, graph: Graph, logits: str, *, calibration: Calibration) -> str:
        return graph.node("Sigmoid", graph.cast(logits, to=TensorProto.DOUBLE))


class NumberHead(Head):
    """Numbers are learned as (label - mean) / scale, whatever their size, and given as they are. The loss of Huber is a
    square near the label and a distance far from it, so that a few absurd labels do not rule (P. J. Huber, Robust
    Estimation of a Location Parameter, 1964)."""

    def __init__(self, target: Target, *, labels: Any) -> None:
        super().__init__(target.model_copy(update={"interval": None}))
        self._mean = float(np.mean(labels))
        self._scale = float(np.std(labels)) or 1.0

    def encoded(self, labels: Any) -> Any:
        return ((labels - self._mean) / self._scale).astype(np.float32)

    def loss(
        self, logits: torch.Tensor, *, labels: torch.Tensor, groups: Values = None, weights: Values = None
    ) -> torch.Tensor:
        return _mean(functional.huber_loss, logits, labels, weights)

    def values(self, logits: Any, *, calibration: Calibration) -> Any:
        return np.asarray(logits, dtype=np.float64) * self._scale + self._mean

    def write(self, graph: Graph, logits: str, *, calibration: Calibration) -> str:
        scaled = graph.node("Mul", _column(graph, logits), graph.constant(np.array(self._scale)))
        return graph.node("Add", scaled, graph.constant(np.array(self._mean)))


class ScoreHead(Head):
    """Rows compete within their group for its relevance. Z. Cao et al., Learning to Rank: From Pairwise Approach to
    Listwise Approach, ICML 2007, with the relevances as shares (S. Bruch et al., An Analysis of the Softmax Cost
    Function for Learning to Rank, ICTIR 2019)."""

    def loss(
        self, logits: torch.Tensor, *, labels: torch.Tensor, groups: Values = None, weights: Values = None
    ) -> torch.Tensor:
        """The rows of a group lie beside each other; the mean is that over groups with a relevant row.
        A group weighs what its rows do on average."""
        assert groups is not None
        places = torch.unique_consecutive(groups, return_inverse=True)[1]
        zeros = logits.new_zeros(len(logits))
        relevance = zeros.index_add(0, places, labels)
        highest = zeros.scatter_reduce(0, places, logits.detach(), "amax", include_self=False)[places]
        sums = zeros.index_add(0, places, torch.exp(logits - highest))[places]
        losses = labels * (sums.log() + highest - logits) / relevance[places].clamp(min=1e-9)
        if weights is None:
            return losses.sum() / (relevance > 0).sum().clamp(min=1)
        shares = zeros.index_add(0, places, weights) / torch.bincount(places, minlength=len(zeros))
        return (losses * shares[places]).sum() / shares[relevance > 0].sum().clamp(min=1e-9)

    def values(self, logits: Any, *, calibration: Calibration) -> Any:
        return np.asarray(logits, dtype=np.float64)

    def write(self, graph: Graph, logits: str, *, calibration: Calibration) -> str:
        return _column(graph, logits)


HEADS: Mapping[str, type[Head]] = {
    BINARY: ProbabilityHead,
    MultiClassTask.name: ClassesHead,
    MultiLabelTask.name: LabelsHead,
    RankingTask.name: ScoreHead,
}


def head_of(target: Target, *, labels: Any) -> Head:
    """`labels` are those of the training rows, as the task encodes them."""
    if target.task == RegressionTask.name:
        return NumberHead(target, labels=labels)
    return HEADS[target.task](Target() if target.task == BINARY else target)


def _mean(
    loss: Callable[..., torch.Tensor], logits: torch.Tensor, labels: torch.Tensor, weights: Values
) -> torch.Tensor:
    """The mean of a loss of rows, or of rows and labels; weights are [rows], or of the shape of the losses."""
    if weights is None:
        return loss(logits, labels)
    losses = loss(logits, labels, reduction="none")
    shares = weights.view(len(weights), -1).expand(len(losses), losses[0].numel()).view_as(losses)
    return (losses * shares).sum() / shares.sum().clamp(min=1e-9)


def _column(graph: Graph, logits: str) -> str:
    """float64 [batch] of float32 [batch, 1]."""
    column = graph.constant(np.array([1], dtype=np.int64))
    return graph.node("Squeeze", graph.cast(logits, to=TensorProto.DOUBLE), column)
