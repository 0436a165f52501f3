"""The network of DeepFM. H. Guo et al., DeepFM: A Factorization-Machine based Neural Network for CTR Prediction, IJCAI
2017."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import nn

from core.training.onnx_graph import Graph
from core.training.torch_recipes.networks import EMBEDDING_SPREAD, EmbeddingPerceptron, Network
from core.training.torch_recipes.sums import Sums
from core.training.torch_recipes.torch_recipe import Shape


class FactorizedPerceptron(Network):
    """Sums, the products of all pairs of inputs, and a perceptron, added up. Sums and products share the embeddings of
    the perceptron. The products of each place of the embeddings have a weight for each output, 1 at first, since one
    sum of them all could not tell classes apart (X. He and T.-S. Chua, Neural Factorization Machines, SIGIR 2017)."""

    def __init__(self, shape: Shape, *, embedding_width: int, widths: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.deep = EmbeddingPerceptron(shape, embedding_width=embedding_width, widths=widths, dropout=dropout)
        self.sums = Sums(shape.cardinalities, numbers=shape.numbers, outputs=shape.outputs)
        self.factors = nn.Parameter(torch.randn(shape.numbers, embedding_width) * EMBEDDING_SPREAD)
        self.weights = nn.Parameter(torch.ones(embedding_width, shape.outputs))

    def forward(self, ids: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        looked_up = self.deep.looked_up(ids)
        logits = self.deep.dense(looked_up, numbers) + self.sums(ids, numbers)
        return cast(torch.Tensor, logits + self._products(looked_up, numbers) @ self.weights).squeeze(1)

    def write(self, graph: Graph, *, ids: str, numbers: str) -> str:
        looked_up = self.deep.write_looked_up(graph, ids) if ids else ""
        deep = self.deep.write_dense(graph, looked_up=looked_up, numbers=numbers)
        logits = graph.node("Add", deep, self.sums.write(graph, ids=ids, numbers=numbers))
        products = self._write_products(graph, looked_up, numbers)
        weighted = graph.node("MatMul", products, graph.constant(self.weights.numpy()))
        return graph.node("Add", logits, weighted)

    def _products(self, looked_up: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """[rows, embedding width]: the sum of a x b over all pairs is ((sum of a) ** 2 - sum of a ** 2) / 2."""
        total = looked_up.sum(dim=1) + numbers @ self.factors
        squares = (looked_up**2).sum(dim=1) + (numbers**2) @ (self.factors**2)
        return (total**2 - squares) / 2

    def _write_products(self, graph: Graph, looked_up: str, numbers: str) -> str:
        factors, half = self.factors.numpy(), graph.constant(np.array(0.5, dtype=np.float32))
        total = _added(graph, looked_up, numbers, factors=factors)
        squared = [graph.node("Mul", value, value) if value else "" for value in (looked_up, numbers)]
        squares = _added(graph, *squared, factors=factors**2)
        difference = graph.node("Sub", graph.node("Mul", total, total), squares)
        return graph.node("Mul", difference, half)


def _added(graph: Graph, looked_up: str, numbers: str, *, factors: np.ndarray) -> str:
    """float32 [batch, embedding width] of embeddings [batch, categories, embedding width] and of numbers."""
    axis, parts = graph.constant(np.array([1], dtype=np.int64)), []
    if looked_up:
        parts.append(graph.node("ReduceSum", looked_up, axis, keepdims=0))
    if numbers:
        parts.append(graph.node("MatMul", numbers, graph.constant(factors)))
    return graph.node("Add", *parts) if len(parts) > 1 else parts[0]
