"""Columns in the types that a person chose instead of those that the bytes proposed."""

from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.column_types import DECIMAL, NAMES, type_name
from core.lake.import_values import ImportChoices

if TYPE_CHECKING:
    import pyarrow as pa


def casted_schema(schema: "pa.Schema", choices: ImportChoices) -> "pa.Schema":
    """The columns with the chosen types. Invalid for a column that is not there or a type that the lake does not
    have."""
    import pyarrow as pa

    missing = [
        name for name in (*choices.types, *choices.unfit, *choices.notations, *choices.key) if name not in schema.names
    ]
    if missing:
        raise Invalid(_("There is no column {name}").format(name=repr(missing[0][:60])), field="choices")
    return pa.schema([(item.name, chosen_type(choices, item.name) or item.type) for item in schema])


def cast_table(table: "pa.Table", choices: ImportChoices) -> "pa.Table":
    """Invalid names the first value that does not fit the type that was chosen for its column."""
    import pyarrow as pa

    if not choices.types:
        return table
    schema = casted_schema(table.schema, choices)
    return pa.table([_cast(table.column(item.name), item) for item in schema], schema=schema)


def cast_words(schema: "pa.Schema", choices: ImportChoices) -> list[str]:
    before = {item.name: type_name(item.type) for item in schema}
    sentence = _("{name} is {type}, as was chosen; its values proposed {before}.")
    return [
        sentence.format(name=name, type=chosen, before=before[name])
        for name, chosen in choices.types.items()
        if before[name] != chosen
    ]


def chosen_type(choices: ImportChoices, column: str) -> "pa.DataType | None":
    """The type that a person chose for a column. Invalid for one that the lake does not have."""
    import pyarrow as pa

    wanted = choices.types.get(column, "")
    if decimal := DECIMAL.fullmatch(wanted):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    return _by_name(wanted) if wanted else None


def _by_name(wanted: str) -> "pa.DataType":
    import pyarrow as pa

    moments = {"TIMESTAMP": pa.timestamp("us"), "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC")}
    names = {duckdb: arrow for arrow, duckdb in NAMES.items() if "[" not in arrow}
    plain = {name: pa.type_for_alias(alias) for name, alias in names.items()} | {"DATE": pa.date32()} | moments
    if wanted not in plain:
        raise Invalid(
            _("The lake has no type {name}").format(name=repr(wanted[:40])),
            hint=_("It has: {names}.").format(names=", ".join(plain)),
            field="choices.types",
        )
    return plain[wanted]


def _cast(column: "pa.ChunkedArray", target: "pa.Field") -> "pa.ChunkedArray":
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.type == target.type:
        return column
    text = pa.types.is_string(column.type)
    try:
        if pa.types.is_temporal(column.type) and pa.types.is_integer(target.type):
            raise pa.ArrowInvalid(_("a time is no number"))
        return pc.cast(pc.utf8_trim_whitespace(column) if text else column, target.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        kind = type_name(target.type)
        raise Invalid(
            _("{name} has values that are no {type}: {why}").format(name=target.name, type=kind, why=str(error)[:120]),
            hint=_("Choose another type for it, or name the texts that stand for nothing."),
            field="choices.types",
        ) from error
