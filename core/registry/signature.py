"""What a model file takes and gives, in the words of the Open Inference Protocol: tensors with a name, a datatype and a
shape whose first dimension is the rows. What is not said is left out of the JSON, so that the digests of versions with
one value a row stay what they were."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Literal

from pydantic import Field, model_validator

from core.foundation.text import _
from core.foundation.values import Value
from core.lake.images.values import ImageInput
from core.tasks.kinds.binary import OUTPUT
from core.tasks.values import Target

Datatype = Literal[
    "BOOL",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "FP16",
    "FP32",
    "FP64",
    "BYTES",
]
# What numpy calls them where it is not the same word in small letters.
DTYPES = {"BYTES": "object", "FP16": "float16", "FP32": "float32", "FP64": "float64"}
# The rows of a request, or a dimension that differs from one request to the next.
ANY = -1
# `session.run` is quadratic in the number of inputs: a file of more columns takes one tensor of its numbers and one of
# its texts.
MOST_INPUTS = 256
PIXELS_OF_CELL = 16
NUMBERS, TEXTS = "numbers", "texts"


def is_wide(columns: int) -> bool:
    return columns > MOST_INPUTS


def dtype_of(datatype: Datatype) -> str:
    """The datatype as numpy calls it."""
    return DTYPES.get(datatype, datatype.lower())


class TensorSpec(Value):
    """A tensor that an ONNX file takes or gives; BYTES are texts. A wide one, [-1, k], has the names of its `columns`:
    whoever asks by name need not know that they lie in one tensor. `image` says what made these pixels of a file."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...] = Field(default=(ANY,), exclude_if=lambda shape: shape == (ANY,))
    columns: tuple[str, ...] = Field(default=(), exclude_if=lambda columns: not columns)
    image: ImageInput | None = Field(default=None, exclude_if=lambda image: image is None)

    @model_validator(mode="after")
    def _is_a_tensor_of_rows(self) -> "TensorSpec":
        if self.shape[:1] != (ANY,) or any(size < 1 and size != ANY for size in self.shape):
            raise ValueError(_("the shape of {name} must begin with -1, the rows").format(name=self.name))
        if self.columns and (self.row != (len(self.columns),) or len(set(self.columns)) < len(self.columns)):
            raise ValueError(_("{name} has other columns than its shape says").format(name=self.name))
        if self.image and (self.datatype != "UINT8" or self.row != self.image.shape):
            raise ValueError(_("{name} is no tensor of such images").format(name=self.name))
        return self

    @classmethod
    def of_image(cls, name: str, image: ImageInput) -> "TensorSpec":
        return cls(name=name, datatype="UINT8", shape=(ANY, *image.shape), image=image)

    @property
    def dtype(self) -> str:
        return dtype_of(self.datatype)

    @property
    def row(self) -> tuple[int, ...]:
        """The shape of one row; empty for a single value."""
        return self.shape[1:]

    @property
    def values(self) -> int:
        """How many values a row has; 0 where that differs."""
        return 0 if ANY in self.row else prod(self.row)

    @property
    def cells(self) -> int:
        """How much a row weighs beside one of plain values: a pixel is a small number, and comes by the thousand."""
        return -(-self.values // PIXELS_OF_CELL) if self.image else self.values

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that fill the tensor; none where only a whole tensor can."""
        return self.columns or ((self.name,) if self.image or not self.row else ())


class Signature(Value):
    """What the ONNX file takes and gives, and what it predicts. `outputs` are left out where there is only `output`,
    one FP64 a row; with more of them it is the first."""

    inputs: tuple[TensorSpec, ...]
    output: str = OUTPUT
    outputs: tuple[TensorSpec, ...] = Field(default=(), exclude_if=lambda outputs: not outputs)
    target: Target = Field(default=Target(), exclude_if=lambda target: target == Target())

    @model_validator(mode="after")
    def _names_each_once(self) -> "Signature":
        inputs, outputs = [spec.name for spec in self.inputs], [spec.name for spec in self.outputs]
        filled = [name for spec in self.inputs for name in spec.names]
        if any(len(set(names)) < len(names) for names in (inputs, outputs, filled)):
            raise ValueError(_("a name stands for two tensors or columns"))
        if outputs and self.output != outputs[0]:
            raise ValueError(_("the output is the first of the outputs"))
        return self

    @property
    def gives(self) -> tuple[TensorSpec, ...]:
        return self.outputs or (TensorSpec(name=self.output, datatype="FP64"),)

    @property
    def columns(self) -> dict[str, Datatype]:
        """By name the columns that callers may fill, in the order of the inputs."""
        return {name: spec.datatype for spec in self.inputs for name in spec.names}

    @property
    def filled(self) -> dict[str, Datatype]:
        """By name the columns of rows that fill it: the lists of a column are a whole tensor."""
        return {name: spec.datatype for spec in self.inputs for name in spec.names or (spec.name,)}

    def describes(self, graph: "Signature") -> bool:
        """Whether this says of a file what its graph says, which knows no names of columns, nor
        where pixels come from."""
        unnamed = {"columns": (), "image": None}
        takes, gives = ({spec.model_copy(update=unnamed) for spec in specs} for specs in (self.inputs, self.gives))
        return takes == set(graph.inputs) and self.output == graph.output and gives == set(graph.gives)

    def with_columns(self, columns: Mapping[str, tuple[str, ...]]) -> "Signature":
        """With the names of the columns in wide tensors."""
        inputs = (spec.model_copy(update={"columns": columns.get(spec.name, spec.columns)}) for spec in self.inputs)
        return self.model_copy(update={"inputs": tuple(inputs)})

    @classmethod
    def of_columns(
        cls, texts: Sequence[str], numbers: Sequence[str], *, tensors: Sequence[TensorSpec] = ()
    ) -> "Signature":
        """That of a file of ours: an input for each column, or for many of them a tensor of texts and one of
        numbers; and behind them the `tensors` whose rows have several values."""
        if not is_wide(len(texts) + len(numbers)):
            plain = [TensorSpec(name=name, datatype="BYTES") for name in texts]
            return cls(inputs=(*plain, *(TensorSpec(name=name, datatype="FP64") for name in numbers), *tensors))
        wide: tuple[tuple[str, Datatype, Sequence[str]], ...] = ((TEXTS, "BYTES", texts), (NUMBERS, "FP64", numbers))
        blocks = (
            TensorSpec(name=name, datatype=datatype, shape=(ANY, len(columns)), columns=tuple(columns))
            for name, datatype, columns in wide
            if columns
        )
        return cls(inputs=(*blocks, *tensors))

    @classmethod
    def of(cls, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> "Signature":
        """Written as shortly as it can be."""
        plain = cls(inputs=inputs, output=outputs[0].name)
        return plain if plain.gives == outputs else cls(inputs=inputs, output=plain.output, outputs=outputs)
