"""A trained network as one ONNX file: raw feature values in, what its task answers out."""

import copy
from functools import cached_property
from typing import TYPE_CHECKING

from core.registry.signature import Signature
from core.tasks.predictions import Outputs
from core.training.input_graph import category_ids, pixels, standard_numbers
from core.training.onnx_graph import Graph
from core.training.recipe import Fitted, Origins
from core.training.task_outputs import outputs_of, write_file
from core.training.torch_recipes.data import inputs_of, logits_of
from core.training.torch_recipes.networks import Network
from core.training.torch_recipes.trainer import Trained

if TYPE_CHECKING:
    import pyarrow as pa


CPU = "cpu"


class FittedNetwork(Fitted):
    """`is_judged` by itself where it was trained on another device than the CPU, which is where files run."""

    def __init__(self, trained: Trained, *, device: str, is_judged: bool | None = None) -> None:
        self._trained, self.target = trained, trained.head.target
        self.is_judged = device != CPU if is_judged is None else is_judged
        slope = {"calibration_slope": trained.calibration.slope} if trained.head.is_calibrated else {}
        self.metrics = {**trained.metrics, "steps": trained.steps, **slope}
        self.steps, self.stopped = trained.steps, trained.stopped
        self.device, self.precision = device, trained.precision

    def export(self, origins: Origins) -> tuple[bytes, Signature]:
        return write_file(self._trained.preparation, target=self.target, origins=origins, write=self._write)

    def predict(self, table: "pa.Table") -> Outputs:
        inputs = inputs_of(table, preparation=self._trained.preparation)
        logits = logits_of(self._network, inputs, device=self.device).numpy()
        value = self._trained.head.values(logits, calibration=self._trained.calibration)
        return outputs_of(value, target=self.target)

    @cached_property
    def _network(self) -> Network:
        """Where it predicts. The one that is written stays on the CPU."""
        network = self._trained.network
        return network if self.device == CPU else copy.deepcopy(network).to(self.device)

    def _write(self, graph: Graph) -> str:
        preparation = self._trained.preparation
        ids = [category_ids(graph, vocabulary=vocabulary) for vocabulary in preparation.categories]
        numbers = standard_numbers(graph, numbers=preparation.numbers) if preparation.numbers else ""
        inputs = {"ids": graph.columns(ids) if ids else "", "numbers": numbers}
        if preparation.images:
            inputs["images"] = pixels(graph, image=preparation.images[0])
        logits = self._trained.network.write(graph, **inputs)
        return self._trained.head.write(graph, logits, calibration=self._trained.calibration)
