"""The preparation as nodes of an ONNX graph: raw values come in, and what a model takes comes out. It is the very map
of `preparation.py`, so training and serving prepare alike."""

import numpy as np
from onnx import TensorProto

from core.registry.signature import Signature, TensorSpec
from core.training.onnx_graph import ML_DOMAIN, Graph
from core.training.preparation import CLIP, NumberMap, Preparation, Vocabulary
from core.training.torch_recipes.torch_recipe import ImageMap


def signature_of(preparation: Preparation) -> Signature:
    """The inputs of a file: `Graph.take` declares them."""
    names = ([column.name for column in columns] for columns in (preparation.categories, preparation.numbers))
    images = [TensorSpec.of_image(item.name, item.image) for item in preparation.images]
    return Signature.of_columns(*names, tensors=images)


def category_ids(graph: Graph, *, vocabulary: Vocabulary) -> str:
    """The ids of a category, int64 [batch]; 0 is everything unknown."""
    name = graph.column(vocabulary.name)
    if not vocabulary.values:
        # A map without entries is refused by onnx; this one maps a text that is no value of the column to unknown.
        vocabulary = vocabulary.model_copy(update={"values": ("\x00",)})
        ids = [0]
    else:
        ids = list(range(1, len(vocabulary.values) + 1))
    return graph.node(
        "LabelEncoder",
        name,
        domain=ML_DOMAIN,
        keys_strings=list(vocabulary.values),
        values_int64s=ids,
        default_int64=0,
    )


def raw_numbers(graph: Graph, *, numbers: tuple[NumberMap, ...]) -> str:
    """The numbers as they are, float64 [batch, numbers]; NaN is missing."""
    return graph.matrix([number.name for number in numbers])


def standard_numbers(graph: Graph, *, numbers: tuple[NumberMap, ...], kind: int = TensorProto.FLOAT) -> str:
    """The numbers, [batch, numbers + flags] of that kind: missing filled, standardized, clipped; then a
    flag for what was missing."""
    raw = raw_numbers(graph, numbers=numbers)
    missing = graph.node("IsNaN", raw)
    filled = graph.node("Where", missing, graph.constant(np.array([number.fill for number in numbers])), raw)
    centered = graph.node("Sub", filled, graph.constant(np.array([number.mean for number in numbers])))
    standard = graph.node("Div", centered, graph.constant(np.array([number.scale for number in numbers])))
    ends = [graph.constant(np.array(end)) for end in (-CLIP, CLIP)]
    clipped = graph.cast(graph.node("Clip", standard, *ends), to=kind)
    flagged = [place for place, number in enumerate(numbers) if number.flagged]
    if not flagged:
        return clipped
    chosen = graph.node("Gather", missing, graph.constant(np.array(flagged, dtype=np.int64)), axis=1)
    return graph.node("Concat", clipped, graph.cast(chosen, to=kind), axis=1)


def pixels(graph: Graph, *, image: ImageMap) -> str:
    """The pixels as they are, float32 [batch, channels, height, width]."""
    return graph.node("Transpose", graph.cast(image.name, to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
