"""What stands in the column of a label, whatever its type: names, numbers, or lists of names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.text import _, thousands
from core.tasks.measures.checks import LARGEST_NUMBER
from core.tasks.predictions import Array

if TYPE_CHECKING:
    import pyarrow as pa

MOST_CLASSES, LONGEST_NAME = 10_000, 200
SHOWN = 3


def refuse_missing(column: pa.ChunkedArray) -> None:
    """Invalid when a label is missing; what is not a number is missing too."""
    import pyarrow.compute as pc

    missing = pc.sum(column.is_null(nan_is_null=True)).as_py() or 0
    if missing:
        text = _("every label is missing") if missing == len(column) else _("labels are missing in {n} rows")
        raise Invalid(text.format(n=missing), field="label")


def different(column: pa.ChunkedArray) -> pa.Array:
    """The values there are, without those that are missing."""
    import pyarrow.compute as pc

    return pc.unique(_plain(column).filter(pc.invert(column.is_null(nan_is_null=True))))


def is_nested(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_nested(column.type))


def is_list(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(check(column.type) for check in kinds)


def is_named(column: pa.ChunkedArray) -> bool:
    """Whether its values are texts, yes or no."""
    import pyarrow as pa

    kind = _plain(column).type
    return any(check(kind) for check in (pa.types.is_string, pa.types.is_large_string, pa.types.is_boolean))


def is_numeric(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    kind = column.type
    return any(check(kind) for check in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal))


def texts_in(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Its values as texts: 12 is "12", as 12.0 is, and true is "true". Invalid when one of them cannot be the name of a
    class."""
    import pyarrow as pa
    import pyarrow.compute as pc

    refuse_missing(column)
    if is_nested(column) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        raise Invalid(_("the labels are no names: they are of the type {kind}").format(kind=column.type), field="label")
    texts = _plain(column).cast("string")
    if len(texts) and pc.min(pc.utf8_length(texts)).as_py() == 0:
        raise Invalid(_("a label is an empty text"), field="label")
    if len(texts) and pc.max(pc.utf8_length(texts)).as_py() > LONGEST_NAME:
        message = _("a label is a text of more than {n} characters, which names no class").format(n=LONGEST_NAME)
        raise Invalid(message, field="label")
    return texts


def classes_in(column: pa.ChunkedArray) -> tuple[str, ...]:
    """The names of its classes: numbers by their size, texts by the alphabet. Invalid when they are too many, or one
    has a single row, from which nothing can be both learned and judged."""
    import pyarrow.compute as pc

    texts = texts_in(column)
    counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(texts).to_pylist()}
    refuse_too_many(len(counts))
    rare = sorted(name for name, rows in counts.items() if rows == 1)
    if rare:
        raise Invalid(
            _("one row only has the label {names}").format(names=enumerated(rare)),
            hint=_("Leave such rows out, or join their class with another one: some rows teach, others judge."),
            field="label",
        )
    values = different(column)
    return tuple(dict.fromkeys(values.take(pc.sort_indices(values)).cast("string").to_pylist()))


def lists_in(column: pa.ChunkedArray) -> tuple[Array, pa.ChunkedArray]:
    """Every value in the lists, with the place of its row. Invalid when they are no lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    refuse_missing(column)
    if not is_list(column):
        message = _("the labels are no lists: they are of the type {kind}").format(kind=column.type)
        raise Invalid(message, field="label")
    lists = column.combine_chunks()
    return pc.list_parent_indices(lists).to_numpy(), pa.chunked_array([pc.list_flatten(lists)])


def refuse_too_many(classes: int) -> None:
    if classes > MOST_CLASSES:
        raise Invalid(
            _("the labels have {n} different values, and {most} classes is the most").format(
                n=thousands(classes), most=thousands(MOST_CLASSES)
            ),
            hint=_("Predict a number, or join rare classes."),
            field="label",
        )


def enumerated(names: Sequence[str]) -> str:
    """The first few of them."""
    shown = ", ".join(names[:SHOWN])
    return _("{names} and {n} more").format(names=shown, n=len(names) - SHOWN) if len(names) > SHOWN else shown


def codes_of(texts: pa.ChunkedArray, *, classes: Sequence[str]) -> Array:
    """int64: the place of each text among the classes. Invalid names one that is none of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places = pc.index_in(texts, value_set=pa.array(classes, "string"))
    if places.null_count:
        unknown = pc.unique(texts.filter(places.is_null())).to_pylist()
        raise Invalid(_("the model knows no class {names}").format(names=enumerated(unknown)), field="label")
    return places.to_numpy().astype("int64")


def numbers_in(column: pa.ChunkedArray) -> Array:
    """float64. Invalid when they are no numbers, or none that can be squared."""
    import numpy as np
    import pyarrow as pa

    refuse_missing(column)
    if not (is_numeric(column) or pa.types.is_boolean(column.type)):
        message = _("the labels are no numbers: they are of the type {kind}").format(kind=column.type)
        raise Invalid(message, field="label")
    numbers = column.cast("float64").to_numpy()
    if not (np.abs(numbers) < LARGEST_NUMBER).all():
        raise Invalid(_("a label is infinite, or too large to reckon with"), field="label")
    return numbers


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Without the dictionary that its values may be kept in."""
    import pyarrow as pa

    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
