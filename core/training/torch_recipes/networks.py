"""The networks of our recipes. Imported by training processes only, as it needs torch to define its classes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import nn

from core.training.torch_recipes.torch_recipe import Shape

EMBEDDING_SPREAD = 0.05


class EmbeddingPerceptron(nn.Module):
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
        self.body = nn.Sequential(*blocks, nn.Linear(sizes[-1], 1))

    def forward(self, ids: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        looked_up = self.embedding(ids + self.offsets).flatten(1)
        return cast(torch.Tensor, self.body(torch.cat([looked_up, numbers], dim=1))).squeeze(1)

    def layers(self) -> list[nn.Linear]:
        """The dense layers in order; a ReLU stands between them."""
        return [block for block in self.body if isinstance(block, nn.Linear)]
