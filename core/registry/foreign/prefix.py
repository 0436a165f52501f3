"""The part in front of a model from elsewhere: named columns, one value a row each, or two wide tensors of them,
become the tensors that the file takes."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry.foreign.nodes import Nodes
from core.registry.foreign.reading import ELEMENT_TYPES, ML
from core.registry.foreign.values import Column, ColumnKind, File, FilledTensor, Tensor, TensorMapping
from core.registry.signature import NUMBERS, TEXTS

STRING, DOUBLE = ELEMENT_TYPES["BYTES"], ELEMENT_TYPES["FP64"]
FLOATS = frozenset({"FP16", "FP32", "FP64"})
# What fits each whole type, and a double can say exactly: a number beyond would come out as another one.
BOUNDS = {"INT8": 2**7, "UINT8": 2**8, "INT16": 2**15, "UINT16": 2**16, "INT32": 2**31, "UINT32": 2**32}
MOST_WHOLE = 2**53


class Prefix:
    """Writes the part. `inputs` are those of the new graph."""

    def __init__(self, nodes: Nodes, mapping: TensorMapping) -> None:
        self._nodes, self._mapping = nodes, mapping
        self._places = {kind: {name: at for at, name in enumerate(mapping.names(kind))} for kind in KINDS}

    def inputs(self) -> list[Any]:
        from onnx import helper

        if not self._mapping.is_wide:
            types = {"number": DOUBLE, "text": STRING}
            columns = self._mapping.columns()
            return [helper.make_tensor_value_info(entry.name, types[entry.kind], ["batch"]) for entry in columns]
        elements = {TEXTS: STRING, NUMBERS: DOUBLE}
        wide = self._mapping.wide_columns.items()
        return [helper.make_tensor_value_info(name, elements[name], ["batch", len(columns)]) for name, columns in wide]

    def write(self, file: File, *, rename: str) -> None:
        """The tensors of the file, under their names with `rename` in front."""
        tensors = {tensor.name: tensor for tensor in file.inputs}
        for filled in self._mapping.inputs:
            self._fill(tensors[filled.tensor], filled, output=rename + filled.tensor)

    def _fill(self, tensor: Tensor, filled: FilledTensor, *, output: str) -> None:
        nodes, columns = self._nodes, filled.columns
        is_text = tensor.datatype == "BYTES"
        _check_kinds(tensor, columns, is_text=is_text)
        value = self._table(columns, is_text=is_text)
        value = value if is_text else self._numbers(value, columns, datatype=tensor.datatype)
        sizes = _sizes(tensor, columns)
        shaped = nodes.node("Reshape", value, nodes.whole(-1, *sizes)) if len(sizes) != 1 else value
        if is_text:
            nodes.node("Identity", shaped, output=output)
        else:
            nodes.node("Cast", shaped, to=ELEMENT_TYPES[tensor.datatype], output=output)

    def _table(self, columns: Sequence[Column], *, is_text: bool) -> str:
        """The columns side by side, [batch, n], as doubles or texts."""
        if self._mapping.is_wide:
            return self._side_by_side(columns, is_text=is_text)
        nodes = self._nodes
        is_coded = not is_text
        values = [
            self._coded(entry.name, entry) if is_coded and entry.kind == "text" else entry.name for entry in columns
        ]
        # One below the other and turned: half the size of a node for each column, and faster.
        below = nodes.node("Concat", *values, axis=0) if len(values) > 1 else values[0]
        rows = nodes.node("Reshape", below, nodes.whole(len(values), -1))
        return nodes.node("Transpose", rows, perm=[1, 0])

    def _side_by_side(self, columns: Sequence[Column], *, is_text: bool) -> str:
        parts = [
            self._part(list(part), is_coded=kind == "text" and not is_text, kind=kind)
            for kind, part in groupby(columns, key=lambda column: column.kind)
        ]
        return self._nodes.node("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]

    def _part(self, columns: list[Column], *, is_coded: bool, kind: ColumnKind) -> str:
        nodes, places = self._nodes, [self._places[kind][column.name] for column in columns]
        source = NUMBERS if kind == "number" else TEXTS
        if is_coded:
            texts = [nodes.node("Gather", source, nodes.whole(place), axis=1) for place in places]
            codes = [self._coded(text, column) for text, column in zip(texts, columns, strict=True)]
            return nodes.node("Concat", *codes, axis=1) if len(codes) > 1 else codes[0]
        if places == list(range(len(self._places[kind]))):
            return source
        return nodes.node("Gather", source, nodes.whole(*places), axis=1)

    def _coded(self, text: str, column: Column) -> str:
        """The codes of texts, as doubles."""
        nan = float("nan")
        codes: dict[str, Any] = {
            "keys_strings": list(column.codes),
            "values_floats": list(column.codes.values()),
            "default_float": nan if column.default is None else column.default,
        }
        codes_of_texts = self._nodes.node("LabelEncoder", text, domain=ML, **codes)
        return self._nodes.node("Cast", codes_of_texts, to=DOUBLE)

    def _numbers(self, value: str, columns: Sequence[Column], *, datatype: str) -> str:
        """With what stands for missing numbers, and within what the type can say."""
        import numpy as np

        nodes = self._nodes
        missing = np.array([np.nan if column.missing is None else column.missing for column in columns])
        if datatype not in FLOATS:
            missing = np.nan_to_num(missing)
        if not np.isnan(missing).all():
            value = nodes.node("Where", nodes.node("IsNaN", value), nodes.constant(missing), value)
        if datatype in FLOATS or datatype == "BOOL":
            return value
        most = BOUNDS.get(datatype, MOST_WHOLE)
        least = 0 if datatype.startswith("U") else -most
        bounds = [nodes.constant(np.array(bound, dtype=np.float64)) for bound in (least, most - 1)]
        return nodes.node("Clip", value, *bounds)


KINDS: tuple[ColumnKind, ...] = ("number", "text")


def _check_kinds(tensor: Tensor, columns: Sequence[Column], *, is_text: bool) -> None:
    """Invalid where a column cannot become what the tensor takes."""
    for column in columns:
        if is_text and column.kind == "number":
            raise Invalid(
                _("{tensor} takes texts, and the column {name} is a number").format(
                    tensor=tensor.name, name=column.name
                ),
                hint=_("Send it as text, as in training."),
                field="mapping",
            )
        if not is_text and column.kind == "text" and not column.codes:
            raise Invalid(
                _("{tensor} takes numbers, and the column {name} is a text").format(
                    tensor=tensor.name, name=column.name
                ),
                hint=_("Give the code of each of its texts in the mapping, as in training."),
                field="mapping",
            )


def _sizes(tensor: Tensor, columns: Sequence[Column]) -> tuple[int, ...]:
    """Of a row. Invalid where there are more or fewer columns than it has values."""
    size = 1
    for dimension in tensor.shape:
        size *= dimension or len(columns)
    if size == len(columns):
        return tuple(dimension or len(columns) for dimension in tensor.shape)
    raise Invalid(
        _("{tensor} takes {size} values a row, and {count} columns are given").format(
            tensor=tensor.name, size=size, count=len(columns)
        ),
        hint=_("Name as many columns as it takes, in the order of training."),
        field="mapping",
    )
