"""From a table to a snapshot: Parquet files in the store, a manifest that names them, and a profile. All of it is slow
work that happens before the transaction; what no snapshot names in the end is swept from the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from core.foundation.digests import canonical
from core.foundation.parquet import write_parquet
from core.foundation.storage import Store
from core.foundation.values import Value
from core.lake.arrow_reading import Reading
from core.lake.arrow_types import type_name
from core.lake.profile import profile_table
from core.lake.values import ColumnProfile, ColumnSpec, ImportReport, SnapshotFile, TimeZoneRule
from core.lake.zones import apply_zones, check_known

if TYPE_CHECKING:
    import pyarrow as pa


class SnapshotManifest(Value):
    """What a snapshot's digest covers: the bytes of its files in their order, and what its columns mean."""

    files: tuple[SnapshotFile, ...]
    columns: tuple[ColumnSpec, ...]


@dataclass(frozen=True)
class Kept:
    """A table that lies in the store, ready to become a snapshot."""

    digest: str
    files: tuple[SnapshotFile, ...]
    columns: tuple[ColumnSpec, ...]
    report: ImportReport
    profile: tuple[ColumnProfile, ...]


def keep(store: Store, reading: Reading, *, zones: Sequence[TimeZoneRule], known: Mapping[str, str]) -> Kept:
    """Puts a table into the store. Raises Invalid for zones and marks that do not fit its columns."""
    table, choices = apply_zones(reading.table, zones)
    types = {field.name: type_name(field.type) for field in table.schema}
    check_known(types, known)
    columns = tuple(_column(table, name, types[name], known.get(name, "")) for name in table.column_names)
    files = (_put(store, table),)
    manifest = SnapshotManifest(files=files, columns=columns)
    return Kept(
        digest=store.put_bytes(canonical(manifest)),
        files=files,
        columns=columns,
        report=_report(reading, choices),
        profile=profile_table(table),
    )


def _column(table: "pa.Table", name: str, data_type: str, known: str) -> ColumnSpec:
    null_share = round(table.column(name).null_count / table.num_rows, 6)
    return ColumnSpec(name=name, type=data_type, null_share=null_share, known=known)


def _put(store: Store, table: "pa.Table") -> SnapshotFile:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        write_parquet(table.to_batches(), path, schema=table.schema.remove_metadata())
        return SnapshotFile(digest=store.put_file(path), rows=table.num_rows, bytes=path.stat().st_size)


def _report(reading: Reading, choices: Sequence[str]) -> ImportReport:
    return ImportReport(
        rows_read=reading.table.num_rows + reading.rejected,
        rows_rejected=reading.rejected,
        reasons=tuple(reading.reasons),
        choices=(*reading.choices, *choices),
    )
