"""Runs an assembled file on rows, as the server does: one thread, the CPU, a part of the rows at a time."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid, without_folders
from core.foundation.text import _
from core.registry.foreign.values import TensorMapping

if TYPE_CHECKING:
    from core.registry.foreign.examples import Array

ROWS_AT_ONCE = 4_096
ERRORS_ONLY = 3


def answers_of(content: bytes, columns: "dict[str, Array]", *, mapping: TensorMapping) -> "dict[str, Array]":
    """What the file answers for each row, by name. Raises Invalid where the runtime cannot load it, or fails."""
    import numpy as np

    fed = _fed(columns, mapping)
    names = [answer.name for answer in mapping.answers]
    session = session_of(content)
    parts = [_run(session, names, part) for part in _parts(fed)]
    rows = len(next(iter(fed.values())))
    answers = {name: np.concatenate([part[at] for part in parts]) for at, name in enumerate(names)}
    for answer, values in zip(mapping.answers, answers.values(), strict=True):
        if len(values) != rows:
            message = _("The file gives {count} of {name} for {rows} rows")
            raise Invalid(
                message.format(count=len(values), name=repr(answer.tensor[:60]), rows=rows),
                hint=_("Choose another output, or export the file with a value of it for each row."),
                field="mapping",
            )
    return answers


def _fed(columns: "dict[str, Array]", mapping: TensorMapping) -> "dict[str, Array]":
    for column in mapping.columns():
        if column.name not in columns:
            raise Invalid(
                _("The example has no column {name}").format(name=repr(column.name[:60])),
                hint=_("It has: {names}.").format(names=", ".join(columns)[:500]),
                field="example",
            )
        is_text = columns[column.name].dtype == object
        if is_text != (column.kind == "text"):
            words = _("a text") if is_text else _("a number")
            message = _("The column {name} is {kind} in the example").format(name=repr(column.name[:60]), kind=words)
            raise Invalid(message, hint=_("The mapping says otherwise."), field="example")
    return _wide(columns, mapping) if mapping.is_wide else {name: columns[name] for name in _all_names(mapping)}


def _all_names(mapping: TensorMapping) -> tuple[str, ...]:
    return tuple(column.name for column in mapping.columns())


def _wide(columns: "dict[str, Array]", mapping: TensorMapping) -> "dict[str, Array]":
    import numpy as np

    wide = mapping.wide_columns.items()
    return {tensor: np.stack([columns[name] for name in names], axis=1) for tensor, names in wide}


def _parts(fed: "dict[str, Array]") -> "Iterator[dict[str, Array]]":
    rows = len(next(iter(fed.values())))
    for start in range(0, rows, ROWS_AT_ONCE):
        yield {name: values[start : start + ROWS_AT_ONCE] for name, values in fed.items()}


def session_of(content: bytes) -> Any:
    """Raises Invalid where the runtime cannot load it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # The runtime has no common class of its own; whatever it raises is about the file.
        raise Invalid(
            _("The runtime cannot load the file: {why}").format(why=_words(error)),
            hint=_("Export it with operators that onnxruntime has on a CPU."),
            field="content",
        ) from error


def _run(session: Any, names: list[str], fed: "dict[str, Array]") -> Any:
    try:
        return session.run(names, fed)
    except Exception as error:  # As above.
        raise Invalid(
            _("The file fails on the example: {why}").format(why=_words(error)),
            hint=_("Check the order and the kinds of the columns, and what stands for missing values."),
            field="example",
        ) from error


def _words(error: Exception) -> str:
    return without_folders(str(error).strip().partition("\n")[0])[:300]
