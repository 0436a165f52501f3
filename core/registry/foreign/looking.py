"""What somebody sees of a file before anything is decided: what it takes and gives, the columns of the example, and a
mapping to begin with. It is lenient where `proposing` is strict, for here a person looks at it and at its trial."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.text import _, significant
from core.registry.foreign.conversion import Sent, mapped
from core.registry.foreign.examples import read_table
from core.registry.foreign.proposing import filled, size_of
from core.registry.foreign.reading import read
from core.registry.foreign.targets import target_of
from core.registry.foreign.values import (
    Column,
    ExampleColumn,
    File,
    FileLook,
    FilledTensor,
    Tensor,
    TensorMapping,
)

if TYPE_CHECKING:
    from core.registry.foreign.examples import Array

FIRST, MOST_TEXTS = 3, 500
ABOUT_ANSWERS = ("label", "target", "expected", "predict", "proba", "score", "output", "class")


def look(content: bytes, sent: Sent) -> FileLook:
    """Raises Invalid for a file that cannot be served, and for an example with fewer columns than it takes."""
    _model, file = read(content)
    columns = read_table(sent.example, field="example") if sent.example is not None else None
    inputs = () if columns is None else tuple(_lenient(file, columns))
    shaped, mapping = mapped(content, columns, mapping=TensorMapping(inputs=inputs))
    used = {column.name for column in mapping.columns()}
    return FileLook(
        file=shaped,
        columns=tuple(_described(name, values) for name, values in (columns or {}).items()),
        mapping=mapping,
        task=target_of(mapping).task,
        unused=tuple(name for name in columns or {} if name not in used),
        rows=len(next(iter(columns.values()))) if columns else 0,
    )


def _lenient(file: File, columns: "Mapping[str, Array]") -> Iterator[FilledTensor]:
    """Columns by name, else in order; what seems to be an answer, and what is more than the file takes, is left over.
    Texts in the place of numbers get codes in the order of the alphabet, as most libraries give them."""
    by_name = {tensor.name for tensor in file.inputs if tensor.name in columns and size_of(tensor) in (1, None)}
    rest = [name for name in columns if name not in by_name and columns[name].ndim == 1]
    takers = [tensor for tensor in file.inputs if tensor.name not in by_name]
    known = sum(size_of(tensor) or 0 for tensor in takers)
    plain = [name for name in rest if not any(word in name.lower() for word in ABOUT_ANSWERS)]
    names = iter(plain if len(plain) >= known else rest)
    open_size = max(0, len(plain) - known)
    for tensor in file.inputs:
        size = 1 if tensor.name in by_name else size_of(tensor) or open_size
        chosen = [tensor.name] if tensor.name in by_name else list(islice(names, size))
        _refuse_few(tensor, chosen, size)
        yield _coded(tensor, filled(tensor, chosen, columns=columns), columns)


def _refuse_few(tensor: Tensor, chosen: Sequence[str], size: int) -> None:
    if len(chosen) < max(size, 1):
        raise Invalid(
            _("{tensor} takes {size} values a row, and the example has {count} columns for it").format(
                tensor=tensor.name, size=size or "n", count=len(chosen)
            ),
            hint=_("Send rows with every column that the model takes, as it was trained on them."),
            field="example",
        )


def _coded(tensor: Tensor, filling: FilledTensor, columns: "Mapping[str, Array]") -> FilledTensor:
    if tensor.datatype == "BYTES":
        return filling
    coded = (_with_codes(column, columns) if column.kind == "text" else column for column in filling.columns)
    return filling.model_copy(update={"columns": tuple(coded)})


def _with_codes(column: Column, columns: "Mapping[str, Array]") -> Column:
    texts = _texts(columns[column.name])
    return column.model_copy(update={"codes": {text: float(code) for code, text in enumerate(texts)}})


def _texts(values: "Array") -> tuple[str, ...]:
    return tuple(sorted({text for text in values.ravel().tolist() if text})[:MOST_TEXTS])


def _described(name: str, values: "Array") -> ExampleColumn:
    kind = "text" if values.dtype == object else "number"
    shown = (
        "—" if value != value else significant(value) if kind == "number" else str(value) for value in values[:FIRST]
    )
    first = tuple(shown) if values.ndim == 1 else (_("lists of {n}").format(n=values[0].size),)
    texts = _texts(values) if kind == "text" else ()
    return ExampleColumn(name=name, kind=kind, first=first, texts=texts)
