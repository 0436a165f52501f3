"""Texts by columns in a file, for what can be read only once or slowly. Columns may come later than the first rows."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING
from weakref import finalize

if TYPE_CHECKING:
    import pyarrow as pa


class SpilledTexts:
    """A file of batches, which goes with this object."""

    def __init__(self, folder: Path | None) -> None:
        descriptor, name = mkstemp(dir=folder)
        os.close(descriptor)
        self._path = Path(name)
        finalize(self, self._path.unlink, missing_ok=True)

    def append(self, batch: "pa.RecordBatch") -> None:
        import pyarrow as pa

        with self._path.open("ab") as file, pa.ipc.new_stream(file, batch.schema) as stream:
            stream.write_batch(batch)

    def batches(self, keys: Sequence[str], *, names: Sequence[str]) -> "Iterator[tuple[pa.RecordBatch, float]]":
        """The columns of some keys by other names, with the share of the file that was read. A column that a batch does
        not have is empty there."""
        import pyarrow as pa

        size = max(1, self._path.stat().st_size)
        with self._path.open("rb") as file:
            while file.tell() < size:
                (part,) = pa.ipc.open_stream(file)
                nothing = pa.nulls(part.num_rows, pa.string())
                known = set(part.schema.names)
                arrays = [part.column(key) if key in known else nothing for key in keys]
                yield pa.record_batch(arrays, names=list(names)), file.tell() / size
