"""The items of an index of files: which blobs of the store the rows of a "files" snapshot name."""

from collections.abc import Iterator, Sequence
from pathlib import Path


def items_in(paths: Sequence[Path]) -> Iterator[tuple[str, int]]:
    """Digest and size in bytes of every item that the index in these files names, a part of the rows at a time."""
    import pyarrow.parquet as pq

    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches(columns=["item", "bytes"]):
            yield from zip(batch.column("item").to_pylist(), batch.column("bytes").to_pylist(), strict=True)
