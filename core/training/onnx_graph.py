"""A small writer of ONNX graphs. The graph is written node by node: it takes milliseconds where an exporter takes
seconds, and what stands in it is what we put there."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from core.registry.signature import Signature
from core.tasks.task import task_of
from core.tasks.values import Target
from core.training.description import Description
from core.training.preparation import parts_of

ML_DOMAIN = "ai.onnx.ml"
# Of the runtime itself: what cuts texts into words and hashes them.
RUNTIME_DOMAIN = "com.microsoft"
KINDS = {"BYTES": TensorProto.STRING, "FP64": TensorProto.DOUBLE, "UINT8": TensorProto.UINT8}
# Operators that every runtime since 2021 reads, and those that recipes are written for.
OLDEST_OPSET, NEWEST_OPSET = 13, 21
FORMATS = [release for release in helper.VERSION_TABLE if OLDEST_OPSET <= release[2] <= NEWEST_OPSET]


class Graph:
    """Nodes, constants and inputs under way. Every method returns the name of the value it made."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._wide: dict[str, tuple[str, ...]] = {}
        self._node_count = 0
        self._given: dict[str, tuple[str, int]] = {}

    def input(self, name: str, *, is_text: bool) -> str:
        """An input [batch], text or float64."""
        kind = TensorProto.STRING if is_text else TensorProto.DOUBLE
        self._inputs.append(helper.make_tensor_value_info(name, kind, ["batch"]))
        return name

    def take(self, signature: Signature) -> None:
        """Declares the inputs that a signature says."""
        for spec in signature.inputs:
            shape = ["batch", *spec.row]
            self._inputs.append(helper.make_tensor_value_info(spec.name, KINDS[spec.datatype], shape))
            if spec.columns or (spec.datatype == "FP64" and spec.row):
                self._wide[spec.name] = spec.columns or parts_of(spec.name, size=spec.values)

    def column(self, name: str) -> str:
        """The values [batch] of a column, an input of its own or one of many."""
        tensor = next((tensor for tensor, columns in self._wide.items() if name in columns), None)
        if tensor is None:
            return name
        place, axis = self._wide[tensor].index(name), self.constant(np.array([1], dtype=np.int64))
        values = self.node("Gather", tensor, self.constant(np.array([place], dtype=np.int64)), axis=1)
        return self.node("Squeeze", values, axis)

    def matrix(self, names: Sequence[str]) -> str:
        """The values of columns side by side, [batch, n]: of a tensor of just these columns, that itself."""
        whole = {columns[0]: tensor for tensor, columns in self._wide.items() if _is_within(columns, names)}
        if not whole:
            return self.columns([self.column(name) for name in names])
        blocks, place = [], 0
        while place < len(names):
            tensor = whole.get(names[place])
            blocks.append(tensor or self.columns([self.column(names[place])]))
            place += len(self._wide[tensor]) if tensor else 1
        return blocks[0] if len(blocks) == 1 else self.node("Concat", *blocks, axis=1)

    def embed(self, content: bytes) -> dict[str, str]:
        """The nodes of a file that takes the same inputs; returns the names of its outputs in this graph, by their
        names there."""
        model, prefix = onnx.load_from_string(content), f"{self._fresh('model')}."
        compose.add_prefix(model, prefix, inplace=True)
        for entry in self._inputs:
            self._nodes.append(helper.make_node("Identity", [entry.name], [f"{prefix}{entry.name}"]))
        self._nodes += model.graph.node
        self._constants += model.graph.initializer
        return {entry.name.removeprefix(prefix): entry.name for entry in model.graph.output}

    def constant(self, array: Any) -> str:
        name = self._fresh("constant")
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = self._fresh(operator.lower())
        self._nodes.append(helper.make_node(operator, list(inputs), [name], domain=domain, **attributes))
        return name

    def dense(self, value: str, *, weight: Any, bias: Any) -> str:
        """value x weight transposed + bias."""
        return self.node("Gemm", value, self.constant(weight), self.constant(bias), transB=1)

    def columns(self, values: list[str]) -> str:
        """Values [batch] side by side, [batch, n]."""
        axis = self.constant(np.array([1], dtype=np.int64))
        return self.node("Concat", *(self.node("Unsqueeze", value, axis) for value in values), axis=1)

    def ascending(self, value: str, *, width: int) -> str:
        """The columns of [batch, width] sorted within each row, the lowest first."""
        name = self._fresh("topk")
        outputs = [name, f"{name}.places"]
        count = self.constant(np.array([width], dtype=np.int64))
        self._nodes.append(helper.make_node("TopK", [value, count], outputs, axis=1, largest=0))
        return name

    def give(self, name: str, value: str, *, width: int) -> None:
        """The file also gives `value`, float64 [batch, width], behind the outputs of its task."""
        self._given[name] = (value, width)

    @property
    def vectors(self) -> dict[str, int]:
        """The widths of what the file gives besides the outputs of its task."""
        return {name: width for name, (_value, width) in self._given.items()}

    def cast(self, value: str, *, to: int) -> str:
        return self.node("Cast", value, to=to)

    def finish(self, value: str, *, output: str, description: Description, width: int | None = None) -> bytes:
        """The file whose one output, float64 [batch] or [batch, width], is `value`."""
        return self._file({output: value}, [self._output(output, description.output, width=width)], description)

    def finish_task(self, values: Mapping[str, str], *, target: Target, description: Description) -> bytes:
        """The file with the outputs of a task; `values` are their names in the graph."""
        specs = task_of(target).outputs(target)
        given = [
            self._output(
                spec.name,
                description.output,
                width=None if spec.names is None else len(spec.names),
                is_text=spec.datatype == "BYTES",
            )
            for spec in specs
        ]
        given += [self._output(name, "", width=width) for name, width in self.vectors.items()]
        besides = {name: value for name, (value, _width) in self._given.items()}
        return self._file({**{spec.name: values[spec.name] for spec in specs}, **besides}, given, description)

    def bare(self, value: str, *, kind: int) -> bytes:
        """A graph that gives only this value, [batch, values] of that kind, and says nothing of itself."""
        output = helper.make_tensor_value_info(value, kind, ["batch", "values"])
        graph = helper.make_graph(self._nodes, "part", self._inputs, [output], self._constants)
        return bytes(_in_oldest_format(graph).SerializeToString())

    def _output(self, name: str, text: str, *, width: int | None, is_text: bool = False) -> Any:
        kind = TensorProto.STRING if is_text else TensorProto.DOUBLE
        shape = ["batch"] if width is None else ["batch", width]
        return helper.make_tensor_value_info(name, kind, shape, doc_string=text)

    def _file(self, values: Mapping[str, str], given: list[Any], description: Description) -> bytes:
        """The file, checked by onnx and in the oldest version of the format that can say it."""
        self._nodes += [helper.make_node("Identity", [value], [output]) for output, value in values.items()]
        for entry in self._inputs:
            entry.doc_string = description.inputs.get(entry.name, "")
        graph = helper.make_graph(self._nodes, "model", self._inputs, given, self._constants)
        model = _in_oldest_format(graph)
        _describe(model, description)
        return bytes(model.SerializeToString(deterministic=True))

    def _fresh(self, stem: str) -> str:
        # Names of inputs are column names, which never hold a dot.
        self._node_count += 1
        return f"{stem}.{self._node_count}"


def _is_within(columns: Sequence[str], names: Sequence[str]) -> bool:
    """Whether these columns stand in this order among the names."""
    start = names.index(columns[0]) if columns[0] in names else len(names)
    return tuple(names[start : start + len(columns)]) == tuple(columns)


def _in_oldest_format(graph: Any) -> Any:
    """Raises what onnx says of the newest format when none of them will do."""
    uses_ml, uses_runtime = ({domain} & {node.domain for node in graph.node} for domain in (ML_DOMAIN, RUNTIME_DOMAIN))
    for _release, ir_version, opset, ml_opset, *_training in FORMATS:
        opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(ML_DOMAIN, ml_opset)] if uses_ml else [])
        opsets += [helper.make_opsetid(RUNTIME_DOMAIN, 1)] if uses_runtime else []
        model = helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)
        try:
            onnx.checker.check_model(model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            refusal = error
        else:
            return model
    raise refusal


def _describe(model: Any, description: Description) -> None:
    model.producer_name, model.producer_version = description.producer
    model.model_version, model.doc_string = description.number, description.text
    helper.set_model_props(model, dict(description.metadata))
