"""The networks of our recipes. Imported by training processes only, as it needs torch to define its classes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import nn

from core.training.onnx_graph import Graph
from core.training.torch_recipes.torch_recipe import Shape

EMBEDDING_SPREAD = 0.05


class Network(nn.Module, ABC):
    """A network of (ids int32 [rows, categories], numbers float32 [rows, width]) that gives logits, [rows] of one
    output and [rows, outputs] of more. One of images takes them too."""

    @abstractmethod
    def write(self, graph: Graph, *, ids: str, numbers: str) -> str:
        """Adds the same network to the graph. `ids` (int64) and `numbers` (float32) name its inputs, empty where there
        are none; returns the name of the logits, float32 [rows, outputs]."""


class EmbeddingPerceptron(Network):
    """One flat embedding table for all categories (one lookup instead of one a category), then dense layers."""

    offsets: torch.Tensor

    def __init__(self, shape: Shape, *, embedding_width: int, widths: Sequence[int], dropout: float) -> None:
        super().__init__()
        starts = [sum(shape.cardinalities[:place]) for place in range(len(shape.cardinalities))]
        self.register_buffer("offsets", torch.tensor(starts, dtype=torch.int32), persistent=False)
        self.embedding = nn.Embedding(max(1, sum(shape.cardinalities)), embedding_width)
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_SPREAD)
        sizes = [len(shape.cardinalities) * embedding_width + shape.numbers, *widths]
        blocks: list[nn.Module] = []
        for width_in, width_out in pairwise(sizes):
            blocks += [nn.Linear(width_in, width_out), nn.ReLU(), nn.Dropout(dropout)]
        self.body = nn.Sequential(*blocks, nn.Linear(sizes[-1], shape.outputs))

    def forward(self, ids: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        return self.dense(self.looked_up(ids), numbers).squeeze(1)

    def write(self, graph: Graph, *, ids: str, numbers: str) -> str:
        return self.write_dense(graph, looked_up=self.write_looked_up(graph, ids) if ids else "", numbers=numbers)

    def looked_up(self, ids: torch.Tensor) -> torch.Tensor:
        """float32 [rows, categories, embedding width]."""
        return cast(torch.Tensor, self.embedding(ids + self.offsets))

    def dense(self, looked_up: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """float32 [rows, outputs]."""
        return cast(torch.Tensor, self.body(torch.cat([looked_up.flatten(1), numbers], dim=1)))

    def write_looked_up(self, graph: Graph, ids: str) -> str:
        rows = graph.node("Add", ids, graph.constant(self.offsets.long().numpy()))
        return graph.node("Gather", graph.constant(self.embedding.weight.numpy()), rows)

    def write_dense(self, graph: Graph, *, looked_up: str, numbers: str) -> str:
        """`looked_up` and `numbers` are empty where there are none."""
        parts = [numbers] if numbers else []
        if looked_up:
            parts.insert(0, graph.node("Flatten", looked_up, axis=1))
        value = graph.node("Concat", *parts, axis=1)
        for number, layer in enumerate(self.layers()):
            value = graph.node("Relu", value) if number else value
            value = graph.dense(value, weight=layer.weight.numpy(), bias=layer.bias.numpy())
        return value

    def layers(self) -> list[nn.Linear]:
        """The dense layers in order; a ReLU stands between them."""
        return [block for block in self.body if isinstance(block, nn.Linear)]
