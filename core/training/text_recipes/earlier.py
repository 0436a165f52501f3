"""What an earlier model of texts knows, read from its file: how rare each run of words was, and what it said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.compute.process import JobFailed
from core.foundation.text import _
from core.training.text_recipes.reading import Reading


@dataclass(frozen=True)
class Words:
    """Of one column: `rarity` [buckets], 0 of what that model did not know, and `weights` [buckets, outputs]."""

    rarity: Any
    weights: Any


def read_words(path: Path, *, reading: Reading, texts: Sequence[str]) -> dict[str, Words]:
    """By column, in the order in which its file has them."""
    import onnx
    from onnx import numpy_helper

    constants = onnx.load(path).graph.initializer
    tables = [numpy_helper.to_array(item) for item in constants if _is_table(item.dims, reading.buckets)]
    if len(tables) != len(texts):
        raise JobFailed(_("data: the model to start from does not read texts as this one"))
    return {name: _words(table[:-1]) for name, table in zip(texts, tables, strict=True)}


def matched(words: Words, *, before: Sequence[str], now: Sequence[str]) -> Words:
    """With an output for each class that there is now; what was not known before has said nothing."""
    if tuple(before) == tuple(now):
        return words
    places: Mapping[str, int] = {name: place for place, name in enumerate(before)}
    weights = np.zeros((len(words.weights), len(now)))
    for place, name in enumerate(now):
        if name in places:
            weights[:, place] = words.weights[:, places[name]]
    return Words(words.rarity, weights)


def _is_table(dims: Sequence[int], buckets: int) -> bool:
    return len(dims) == 2 and dims[0] == buckets + 1


def _words(table: Any) -> Words:
    rarity = np.sqrt(table[:, -1])
    return Words(rarity, table[:, :-1] / np.where(rarity > 0, rarity, 1)[:, None])
