"""Which texts a model knows: its graph lists them where it turns a text into a number."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.registry.signature import Signature, TensorSpec

# What a graph looks a text up with, and the attribute that holds the texts it knows.
KNOWN_TEXTS = {"LabelEncoder": "keys_strings", "OneHotEncoder": "cats_strings", "CategoryMapper": "cats_strings"}
# Between an input and what looks it up, these change nothing but the shape.
RESHAPING = {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"}
KnownCategories = Mapping[str, frozenset[str]]
# By value the nodes that read it.
Readers = Mapping[str, Sequence[Any]]


def known_categories(model: bytes, *, signature: Signature) -> KnownCategories:
    """By column of texts those that the graph of a model file knows. One that anything else reads too, or nothing that
    lists what it knows, is left out: nothing can be said about it."""
    import onnx

    graph = onnx.load_from_string(model).graph
    places = {tensor.name: tensor for tensor in graph.initializer}
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in dict.fromkeys(node.input):
            readers.setdefault(name, []).append(node)
    known: dict[str, frozenset[str]] = {}
    for spec in signature.inputs:
        if spec.datatype == "BYTES":
            known |= _of_tensor(spec, readers=readers, places=places)
    return known


def _of_tensor(spec: TensorSpec, *, readers: Readers, places: Mapping[str, Any]) -> KnownCategories:
    if not spec.columns:
        return _known_by(spec.name, read=spec.name, readers=readers) if not spec.row else {}
    known: dict[str, frozenset[str]] = {}
    for node in readers.get(spec.name, ()):
        column = _column(node, places)
        if column is None:
            return {}
        known |= _known_by(spec.columns[column], read=node.output[0], readers=readers)
    return known


def _column(node: Any, places: Mapping[str, Any]) -> int | None:
    """The one column of a wide tensor that a node takes out of it."""
    from onnx import numpy_helper

    if node.op_type != "Gather" or node.input[1] not in places:
        return None
    place = numpy_helper.to_array(places[node.input[1]])
    axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)
    return int(place.item()) if axis == 1 and place.size == 1 else None


def _known_by(column: str, *, read: str, readers: Readers) -> KnownCategories:
    """What those know that read a value."""
    texts = [_texts(node) for node in _readers(read, readers)]
    return {column: frozenset().union(*texts)} if texts and all(texts) else {}


def _readers(name: str, readers: Readers) -> Iterable[Any]:
    """The nodes that read a value, through those that change its shape only."""
    for node in readers.get(name, ()):
        yield from _readers(node.output[0], readers) if node.op_type in RESHAPING else (node,)


def _texts(node: Any) -> frozenset[str]:
    wanted = KNOWN_TEXTS.get(node.op_type)
    texts = (text for attribute in node.attribute if attribute.name == wanted for text in attribute.strings)
    return frozenset(text.decode(errors="replace") for text in texts)
