"""Arrow files, which Feather is, and Arrow streams."""

from pathlib import Path

from core.foundation.text import N_
from core.lake.readers.reader import FileReader, Workspace
from core.lake.readers.table_stream import Reading
from core.lake.readers.typed_batches import typed_reading, whole_file


class ArrowReader(FileReader):
    """A table as Arrow keeps it in memory: a file of Arrow or Feather."""

    name = "Arrow"
    title = N_("Arrow")
    suffixes = (".arrow", ".feather")
    marks = (b"ARROW1",)
    choices = ("flatten",)

    def read(self, path: Path, workspace: Workspace) -> Reading:
        """The table of an Arrow file, which Feather is."""
        import pyarrow as pa

        with whole_file("Arrow"):
            file = pa.ipc.open_file(pa.OSFile(str(path)))
            rows = sum(file.get_batch(index).num_rows for index in range(file.num_record_batches))
        batches = (file.get_batch(index) for index in range(file.num_record_batches))
        return typed_reading(
            file.schema, batches, rows=rows, kind="Arrow", on_progress=workspace.on_progress, choices=workspace.choices
        )


class ArrowStreamReader(FileReader):
    """A table as Arrow sends it from one program to another."""

    name = "Arrow stream"
    title = N_("Arrow stream")
    marks = (b"\xff\xff\xff\xff",)
    choices = ("flatten",)

    def read(self, path: Path, workspace: Workspace) -> Reading:
        """The table of an Arrow stream; one that was cut off is refused."""
        import pyarrow as pa

        with whole_file("Arrow"):
            with pa.ipc.open_stream(pa.OSFile(str(path))) as counted:
                rows = sum(batch.num_rows for batch in counted)
            stream = pa.ipc.open_stream(pa.OSFile(str(path)))
        return typed_reading(
            stream.schema, stream, rows=rows, kind="Arrow", on_progress=workspace.on_progress, choices=workspace.choices
        )
