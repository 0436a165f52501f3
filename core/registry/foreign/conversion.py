"""A file from elsewhere becomes one that the portal serves: read, mapped, assembled, tried on an example and compared
with what the original library answers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry import onnx_safety
from core.registry.foreign.assembling import assemble
from core.registry.foreign.comparison import compare, plain
from core.registry.foreign.examples import read_table
from core.registry.foreign.proposing import PROBABILITY, proposed_answers, proposed_inputs, size_of
from core.registry.foreign.reading import read
from core.registry.foreign.trial import answers_of
from core.registry.foreign.values import (
    Answer,
    Column,
    File,
    FilledTensor,
    Role,
    Tensor,
    TensorMapping,
    Tolerance,
    Trial,
)
from core.registry.signature import ANY, Signature, TensorSpec

if TYPE_CHECKING:
    from core.registry.foreign.examples import Array

SHOWN_ROWS, SHAPING_ROWS = 20, 16


class Sent(NamedTuple):
    """What comes with a file: rows as bytes, where there are any, and what a person has decided."""

    example: bytes | None = None
    expected: bytes | None = None
    compared: Mapping[str, tuple[str, ...]] | None = None
    mapping: TensorMapping | None = None
    tolerance: Tolerance = Tolerance()
    source: str = ""


def convert(content: bytes, sent: Sent) -> tuple[bytes, Trial]:
    """The file that is served, which is the very same one where nothing has to be done, and how it does on the
    example. Raises Invalid."""
    columns = _inputs(sent)
    signature = _signature_as_it_is(content)
    if signature is not None and sent.mapping is None and _is_named(signature, columns):
        file, mapping, served = *_identity(signature), content
    else:
        file, mapping = mapped(content, columns, mapping=sent.mapping)
        served = assemble(read(content)[0], file, mapping=mapping)
    rows = columns or _one_row(mapping)
    answers = answers_of(served, rows, mapping=mapping)
    return served, _trial(file, mapping, answers, sent)


def _inputs(sent: Sent) -> "dict[str, Array] | None":
    """The columns of the example without those that are answers of the original library."""
    if sent.example is None:
        return None
    answers = {column for columns in (sent.compared or {}).values() for column in columns}
    table = read_table(sent.example, field="example")
    return {name: values for name, values in table.items() if name not in answers}


def _expected(sent: Sent) -> "dict[str, Array] | None":
    """What the original library answered: in a file of its own, or in columns of the example."""
    if sent.expected is not None:
        return read_table(sent.expected, field="expected")
    if not sent.compared or sent.example is None:
        return None
    table = read_table(sent.example, field="example")
    return {answer: _side_by_side(table, columns) for answer, columns in sent.compared.items()}


def _side_by_side(table: "dict[str, Array]", columns: tuple[str, ...]) -> "Array":
    """A column alone as it is; several are the numbers of a row."""
    import numpy as np

    if missing := [name for name in columns if name not in table]:
        raise Invalid(
            _("The example has no column {name}").format(name=repr(missing[0][:60])),
            hint=_("It has: {names}.").format(names=", ".join(table)[:500]),
            field="compared",
        )
    parts = [table[name] for name in columns]
    return parts[0] if len(parts) == 1 else np.stack(parts, axis=1)


def _trial(file: File, mapping: TensorMapping, answers: "dict[str, Array]", sent: Sent) -> Trial:
    expected = _expected(sent)
    if expected and sent.example is None:
        hint = _("Send the rows that they belong to.")
        raise Invalid(_("Answers are expected, and there is no example"), hint=hint, field="example")
    return Trial(
        file=file,
        mapping=mapping,
        rows=len(next(iter(answers.values()))) if sent.example is not None else 0,
        answers={name: tuple(_shown(row) for row in values[:SHOWN_ROWS]) for name, values in answers.items()},
        expected={name: tuple(_shown(row) for row in values[:SHOWN_ROWS]) for name, values in (expected or {}).items()},
        report=compare(answers, expected, mapping=mapping, tolerance=sent.tolerance, source=sent.source)
        if expected
        else None,
    )


def _shown(row: Any) -> Any:
    return tuple(plain(value) for value in row.ravel()) if hasattr(row, "ravel") and row.ndim else plain(row)


def _signature_as_it_is(content: bytes) -> Signature | None:
    """Of a file that takes texts and doubles by name and gives such; None of any other."""
    try:
        signature = onnx_safety.signature_of(content)
    except Invalid:
        return None
    is_by_name = not any(entry.row for entry in signature.inputs)
    datatypes = {entry.datatype for entry in (*signature.inputs, *signature.gives)}
    return signature if is_by_name and datatypes <= {"BYTES", "FP64"} else None


def _is_named(signature: Signature, columns: "dict[str, Array] | None") -> bool:
    """Whether the columns of the example are the inputs of the file."""
    return columns is None or all(entry.name in columns for entry in signature.inputs)


def _identity(signature: Signature) -> tuple[File, TensorMapping]:
    """Of a file that takes named columns already."""
    inputs = tuple(_tensor(entry) for entry in signature.inputs)
    filled = (
        FilledTensor(
            tensor=entry.name,
            columns=(Column(name=entry.name, kind="text" if entry.datatype == "BYTES" else "number"),),
        )
        for entry in inputs
    )
    outputs = (_tensor(entry) for entry in signature.gives)
    answers = (Answer(name=entry.name, tensor=entry.name, role=_role(entry)) for entry in signature.gives)
    return File(inputs=inputs, outputs=tuple(outputs)), TensorMapping(inputs=tuple(filled), answers=tuple(answers))


def _tensor(entry: TensorSpec) -> Tensor:
    return Tensor(
        name=entry.name, datatype=entry.datatype, shape=tuple(None if size == ANY else size for size in entry.row)
    )


def _role(entry: TensorSpec) -> Role:
    if entry.datatype == "BYTES":
        return "label"
    if entry.row:
        return "probabilities" if PROBABILITY in entry.name else "values"
    return "probability" if PROBABILITY in entry.name else "value"


def mapped(
    content: bytes, columns: "dict[str, Array] | None", *, mapping: TensorMapping | None
) -> tuple[File, TensorMapping]:
    """What the file gives in truth, for what it declares may leave sizes open, and the mapping: the one that is given,
    or a proposal."""
    model, file = read(content)
    given = mapping or TensorMapping()
    inputs = given.inputs or proposed_inputs(file, columns)
    raw = (
        Answer(name=f"{number}.", tensor=output.name, role="label" if _is_label(output) else "values")
        for number, output in enumerate(file.outputs)
    )
    plain_mapping = TensorMapping(inputs=inputs, answers=tuple(raw))
    rows = {name: values[:SHAPING_ROWS] for name, values in (columns or _one_row(plain_mapping)).items()}
    answers = answers_of(assemble(model, file, mapping=plain_mapping), rows, mapping=plain_mapping)
    file = file.model_copy(update={"outputs": tuple(_shaped(file, answers))})
    names = [column.name for column in plain_mapping.columns()]
    answers_given = given.answers or proposed_answers(file, columns=names)
    return file, TensorMapping(inputs=inputs, answers=answers_given)


def _is_label(output: Tensor) -> bool:
    """Whether it is a text a row."""
    return output.datatype == "BYTES" and size_of(output) == 1


def _shaped(file: File, answers: "dict[str, Array]") -> list[Tensor]:
    outputs = []
    for output, values in zip(file.outputs, answers.values(), strict=True):
        shape = tuple(values.shape[1:])
        has_classes = len(output.classes) == (shape[-1] if shape else 1)
        outputs.append(output.model_copy(update={"shape": shape, "classes": output.classes if has_classes else ()}))
    return outputs


def _one_row(mapping: TensorMapping) -> "dict[str, Array]":
    """A row of zeros and empty texts, where nobody gives an example."""
    import numpy as np

    return {
        column.name: np.array([""], dtype=object) if column.kind == "text" else np.zeros(1)
        for column in mapping.columns()
    }
