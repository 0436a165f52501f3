"""Which file a row names: a column has paths or digests of a snapshot's files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.job_specs import SourceTable
from core.features.training_sets.job_spec import ROW_ID
from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquets
from core.foundation.text import _
from core.lake.values import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Files:
    """The digests of the files that a column names, by paths and by digests, and the field of the query that says
    so."""

    column: str
    digests: Mapping[str, str]
    field: str

    def refuse(self, error: Invalid, *, batch: "pa.RecordBatch", place: int) -> Invalid:
        """What is wrong with the file of a row."""
        name, row_id = (batch.column(column)[place].as_py() for column in (self.column, ROW_ID))
        return Invalid(
            _("{name}, the {column} of the row {id}: {why}").format(
                name=name, column=self.column, id=row_id, why=error.message
            ),
            field=self.field,
        )


def check_files(column: str, snapshot: Snapshot, *, field: str) -> None:
    """Invalid unless the snapshot is an index of files."""
    if {"item", "path", "width"} - {spec.name for spec in snapshot.columns}:
        raise Invalid(
            _("{snapshot}, which {column} names files of, has no files").format(snapshot=snapshot.id, column=column),
            hint=_("Import a ZIP of images or texts, and name its snapshot."),
            field=field,
        )


def index_of(table: SourceTable, inputs: Mapping[str, Path]) -> "pa.Table":
    return read_parquets(table.files(inputs), columns=["path", "item", "width", "height"])


def files_of(column: str, index: "pa.Table", *, field: str) -> Files:
    items = index["item"].to_pylist()
    digests = dict(zip(index["path"].to_pylist(), items, strict=True)) | {item: item for item in items}
    return Files(column=column, digests=digests, field=field)


def check_named(table: "pa.Table", files: Files) -> None:
    """Every row names a file that there is."""
    ids, names = table[ROW_ID].to_pylist(), table[files.column].to_pylist()
    missing = [(row_id, name) for row_id, name in zip(ids, names, strict=True) if name not in files.digests]
    if missing:
        row_id, name = missing[0]
        raise Invalid(
            _("{rows} rows name no file of the snapshot as {column}: the row {id} has {name}").format(
                rows=len(missing), column=files.column, id=row_id, name=repr(name)[:80]
            ),
            hint=_("Name a file by its path or its digest; leave rows without a file out with WHERE."),
            field=files.field,
        )


def paths_in(batch: "pa.RecordBatch", *, files: Files, inputs: Mapping[str, Path]) -> list[Any]:
    """Where the files of these rows lie."""
    return [inputs[files.digests[name]] for name in batch.column(files.column).to_pylist()]
