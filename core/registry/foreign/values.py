"""What a file from elsewhere takes and gives, how named columns become its tensors and its tensors answers, and how
its answers compare with those of the library that it was converted from."""

from typing import Annotated, Literal

from pydantic import Field

from core.foundation.text import N_
from core.foundation.values import Value
from core.registry.signature import NUMBERS, TEXTS, is_wide

# What an answer is, for whoever judges it: the probability of one class or of all of them, the name of a class, a
# number that is predicted, one that orders, or several numbers.
Role = Literal["probability", "probabilities", "label", "value", "score", "values"]
# The columns of an example that hold what the original library answered, by the answer's name.
Compared = Annotated[
    dict[str, Annotated[tuple[str, ...], Field(min_length=1, max_length=10_000)]], Field(max_length=1_000)
]
Activation = Literal["none", "sigmoid", "softmax"]
ColumnKind = Literal["number", "text"]
TensorName = Annotated[str, Field(min_length=1, max_length=500)]
NOT_COMPARED = N_("Not compared with its source")
MOST_WORST = 20


class Tolerance(Value):
    """How far an answer may be from what is expected: so much, and so much for each unit of what is expected. Classes
    must be the same."""

    absolute: Annotated[float, Field(ge=0, le=1e6)] = 1e-4
    relative: Annotated[float, Field(ge=0, le=1)] = 1e-4


class Tensor(Value):
    """An input or output of a file: its data type in the words of the Open Inference Protocol, the sizes of a row (None
    where any will do), and the classes that an output is about, where the file names them."""

    name: str
    datatype: str
    shape: tuple[int | None, ...] = ()
    classes: tuple[str, ...] = ()


class File(Value):
    """What a file takes and gives."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class Column(Value):
    """A named column as callers send it. A text that stands where the file takes numbers has a code for each text that
    is known, and `default` for any other. `missing` stands for a missing number. None is left to the file, as NaN."""

    name: TensorName
    kind: ColumnKind = "number"
    codes: dict[str, float] = Field(default_factory=dict)
    default: float | None = None
    missing: float | None = None


class FilledTensor(Value):
    """An input of the file with the columns that fill it, in order."""

    tensor: TensorName
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=100_000)]


class Answer(Value):
    """An output of the version and the output of the file that it comes from. Answers that are called as the outputs of
    a task make a version of that task. `activation` is for files that give
    logits, `classes` are in the order of the file, and `positive` says which of them a probability is of."""

    name: TensorName
    tensor: TensorName
    role: Role
    activation: Activation = "none"
    classes: Annotated[tuple[str, ...], Field(max_length=100_000)] = ()
    positive: int = 1


class TensorMapping(Value):
    """How named columns become the tensors of a file, and its outputs the answers of a version. An empty side is one
    that is left to be proposed."""

    inputs: Annotated[tuple[FilledTensor, ...], Field(max_length=10_000)] = ()
    answers: Annotated[tuple[Answer, ...], Field(max_length=1_000)] = ()

    def columns(self) -> tuple[Column, ...]:
        """Every column once, in the order in which the file takes them first."""
        known: dict[str, Column] = {}
        for tensor in self.inputs:
            for column in tensor.columns:
                known.setdefault(column.name, column)
        return tuple(known.values())

    def names(self, kind: ColumnKind) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns() if column.kind == kind)

    @property
    def wide_columns(self) -> dict[str, tuple[str, ...]]:
        """The names of the columns in each wide tensor; empty where each column is an input of its own."""
        sides = {TEXTS: self.names("text"), NUMBERS: self.names("number")}
        return {side: names for side, names in sides.items() if names} if self.is_wide else {}

    @property
    def is_wide(self) -> bool:
        """Whether columns come as one tensor of numbers and one of texts."""
        return is_wide(len(self.columns()))


class Difference(Value):
    """A cell of the example in which the file and its source differ. `row` counts from 0; a number that is none is
    None."""

    row: int
    answer: str
    expected: float | str | None
    given: float | str | None


class ConversionReport(Value):
    """The content of CONVERSION evidence: an example through the file, each answer beside that of the original library.
    `above` is the share of rows with an answer further off than the tolerance; `worst` begins with the worst."""

    rows: int
    answers: tuple[str, ...]
    largest_difference: float
    above: float
    worst: tuple[Difference, ...]
    tolerance: Tolerance
    source: str = ""


class ExampleColumn(Value):
    """A column of an example with its `first` values as people read them, and of texts the different ones."""

    name: str
    kind: ColumnKind
    first: tuple[str, ...]
    texts: tuple[str, ...] = ()


class FileLook(Value):
    """A file before anything is decided: what it takes and gives, the columns of the example, the mapping to begin
    with, the task that its answers would be of, and the columns that it leaves over."""

    file: File
    columns: tuple[ExampleColumn, ...]
    mapping: TensorMapping
    task: str
    unused: tuple[str, ...]
    rows: int


Cells = dict[str, tuple[float | str | None | tuple[float | str | None, ...], ...]]


class Trial(Value):
    """A file tried on an example: what it takes and gives, the mapping that was used, and the answers for the first
    rows by name; None is a number that is none. `report` is there where answers were expected, which `expected` shows
    of the first rows."""

    file: File
    mapping: TensorMapping
    rows: int
    answers: Cells
    expected: Cells = Field(default_factory=dict)
    report: ConversionReport | None = None
