"""JSON lines: one object on each line."""

from pathlib import Path

from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.lake.readers.reader import FileReader, Workspace
from core.lake.readers.table_stream import Reading
from core.lake.readers.typed_batches import typed_reading

MOST_JSON_BYTES = 512 * 2**20


class JsonLinesReader(FileReader):
    """A table as text with one JSON object on each line; the names of its values are the columns."""

    name = "JSON lines"
    title = N_("JSON lines")
    suffixes = (".jsonl", ".ndjson", ".json")
    choices = ("flatten",)

    @classmethod
    def recognizes(cls, start: bytes) -> bool:
        return start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")

    def read(self, path: Path, workspace: Workspace) -> Reading:
        """A column is what all of its values fit, so the whole file is looked at in one piece; that bounds its size."""
        import pyarrow as pa
        import pyarrow.json as arrow_json

        size = path.stat().st_size
        if size > MOST_JSON_BYTES:
            most = MOST_JSON_BYTES // 2**20
            raise Invalid(
                _("JSON lines of more than {most} MB").format(most=most), hint=_("Send Parquet."), field="content"
            )
        workspace.on_progress(0.0, _("Reading rows"))
        try:
            table = arrow_json.read_json(path, read_options=arrow_json.ReadOptions(block_size=size + 1))
        except pa.ArrowInvalid as error:
            raise Invalid(
                _("The JSON lines cannot be read: {why}").format(why=str(error)[:200]),
                hint=_("Every line is one object, and a name has values of one kind."),
                field="content",
            ) from error
        return typed_reading(
            table.schema,
            table.to_batches(),
            rows=table.num_rows,
            kind="JSON",
            on_progress=workspace.on_progress,
            choices=workspace.choices,
        )
