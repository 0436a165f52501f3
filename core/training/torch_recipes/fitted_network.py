"""A trained network as one ONNX file: raw feature values in, calibrated probability out."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch

from core.registry.signature import Signature
from core.tasks.kinds.binary import OUTPUT
from core.tasks.predictions import Outputs
from core.training.description import describe
from core.training.input_graph import category_ids, signature_of, standard_numbers
from core.training.onnx_graph import Graph
from core.training.preparation import encode_categories, encode_numbers
from core.training.recipe import Fitted, Origins
from core.training.torch_recipes.trainer import Trained

if TYPE_CHECKING:
    import pyarrow as pa


class FittedNetwork(Fitted):
    """`write` adds the network to a graph, as its recipe says."""

    def __init__(self, trained: Trained, *, write: Callable[..., str], device: str) -> None:
        self._trained, self._write = trained, write
        self.metrics = {**trained.metrics, "steps": trained.steps, "calibration_slope": trained.calibration.slope}
        self.steps, self.stopped = trained.steps, trained.stopped
        self.device, self.precision = device, trained.precision

    def export(self, origins: Origins) -> tuple[bytes, Signature]:
        """An input [batch] a feature, text ("" is missing) or float64 (NaN is missing), and `probability`, float64
        [batch]. The file says of itself where it comes from and what it takes."""
        graph, preparation = Graph(), self._trained.preparation
        signature = signature_of(preparation)
        graph.take(signature)
        ids = [category_ids(graph, vocabulary=vocabulary) for vocabulary in preparation.categories]
        numbers = standard_numbers(graph, numbers=preparation.numbers) if preparation.numbers else ""
        logits = self._write(self._trained.network, graph=graph, ids=graph.columns(ids) if ids else "", numbers=numbers)
        description = describe(origins.origin, preparation=preparation, contract=origins.contract)
        return graph.finish(self._probability(graph, logits), output=OUTPUT, description=description), signature

    def predict(self, table: "pa.Table") -> Outputs:
        ids = torch.from_numpy(encode_categories(table, preparation=self._trained.preparation))
        numbers = torch.from_numpy(encode_numbers(table, preparation=self._trained.preparation))
        with torch.no_grad():
            logits = self._trained.network(ids, numbers).double().numpy()
        return {OUTPUT: self._trained.calibration.probabilities(logits)}

    def _probability(self, graph: Graph, logits: str) -> str:
        line, exact = self._trained.calibration, graph.cast(logits, to=onnx.TensorProto.DOUBLE)
        sloped = graph.node("Mul", exact, graph.constant(np.array(line.slope)))
        shifted = graph.node("Add", sloped, graph.constant(np.array(line.shift)))
        column = graph.constant(np.array([1], dtype=np.int64))
        return graph.node("Squeeze", graph.node("Sigmoid", shifted), column)
