"""What the job of an import is asked for and what it answers: the files that cross between portal and job."""

from core.foundation.values import Value
from core.lake.import_values import ImportChoices, ImportSource, Mode
from core.lake.values import ColumnSpec, SnapshotFile, StagedSnapshot, TablePreview

IMPORT = "imports.read"
RESULT = "result.json"
UPLOAD = "upload"
REJECTED = "rejected.parquet"


class Base(Value):
    """The snapshot to whose rows an import appends. The job has its files as inputs by their digests."""

    snapshot_id: str = ""
    files: tuple[SnapshotFile, ...] = ()
    columns: tuple[ColumnSpec, ...] = ()


class ImportSpec(Value):
    """An import to read."""

    source: ImportSource
    mode: Mode
    choices: ImportChoices
    base: Base = Base()


class WrittenFile(Value):
    """A file of the answer: `name` in the outputs, or empty for one of the base that stays as it is."""

    name: str
    file: SnapshotFile


class ImportResult(Value):
    """What a job has read. `kept` is the staged snapshot, without a digest yet, with empty digests where the files are
    new; `items` are the names of the files that the rows are the index of, in the outputs."""

    kept: StagedSnapshot
    written: tuple[WrittenFile, ...]
    preview: TablePreview
    items: tuple[str, ...] = ()
