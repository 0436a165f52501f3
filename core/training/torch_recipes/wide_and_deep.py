"""The network that is wide and deep. H.-T. Cheng et al., Wide & Deep Learning for Recommender Systems, DLRS 2016."""

from collections.abc import Sequence
from itertools import combinations
from typing import cast

import numpy as np
import torch

from core.training.onnx_graph import Graph
from core.training.torch_recipes.networks import EmbeddingPerceptron, Network
from core.training.torch_recipes.sums import Sums
from core.training.torch_recipes.torch_recipe import Shape


class WidePerceptron(Network):
    """A perceptron, added to a weight for each input and for each pair of values of the first `crossed` categories.
    Pairs of values share their weights where there would be more than `most_pairs` of two categories."""

    first: torch.Tensor
    second: torch.Tensor
    second_sizes: torch.Tensor
    pairs: torch.Tensor

    def __init__(
        self,
        shape: Shape,
        *,
        embedding_width: int,
        widths: Sequence[int],
        dropout: float,
        crossed: int,
        most_pairs: int,
    ) -> None:
        super().__init__()
        self.deep = EmbeddingPerceptron(shape, embedding_width=embedding_width, widths=widths, dropout=dropout)
        self.wide = Sums(shape.cardinalities, numbers=shape.numbers, outputs=shape.outputs)
        places = list(combinations(range(min(crossed, len(shape.cardinalities))), 2))
        pairs = [min(most_pairs, shape.cardinalities[first] * shape.cardinalities[second]) for first, second in places]
        firsts, seconds = ([pair[side] for pair in places] for side in (0, 1))
        sizes = [shape.cardinalities[second] for second in seconds]
        for name, values in (("first", firsts), ("second", seconds), ("second_sizes", sizes), ("pairs", pairs)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.int64), persistent=False)
        self.crosses = Sums(pairs, numbers=0, outputs=shape.outputs)

    def forward(self, ids: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        crossed = (ids[:, self.first].long() * self.second_sizes + ids[:, self.second]) % self.pairs
        logits = self.deep(ids, numbers).view(len(ids), -1) + self.wide(ids, numbers)
        return cast(torch.Tensor, logits + self.crosses(crossed, numbers[:, :0])).squeeze(1)

    def write(self, graph: Graph, *, ids: str, numbers: str) -> str:
        deep = self.deep.write(graph, ids=ids, numbers=numbers)
        logits = graph.node("Add", deep, self.wide.write(graph, ids=ids, numbers=numbers))
        if not len(self.pairs):
            return logits
        crosses = self.crosses.write(graph, ids=self._write_crossed(graph, ids), numbers="")
        return graph.node("Add", logits, crosses)

    def _write_crossed(self, graph: Graph, ids: str) -> str:
        first, second, sizes, pairs = (
            graph.constant(values.numpy().astype(np.int64))
            for values in (self.first, self.second, self.second_sizes, self.pairs)
        )
        rows = graph.node("Mul", graph.node("Gather", ids, first, axis=1), sizes)
        return graph.node("Mod", graph.node("Add", rows, graph.node("Gather", ids, second, axis=1)), pairs)
