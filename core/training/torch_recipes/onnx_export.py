"""The whole model as one ONNX file: raw feature values in, calibrated probability out."""

from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch

from core.compute.process import JobFailed
from core.features.values import FeatureContract
from core.foundation.text import _
from core.tasks.kinds.binary import OUTPUT
from core.tasks.predictions import Outputs
from core.training.description import Origin, describe
from core.training.input_graph import category_ids, signature_of, standard_numbers
from core.training.onnx_graph import Graph
from core.training.preparation import encode_categories, encode_numbers
from core.training.recipe import Recipe
from core.training.torch_recipes.trainer import Trained

if TYPE_CHECKING:
    import pyarrow as pa

TOLERANCE = 1e-5


def write_onnx(trained: Trained, *, recipe: type[Recipe], origin: Origin, contract: FeatureContract) -> bytes:
    """The file: an input [batch] a feature, text ("" is missing) or float64 (NaN is missing), and `probability`,
    float64 [batch]. It says of itself where it comes from and what it takes."""
    graph = Graph()
    preparation = trained.preparation
    graph.take(signature_of(preparation))
    ids = [category_ids(graph, vocabulary=vocabulary) for vocabulary in preparation.categories]
    numbers = standard_numbers(graph, numbers=preparation.numbers) if preparation.numbers else ""
    logits = recipe.write(trained.network, graph=graph, ids=graph.columns(ids) if ids else "", numbers=numbers)
    exact = graph.cast(logits, to=onnx.TensorProto.DOUBLE)
    sloped = graph.node("Mul", exact, graph.constant(np.array(trained.calibration.slope)))
    shifted = graph.node("Add", sloped, graph.constant(np.array(trained.calibration.shift)))
    column = graph.constant(np.array([1], dtype=np.int64))
    probability = graph.node("Squeeze", graph.node("Sigmoid", shifted), column)
    description = describe(origin, preparation=preparation, contract=contract)
    return graph.finish(probability, output=OUTPUT, description=description)


def check_against_torch(outputs: Outputs, *, trained: Trained, table: "pa.Table") -> float:
    """The largest difference between what the file said of these rows and what torch says. JobFailed above 1e-5."""
    ids = torch.from_numpy(encode_categories(table, preparation=trained.preparation))
    numbers = torch.from_numpy(encode_numbers(table, preparation=trained.preparation))
    with torch.no_grad():
        logits = trained.network(ids, numbers).double().numpy()
    difference = float(np.abs(trained.calibration.probabilities(logits) - outputs[OUTPUT]).max())
    if not difference <= TOLERANCE:
        raise JobFailed(
            _("The ONNX file and the trained network differ by {difference:.2g}, and {most:.0e} is the most").format(
                difference=difference, most=TOLERANCE
            )
        )
    return difference
