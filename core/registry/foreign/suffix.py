"""The part behind a model from elsewhere: its outputs become named answers, doubles or names of classes."""

from typing import Any

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry.foreign.nodes import Nodes
from core.registry.foreign.prefix import DOUBLE, STRING
from core.registry.foreign.values import Answer, File, Tensor, TensorMapping

SINGLE = frozenset({"probability", "value", "score"})


class Suffix:
    """Writes the part."""

    def __init__(self, nodes: Nodes, file: File) -> None:
        self._nodes, self._tensors = nodes, {tensor.name: tensor for tensor in file.outputs}

    def write(self, mapping: TensorMapping, *, rename: str) -> list[Any]:
        """The outputs of the new graph."""
        return [self._write(answer, rename + answer.tensor) for answer in mapping.answers]

    def _write(self, answer: Answer, value: str) -> Any:
        from onnx import helper

        tensor = self._tensors[answer.tensor]
        if answer.role == "label":
            self._nodes.node("Identity", self._label(answer, tensor, value), output=answer.name)
            return helper.make_tensor_value_info(answer.name, STRING, ["batch"])
        if tensor.datatype == "BYTES" and answer.role == "values":
            self._nodes.node("Identity", value, output=answer.name)
            return helper.make_tensor_value_info(answer.name, STRING, ["batch", *tensor.shape])
        if tensor.datatype == "BYTES":
            raise Invalid(
                _("{tensor} gives texts, which are no {role}").format(tensor=tensor.name, role=answer.role),
                hint=_("Its role is: label."),
                field="mapping",
            )
        numbers = self._activated(answer, self._nodes.node("Cast", value, to=DOUBLE))
        if answer.role in SINGLE:
            self._nodes.node("Identity", self._single(answer, tensor, numbers), output=answer.name)
            return helper.make_tensor_value_info(answer.name, DOUBLE, ["batch"])
        self._nodes.node("Identity", numbers, output=answer.name)
        sizes = [len(answer.classes) or None] if answer.role == "probabilities" else list(tensor.shape)
        return helper.make_tensor_value_info(answer.name, DOUBLE, ["batch", *sizes])

    def _activated(self, answer: Answer, value: str) -> str:
        if answer.activation == "none":
            return value
        if answer.activation == "sigmoid":
            return self._nodes.node("Sigmoid", value)
        return self._nodes.node("Softmax", value, axis=-1)

    def _single(self, answer: Answer, tensor: Tensor, value: str) -> str:
        """One number a row: of several, that of the class."""
        nodes = self._nodes
        if tensor.shape and tensor.shape != (1,):
            value = nodes.node("Gather", value, nodes.whole(answer.positive), axis=1)
        return nodes.node("Reshape", value, nodes.whole(-1))

    def _label(self, answer: Answer, tensor: Tensor, value: str) -> str:
        """The name of a class: the one that the file gives, or the one of the largest number."""
        nodes = self._nodes
        if tensor.datatype == "BYTES" or not tensor.datatype.startswith("FP"):
            flat = nodes.node("Reshape", value, nodes.whole(-1))
            return flat if tensor.datatype == "BYTES" else nodes.node("Cast", flat, to=STRING)
        if not answer.classes:
            raise Invalid(
                _("{tensor} gives numbers, and its classes have no names").format(tensor=tensor.name),
                hint=_("Name the classes in the order of the file."),
                field="mapping",
            )
        largest = nodes.node("ArgMax", value, axis=1, keepdims=0)
        return nodes.node("Gather", nodes.texts(*answer.classes), largest)
