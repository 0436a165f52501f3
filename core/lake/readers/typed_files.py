"""Files that carry their types: Parquet, Arrow and JSON lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.column_types import check_names, normal_schema, normalized
from core.lake.import_values import ImportChoices
from core.lake.readers.csv import check_rows
from core.lake.readers.table_stream import MOST_COLUMNS, ProgressCallback, Reading, ignore_progress, with_progress

if TYPE_CHECKING:
    import pyarrow as pa

MOST_UNPACKED = 64 * 2**30
MOST_JSON_BYTES = 512 * 2**20


def read_parquet(path: Path, choices: ImportChoices, *, on_progress: ProgressCallback = ignore_progress) -> Reading:
    """The table of a Parquet file, its page checksums verified where it has them."""
    import pyarrow.parquet as pq

    with _whole("Parquet"):
        file = pq.ParquetFile(path, page_checksum_verification=True)
        _check_unpacked(file.metadata)
        schema = file.schema_arrow
    return _reading(
        schema,
        file.iter_batches(),
        rows=file.metadata.num_rows,
        kind="Parquet",
        on_progress=on_progress,
        choices=choices,
    )


def read_arrow(path: Path, choices: ImportChoices, *, on_progress: ProgressCallback = ignore_progress) -> Reading:
    """The table of an Arrow file, which Feather is."""
    import pyarrow as pa

    with _whole("Arrow"):
        file = pa.ipc.open_file(pa.OSFile(str(path)))
        rows = sum(file.get_batch(index).num_rows for index in range(file.num_record_batches))
    batches = (file.get_batch(index) for index in range(file.num_record_batches))
    return _reading(file.schema, batches, rows=rows, kind="Arrow", on_progress=on_progress, choices=choices)


def read_arrow_stream(
    path: Path, choices: ImportChoices, *, on_progress: ProgressCallback = ignore_progress
) -> Reading:
    """The table of an Arrow stream; one that was cut off is refused."""
    import pyarrow as pa

    with _whole("Arrow"):
        with pa.ipc.open_stream(pa.OSFile(str(path))) as counted:
            rows = sum(batch.num_rows for batch in counted)
        stream = pa.ipc.open_stream(pa.OSFile(str(path)))
    return _reading(stream.schema, stream, rows=rows, kind="Arrow", on_progress=on_progress, choices=choices)


def read_json_lines(path: Path, choices: ImportChoices, *, on_progress: ProgressCallback = ignore_progress) -> Reading:
    """The table of a file with one JSON object on each line. A column is what all of its values fit, so the whole file
    is looked at in one piece; that bounds its size."""
    import pyarrow as pa
    import pyarrow.json as arrow_json

    size = path.stat().st_size
    if size > MOST_JSON_BYTES:
        most = MOST_JSON_BYTES // 2**20
        raise Invalid(
            _("JSON lines of more than {most} MB").format(most=most), hint=_("Send Parquet."), field="content"
        )
    on_progress(0.0, _("Reading rows"))
    try:
        table = arrow_json.read_json(path, read_options=arrow_json.ReadOptions(block_size=size + 1))
    except pa.ArrowInvalid as error:
        raise Invalid(
            _("The JSON lines cannot be read: {why}").format(why=str(error)[:200]),
            hint=_("Every line is one object, and a name has values of one kind."),
            field="content",
        ) from error
    return _reading(
        table.schema, table.to_batches(), rows=table.num_rows, kind="JSON", on_progress=on_progress, choices=choices
    )


def _reading(
    schema: "pa.Schema", batches: Any, *, rows: int, kind: str, on_progress: ProgressCallback, choices: ImportChoices
) -> Reading:
    import pyarrow as pa

    flat, said = _flat(schema.empty_table(), choices)
    if len(flat.schema) > MOST_COLUMNS:
        raise Invalid(_("More than {most} columns").format(most=MOST_COLUMNS), field="content")
    check_names(flat.schema.names)
    check_rows(rows, 0)

    def parts() -> "Iterator[pa.Table]":
        with _whole(kind):
            for batch in batches:
                yield normalized(_flat(pa.Table.from_batches([batch]), choices)[0])

    found = with_progress(parts(), rows=rows, on_progress=on_progress, stage=_("Reading rows"))
    return Reading(normal_schema(flat.schema), found, choices=said)


def _flat(table: "pa.Table", choices: ImportChoices) -> "tuple[pa.Table, list[str]]":
    """The table with the fields of structs as columns, where that was chosen."""
    import pyarrow as pa

    said = []
    while choices.flatten and any(pa.types.is_struct(field.type) for field in table.schema):
        said += [
            _("The fields of {name} became columns.").format(name=field.name)
            for field in table.schema
            if pa.types.is_struct(field.type)
        ]
        table = table.flatten()
    return table, said


@contextmanager
def _whole(kind: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise Invalid(
            _("The {kind} file is damaged").format(kind=kind),
            hint=_("Write it again and send it whole."),
            field="content",
        ) from error


def _check_unpacked(metadata: Any) -> None:
    unpacked = sum(metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups))
    if unpacked > MOST_UNPACKED:
        most = MOST_UNPACKED // 2**30
        raise Invalid(_("The file unpacks to more than {most} GB").format(most=most), field="content")
    if metadata.num_columns > MOST_COLUMNS:
        raise Invalid(_("More than {most} columns").format(most=MOST_COLUMNS), field="content")
