"""Which columns the lake holds, and how it names their types. Everything that comes in is converted to these few types,
so that SQL, the point-in-time join and the online store never meet a column they cannot hold exactly."""

import re
from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from core.foundation.errors import Invalid
from core.foundation.text import _

if TYPE_CHECKING:
    import pyarrow as pa

NAMES = {
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "date32[day]": "DATE",
    "timestamp[us]": "TIMESTAMP",
    "timestamp[us, tz=UTC]": "TIMESTAMP WITH TIME ZONE",
}
DECIMAL = re.compile(r"DECIMAL\((\d{1,2}),\s*(\d{1,2})\)")
# The engine knows decimals of at most so many digits.
MOST_DIGITS = 38
MOST_COLUMNS, LONGEST_NAME = 2000, 200
# So many changed names are said in a sentence.
NAMED = 5
NUMBERS = {name for arrow, name in NAMES.items() if arrow.startswith(("int", "uint", "float", "double"))}
# What images of a training set are decoded to.
PIXELS = "BLOB"
TEXT = NAMES["string"]
INSTANT = NAMES["timestamp[us, tz=UTC]"]
MOMENTS = (INSTANT, NAMES["timestamp[us]"])


def type_name(data_type: "pa.DataType") -> str:
    """The DuckDB name of a type that `normalized` has let through, or of pixels or vectors."""
    import pyarrow as pa

    if pa.types.is_fixed_size_binary(data_type):
        return PIXELS
    if pa.types.is_list(data_type) or pa.types.is_fixed_size_list(data_type):
        return f"{type_name(data_type.value_type)}[]"
    if pa.types.is_decimal(data_type):
        return f"DECIMAL({data_type.precision},{data_type.scale})"
    return NAMES[str(data_type)]


def is_number(name: str) -> bool:
    """Whether the DuckDB type of that name is one of numbers that the lake holds."""
    return name in NUMBERS or DECIMAL.fullmatch(name) is not None


def is_text(name: str) -> bool:
    """Whether a column of the DuckDB type of that name has texts: all that are of no other type of the lake."""
    return name == TEXT or not (name in NAMES.values() or is_number(name))


def normalized(table: "pa.Table") -> "pa.Table":
    """The table with every column in a type of the lake: instants in UTC microseconds, dictionaries as their values.
    Raises Invalid for nested and binary columns, and where a time is finer than a microsecond (it would have to be
    rounded, and rounding moves a value in time)."""
    import pyarrow as pa

    columns = [_normalized(table.column(name), name) for name in table.column_names]
    return pa.table(columns, names=table.column_names)


def normal_schema(schema: "pa.Schema") -> "pa.Schema":
    """The columns of `normalized`."""
    import pyarrow as pa

    return pa.schema([(field.name, _target(field.type, field.name)) for field in schema])


class ColumnNames(NamedTuple):
    """The names of columns, and for those that were changed what they were before."""

    names: tuple[str, ...]
    changed: dict[str, str]

    @property
    def words(self) -> list[str]:
        """What was changed, where anything was."""
        if not self.changed:
            return []
        pairs = [f"{before[:40]!r} → {after!r}" for after, before in self.changed.items()]
        more = [_("and {n} more").format(n=len(pairs) - NAMED)] if len(pairs) > NAMED else []
        sentence = _("Names that cannot be columns were changed: {names}.")
        return [sentence.format(names=", ".join([*pairs[:NAMED], *more]))]


def column_names(given: Sequence[str]) -> ColumnNames:
    """Every column has a name of its own, on one line; SQL does not tell `Id` from `id`, so neither does this. Names
    that cannot be are changed, the others stay as they are."""
    if len(given) > MOST_COLUMNS:
        raise Invalid(_("More than {most} columns").format(most=MOST_COLUMNS), field="content")
    reserved = {name.casefold() for name in given if _can_be(name)}
    names: dict[str, str] = {}
    used: set[str] = set()
    for position, before in enumerate(given, start=1):
        after = before if _can_be(before) else _on_one_line(before) or f"column_{position}"
        if after.casefold() in (used if after == before else reserved):
            after = next(new for new in (f"{after}_{n}" for n in count(2)) if new.casefold() not in reserved)
        reserved.add(after.casefold())
        used.add(after.casefold())
        names[after] = before
    return ColumnNames(tuple(names), {after: before for after, before in names.items() if after != before})


def _can_be(name: str) -> bool:
    return bool(name.strip()) and len(name) <= LONGEST_NAME and name.isprintable()


def _on_one_line(name: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(plain.split())[: LONGEST_NAME - 10].strip()


def name_columns() -> str:
    return _("The first line names every column, each by a name of its own.")


def refusal_of_type(name: str, given: str) -> Invalid:
    return Invalid(
        _("Column {name} is {type}, which a table of the lake cannot hold").format(name=repr(name), type=given),
        hint=_("Use numbers, text, true and false, dates and times. Structs can be flattened; spread lists over rows."),
        field="content",
    )


def _normalized(column: "pa.ChunkedArray", name: str) -> "pa.ChunkedArray":
    import pyarrow as pa

    target = _target(column.type, name)
    try:
        values = column if column.type == target else column.cast(target)
        if target == pa.string():
            _refuse_nul(values, name)
        return values
    except pa.ArrowInvalid as error:
        is_decimal = pa.types.is_decimal(target)
        raise Invalid(
            _("Column {name} has values that {type} cannot hold exactly").format(
                name=repr(name), type=type_name(target)
            ),
            hint=_("Send the column as text.") if is_decimal else _("Round times to microseconds before the upload."),
            field="content",
        ) from error


def _refuse_nul(texts: "pa.ChunkedArray", name: str) -> None:
    """Of a text with a NUL in it, databases and models see another part each."""
    import pyarrow.compute as pc

    if pc.any(pc.match_substring(texts, "\0")).as_py():
        raise Invalid(_("Column {name} has a text with a NUL in it").format(name=repr(name)), field="content")


def _target(given: "pa.DataType", name: str) -> "pa.DataType":
    import pyarrow as pa

    if pa.types.is_dictionary(given):
        return _target(given.value_type, name)
    if pa.types.is_decimal(given):
        return _decimal(given, name)
    if str(given) in NAMES:
        return given
    for recognized, target in _conversions(given):
        if recognized(given):
            return target
    raise refusal_of_type(name, str(given))


def _decimal(given: "pa.DataType", name: str) -> "pa.DataType":
    """As many digits as the engine holds, for a type that has room for more: each value is checked to fit."""
    import pyarrow as pa

    if not 0 <= given.scale <= MOST_DIGITS:
        raise Invalid(
            _("Column {name} is {type}, which a table of the lake cannot hold").format(name=repr(name), type=given),
            hint=_("Use decimals of at most {most} digits, or send the column as text.").format(most=MOST_DIGITS),
            field="content",
        )
    return pa.decimal128(min(given.precision, MOST_DIGITS), given.scale)


def _conversions(given: "pa.DataType") -> "list[tuple[Callable[[pa.DataType], bool], pa.DataType]]":
    import pyarrow as pa

    zone = "UTC" if pa.types.is_timestamp(given) and given.tz else None
    return [
        (pa.types.is_timestamp, pa.timestamp("us", zone)),
        (pa.types.is_date, pa.date32()),
        (pa.types.is_large_string, pa.string()),
        (pa.types.is_string_view, pa.string()),
        (pa.types.is_null, pa.string()),
        (pa.types.is_float16, pa.float32()),
    ]
