"""The network of two towers. P. Covington et al., Deep Neural Networks for YouTube Recommendations, RecSys 2016; X. Yi
et al., Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations, RecSys 2019."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from onnx import TensorProto
from torch import nn

from core.training.onnx_graph import Graph
from core.training.torch_recipes.networks import EmbeddingPerceptron, Network
from core.training.torch_recipes.torch_recipe import Shape

# Each tower learns from what the other one gives: categories that all give nearly the same teach it nothing at first.
SPREAD = 1.0
VECTORS = ("user_vector", "item_vector")


class Tower(nn.Module):
    """A perceptron of some of the inputs that gives a vector of `width`."""

    categories: torch.Tensor
    numbers: torch.Tensor

    def __init__(
        self,
        shape: Shape,
        *,
        columns: Sequence[str],
        width: int,
        embedding_width: int,
        widths: Sequence[int],
        dropout: float,
    ) -> None:
        super().__init__()
        categories = [place for place, name in enumerate(shape.category_names) if name in columns]
        numbers = [place for place, name in enumerate(shape.number_names) if name in columns]
        self.register_buffer("categories", torch.tensor(categories, dtype=torch.int64), persistent=False)
        self.register_buffer("numbers", torch.tensor(numbers, dtype=torch.int64), persistent=False)
        cardinalities = tuple(shape.cardinalities[place] for place in categories)
        own = Shape(cardinalities=cardinalities, numbers=len(numbers), outputs=width)
        self.body = EmbeddingPerceptron(own, embedding_width=embedding_width, widths=widths, dropout=dropout)
        nn.init.normal_(self.body.embedding.weight, std=SPREAD)

    def forward(self, ids: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.body(ids[:, self.categories], numbers[:, self.numbers]))

    def write(self, graph: Graph, *, ids: str, numbers: str) -> str:
        chosen = [
            graph.node("Gather", value, graph.constant(places.numpy()), axis=1) if len(places) else ""
            for value, places in ((ids, self.categories), (numbers, self.numbers))
        ]
        return self.body.write(graph, ids=chosen[0], numbers=chosen[1])


class TwoTowers(Network):
    """How well the vector of the user fits that of the item: their product, of one output."""

    def __init__(
        self,
        shape: Shape,
        *,
        user: Sequence[str],
        item: Sequence[str],
        vector_width: int,
        embedding_width: int,
        widths: Sequence[int],
        dropout: float,
        gives_vectors: bool = False,
    ) -> None:
        super().__init__()
        self._vector_width = vector_width if gives_vectors else 0
        self.user, self.item = (
            Tower(
                shape,
                columns=columns,
                width=vector_width,
                embedding_width=embedding_width,
                widths=widths,
                dropout=dropout,
            )
            for columns in (user, item)
        )
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, ids: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, (self.user(ids, numbers) * self.item(ids, numbers)).sum(dim=1) + self.bias)

    def write(self, graph: Graph, *, ids: str, numbers: str) -> str:
        vectors = [tower.write(graph, ids=ids, numbers=numbers) for tower in (self.user, self.item)]
        for name, vector in zip(VECTORS, vectors, strict=True) if self._vector_width else ():
            graph.give(name, graph.cast(vector, to=TensorProto.DOUBLE), width=self._vector_width)
        axis = graph.constant(np.array([1], dtype=np.int64))
        product = graph.node("ReduceSum", graph.node("Mul", *vectors), axis, keepdims=1)
        return graph.node("Add", product, graph.constant(self.bias.numpy()))
