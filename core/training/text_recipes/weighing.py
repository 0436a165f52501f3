"""How much each run of words of a text says: the rarer it was in the training texts, the more. A text counts as long as
any other, whatever it holds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training.onnx_graph import Graph
from core.training.text_recipes.earlier import Words
from core.training.text_recipes.reading import Reading, write_ids

# The length of a text without a known word is not zero, so that nothing over nothing is nothing.
LEAST = 1e-30


@dataclass(frozen=True)
class Weighing:
    """`known` are the buckets that training texts had, [known], and `rarity` of each: scikit-learn's smooth inverse
    document frequency. What training did not see says nothing."""

    reading: Reading
    known: Any
    rarity: Any

    @classmethod
    def of(cls, counts: Any, *, reading: Reading, earlier: Words | None = None) -> "Weighing":
        """What an earlier model knows is as rare as it was there."""
        texts = np.bincount(counts.indices, minlength=reading.buckets)
        rarity = np.where(texts > 0, np.log((1 + counts.shape[0]) / (1 + texts)) + 1, 0)
        rarity = rarity if earlier is None else np.where(earlier.rarity > 0, earlier.rarity, rarity)
        known = np.flatnonzero(rarity)
        return cls(reading, known=known, rarity=rarity[known])

    def features(self, counts: Any) -> Any:
        """A sparse matrix [texts, known] of float64."""
        from scipy.sparse import diags

        own = counts[:, self.known]
        lengths = np.sqrt(np.maximum(own @ self.rarity**2, LEAST))
        return (diags(1 / lengths) @ own @ diags(self.rarity)).tocsr()

    def write_sums(self, graph: Graph, text: str, *, weights: Any) -> str:
        """The features of texts times weights [known, outputs]: float64 [batch, outputs]. The table has for each bucket
        what it adds to the sums, and in its last column what it adds to the square of the length."""
        table = np.zeros((self.reading.buckets + 1, weights.shape[1] + 1))
        table[self.known] = np.column_stack([weights * self.rarity[:, None], self.rarity**2])
        ids = write_ids(graph, text, reading=self.reading)
        axis = graph.constant(np.array([1], dtype=np.int64))
        added = graph.node("ReduceSum", graph.node("Gather", graph.constant(table), ids), axis, keepdims=0)
        width = weights.shape[1]
        places = (np.arange(width), np.array([width]))
        sums, squares = (graph.node("Gather", added, graph.constant(place), axis=1) for place in places)
        length = graph.node("Sqrt", graph.node("Max", squares, graph.constant(np.array(LEAST))))
        return graph.node("Div", sums, length)
