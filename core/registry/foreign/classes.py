"""The names of the classes in a file that classifies: they stand where it makes a label of probabilities."""

from collections.abc import Iterable
from typing import Any

TEXTS = frozenset({"classlabels_strings", "classes_strings"})
NUMBERS = frozenset({"classlabels_int64s", "classlabels_ints", "classes_ints"})
CHOOSING = "ArrayFeatureExtractor"


def classes_of(nodes: Iterable[Any], constants: Iterable[Any] = ()) -> tuple[str, ...]:
    """The classes that the nodes name, in their order; empty where they name none, or several lists of them."""
    by_name = {constant.name: constant for constant in constants}
    lists = {names for node in nodes for names in (_attribute(node), _constant(node, by_name)) if names}
    return lists.pop() if len(lists) == 1 else ()


def _attribute(node: Any) -> tuple[str, ...]:
    for attribute in node.attribute:
        if attribute.name in TEXTS and attribute.strings:
            return tuple(text.decode(errors="replace") for text in attribute.strings)
        if attribute.name in NUMBERS and attribute.ints:
            return tuple(str(number) for number in attribute.ints)
    return ()


def _constant(node: Any, constants: dict[str, Any]) -> tuple[str, ...]:
    """Of a node that chooses among constants, as converters of scikit-learn write it."""
    from onnx import numpy_helper

    chosen = constants.get(node.input[0]) if node.op_type == CHOOSING and node.input else None
    if chosen is None:
        return ()
    values = numpy_helper.to_array(chosen).ravel().tolist()
    texts = (value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in values)
    return tuple(texts)
