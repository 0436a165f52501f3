"""A trained network as one ONNX file: raw feature values in, what its task answers out."""

from typing import TYPE_CHECKING

import torch

from core.registry.signature import Signature
from core.tasks.predictions import Outputs
from core.training.description import describe
from core.training.input_graph import category_ids, signature_of, standard_numbers
from core.training.onnx_graph import Graph
from core.training.preparation import encode_categories, encode_numbers
from core.training.recipe import Fitted, Origins
from core.training.task_outputs import outputs_of, promised, write_outputs
from core.training.torch_recipes.trainer import Trained

if TYPE_CHECKING:
    import pyarrow as pa


class FittedNetwork(Fitted):
    def __init__(self, trained: Trained, *, device: str) -> None:
        self._trained, self.target = trained, trained.head.target
        slope = {"calibration_slope": trained.calibration.slope} if trained.head.is_calibrated else {}
        self.metrics = {**trained.metrics, "steps": trained.steps, **slope}
        self.steps, self.stopped = trained.steps, trained.stopped
        self.device, self.precision = device, trained.precision

    def export(self, origins: Origins) -> tuple[bytes, Signature]:
        """An input [batch] a feature, text ("" is missing) or float64 (NaN is missing). The file says of itself where
        it comes from and what it takes."""
        graph, preparation = Graph(), self._trained.preparation
        inputs = signature_of(preparation)
        graph.take(inputs)
        ids = [category_ids(graph, vocabulary=vocabulary) for vocabulary in preparation.categories]
        numbers = standard_numbers(graph, numbers=preparation.numbers) if preparation.numbers else ""
        logits = self._trained.network.write(graph, ids=graph.columns(ids) if ids else "", numbers=numbers)
        value = self._trained.head.write(graph, logits, calibration=self._trained.calibration)
        outputs = write_outputs(graph, value, target=self.target)
        description = describe(origins.origin, preparation=preparation, contract=origins.contract, target=self.target)
        return graph.finish_task(outputs, target=self.target, description=description), promised(inputs, self.target)

    def predict(self, table: "pa.Table") -> Outputs:
        ids = torch.from_numpy(encode_categories(table, preparation=self._trained.preparation))
        numbers = torch.from_numpy(encode_numbers(table, preparation=self._trained.preparation))
        with torch.no_grad():
            logits = self._trained.network(ids, numbers).double().numpy()
        value = self._trained.head.values(logits, calibration=self._trained.calibration)
        return outputs_of(value, target=self.target)
