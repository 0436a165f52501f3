"""Rows of the project as the example of a file from elsewhere: as many as show whether a conversion was right."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.training_sets.service import TrainingSetService
from core.foundation.actions.call import Call
from core.foundation.storage import Store
from core.lake.datasets.service import DatasetService
from core.training.judging.rows import choose_place, refuse_elsewhere, split_of
from core.training.splits import LABEL

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 500


class ExampleRows:
    """Reads them in the caller's transaction."""

    def __init__(self, store: Store, *, training_sets: TrainingSetService, lake: DatasetService) -> None:
        self._store, self._training_sets, self._lake = store, training_sets, lake

    def read(self, call: Call, *, project: str, training_set_id: str, split: str, snapshot_id: str) -> bytes:
        """The first rows as an Arrow file: of a split its inputs and its label, of a snapshot all columns of numbers
        and texts."""
        choose_place(training_set_id, snapshot_id)
        refuse_elsewhere(call, training_set_id or snapshot_id, project=project)
        if snapshot_id:
            files = [file.digest for file in self._lake.usable(call, snapshot_id).files]
            return _arrow(list(map(self._store.verified_path, files)), columns=None)
        training_set = self._training_sets.training_set(call, training_set_id)
        self._lake.refuse_quarantined(call, training_set_id)
        contract, file = split_of(training_set, split)
        return _arrow([self._store.verified_path(file.digest)], columns=(*contract.inputs(), LABEL))


def _arrow(paths: Sequence[Path], *, columns: Sequence[str] | None) -> bytes:
    import pyarrow as pa

    rows = pa.Table.from_batches(list(islice(_batches(paths), 1))).slice(0, MOST_ROWS)
    names = [field.name for field in rows.schema if _fits(field.type) and (columns is None or field.name in columns)]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, rows.select(names).schema) as writer:
        writer.write_table(rows.select(names))
    return bytes(sink.getvalue())


def _batches(paths: Sequence[Path]) -> "Iterator[pa.RecordBatch]":
    import pyarrow.parquet as pq

    for path in paths:
        yield from pq.ParquetFile(path, page_checksum_verification=True).iter_batches(batch_size=MOST_ROWS)


def _fits(kind: "pa.DataType") -> bool:
    """Whether it is numbers, texts or lists, which is all that a tensor takes."""
    from pyarrow import types

    tests = (types.is_boolean, types.is_integer, types.is_floating, types.is_decimal, types.is_dictionary)
    return any(test(kind) for test in (*tests, types.is_string, types.is_large_string, types.is_list))
