"""Batches of rows that carry their types, as Parquet, Arrow and JSON lines give them, in the types of the lake."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.column_types import column_names, normal_schema, normalized
from core.lake.import_values import ImportChoices
from core.lake.readers.row_count import check_rows
from core.lake.readers.table_stream import ProgressCallback, Reading, with_progress

if TYPE_CHECKING:
    import pyarrow as pa


def typed_reading(
    schema: "pa.Schema", batches: Any, *, rows: int, kind: str, on_progress: ProgressCallback, choices: ImportChoices
) -> Reading:
    import pyarrow as pa

    flat, sentences = _flat(schema.empty_table(), choices)
    names = column_names(flat.schema.names)
    flat = flat.rename_columns(names.names)
    check_rows(rows, 0)

    def parts() -> "Iterator[pa.Table]":
        with whole_file(kind):
            for batch in batches:
                # What a file says of where its texts begin and end may lead out of it.
                batch.validate(full=True)
                yield normalized(_flat(pa.Table.from_batches([batch]), choices)[0].rename_columns(names.names))

    tables = with_progress(parts(), rows=rows, on_progress=on_progress, stage=_("Reading rows"))
    choices_made = [*names.words, *sentences]
    return Reading(normal_schema(flat.schema), tables, choices=choices_made, renamed=names.changed)


def _flat(table: "pa.Table", choices: ImportChoices) -> "tuple[pa.Table, list[str]]":
    """The table with the fields of structs as columns, where that was chosen."""
    import pyarrow as pa

    sentences = []
    while choices.flatten and any(pa.types.is_struct(field.type) for field in table.schema):
        sentences += [
            _("The fields of {name} became columns.").format(name=field.name)
            for field in table.schema
            if pa.types.is_struct(field.type)
        ]
        table = table.flatten()
    return table, sentences


@contextmanager
def whole_file(kind: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise Invalid(
            _("The {kind} file is damaged").format(kind=kind),
            hint=_("Write it again and send it whole."),
            field="content",
        ) from error
