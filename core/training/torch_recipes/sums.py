"""A weight for each category and number: the part of a network that only adds up."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import nn

from core.training.onnx_graph import Graph


class Sums(nn.Module):
    """(ids [rows, categories], numbers float32 [rows, numbers]) to float32 [rows, outputs]. All weights are zero at
    first, so that it says nothing until it has learned something."""

    offsets: torch.Tensor

    def __init__(self, cardinalities: Sequence[int], *, numbers: int, outputs: int) -> None:
        super().__init__()
        starts = [sum(cardinalities[:place]) for place in range(len(cardinalities))]
        self.register_buffer("offsets", torch.tensor(starts, dtype=torch.int64), persistent=False)
        self.table = nn.Embedding(max(1, sum(cardinalities)), outputs)
        nn.init.zeros_(self.table.weight)
        self.weights = nn.Parameter(torch.zeros(numbers, outputs))

    def forward(self, ids: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.table(ids + self.offsets).sum(dim=1)) + numbers @ self.weights

    def write(self, graph: Graph, *, ids: str, numbers: str) -> str:
        """The same in a graph; one of the two is not empty."""
        parts = []
        if ids:
            rows = graph.node("Add", ids, graph.constant(self.offsets.numpy()))
            looked_up = graph.node("Gather", graph.constant(self.table.weight.numpy()), rows)
            axis = graph.constant(np.array([1], dtype=np.int64))
            parts.append(graph.node("ReduceSum", looked_up, axis, keepdims=0))
        if numbers:
            parts.append(graph.node("MatMul", numbers, graph.constant(self.weights.detach().numpy())))
        return graph.node("Add", *parts) if len(parts) > 1 else parts[0]
