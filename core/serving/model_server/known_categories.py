"""Which texts a model knows: its graph lists them where it turns a text into a number."""

from collections.abc import Iterable, Mapping
from typing import Any

# What a graph looks a text up with, and the attribute that holds the texts it knows.
KNOWN_TEXTS = {"LabelEncoder": "keys_strings", "OneHotEncoder": "cats_strings", "CategoryMapper": "cats_strings"}
# Between an input and what looks it up, these change nothing but the shape.
RESHAPING = {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"}
KnownCategories = Mapping[str, frozenset[str]]


def known_categories(model: bytes) -> KnownCategories:
    """By text input the texts that the graph of a model file knows. An input that anything else reads too, or nothing
    that lists what it knows, is left out: nothing can be said about it."""
    import onnx

    graph = onnx.load_from_string(model).graph
    inputs = [value.name for value in graph.input if value.type.tensor_type.elem_type == onnx.TensorProto.STRING]
    read_by = {name: [_texts(reader) for reader in _readers(graph, name)] for name in inputs}
    return {name: frozenset().union(*texts) for name, texts in read_by.items() if texts and all(texts)}


def _readers(graph: Any, name: str) -> Iterable[Any]:
    """The nodes that read a value, through those that change its shape only."""
    for node in graph.node:
        if name in node.input:
            yield from _readers(graph, node.output[0]) if node.op_type in RESHAPING else (node,)


def _texts(node: Any) -> frozenset[str]:
    wanted = KNOWN_TEXTS.get(node.op_type)
    texts = (text for attribute in node.attribute if attribute.name == wanted for text in attribute.strings)
    return frozenset(text.decode(errors="replace") for text in texts)
