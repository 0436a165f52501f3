"""What the job of an import is asked for and what it answers: the files that cross between portal and job."""

from typing import Literal

from core.foundation.values import Value
from core.lake.import_values import ImportChoices, ImportSource, Mode
from core.lake.values import ColumnProfile, ColumnSpec, ImportReport, SnapshotFile, TablePreview

IMPORT = "imports.read"
RESULT = "result.json"
UPLOAD = "upload"


class Base(Value):
    """The snapshot to whose rows an import appends. The job has its files as inputs by their digests."""

    snapshot_id: str = ""
    files: tuple[SnapshotFile, ...] = ()
    columns: tuple[ColumnSpec, ...] = ()


class ImportOrder(Value):
    """An import to read."""

    source: ImportSource
    mode: Mode
    choices: ImportChoices
    base: Base = Base()


class WrittenFile(Value):
    """A file of the answer: `name` in the outputs, or empty for one of the base that stays as it is."""

    name: str
    file: SnapshotFile


class Kept(Value):
    """A table that is ready to become a snapshot; its files lie in the store. `base` is the snapshot whose rows it goes
    on from, empty where it begins anew. `form` is that of the dataset: a table, or the index of files."""

    digest: str
    files: tuple[SnapshotFile, ...]
    columns: tuple[ColumnSpec, ...]
    report: ImportReport
    profile: tuple[ColumnProfile, ...]
    key: tuple[str, ...] = ()
    base: str = ""
    form: Literal["table", "files"] = "table"


class ImportResult(Value):
    """What a job has read. `kept` has no digest yet, and empty digests where the files are new; `items` are the names
    of the files that the rows are the index of, in the outputs."""

    kept: Kept
    written: tuple[WrittenFile, ...]
    preview: TablePreview
    items: tuple[str, ...] = ()
