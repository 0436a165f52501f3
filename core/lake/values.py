"""Datasets and snapshots as the other domains and the pages see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from core.foundation.naming.titles import ShownName
from core.foundation.validation import SqlName
from core.foundation.values import Value

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
DatasetName = SqlName


class ColumnSpec(Value):
    """A column of a snapshot: its name, its DuckDB type, and the share of nulls. `known` says when its value is known:
    empty for at once, else the name of the column with the instant (for instance "paid_at")."""

    name: str
    type: str
    null_share: float
    known: str = ""


class TimeZoneRule(Value):
    """How a column of local or naive times becomes an instant: `zone` is an IANA name."""

    column: str
    zone: str


class UnfitCells(Value):
    """A column of texts that do not all fit a type: how many of its `values` do not, and where the first of these
    stands. `notation` is how the others are written, empty for plainly."""

    column: str
    type: str
    count: int
    values: int
    text: str
    line: int
    notation: str = ""


class CellExample(Value):
    """A cell as it stands in the file, and as it is shown once it was read; none where it does not fit."""

    before: str
    after: str | None


class NotationReading(Value):
    """A way to read a column of texts: by a notation (empty for plainly) as a type, with how many of its values `fit`
    that."""

    notation: str
    type: str
    fit: int
    examples: tuple[CellExample, ...]


class ColumnReading(Value):
    """How a column of texts was read, of how many `values`, and the other ways in which it could be. `is_asked` says
    that its texts do not tell which way is right."""

    column: str
    values: int
    reading: NotationReading
    others: tuple[NotationReading, ...] = ()
    is_asked: bool = False


class EncodingReading(Value):
    """An encoding, and some texts of a file as that reads them."""

    encoding: str
    examples: tuple[str, ...]


class FileEncoding(Value):
    """The encoding in which a file of text was read that is not in UTF-8. `lines` counts those with letters beyond
    ASCII, none of UTF-16; `others` read the same texts otherwise. `is_asked` says that a person has to say which is
    right."""

    reading: EncodingReading
    lines: int = 0
    others: tuple[EncodingReading, ...] = ()
    is_asked: bool = False


class RejectedRow(Value):
    """Why a row of a file was left out: its line, and what stands there in a column, or in all of the line where that
    is no row of the table. Where a file has no lines, `column` is that of the table of its items."""

    line: int | None
    column: str
    value: str
    reason: str


class ImportReport(Value):
    """What an import did: rows read and rejected with the reasons, the choices it made in words, and what a person
    should look at before confirming (`warnings`, for instance a column of times without a zone). `unfit` are columns
    that are text because of a few cells, or would be, `missing_words` texts that usually mean "missing" and were read
    as words, `exact_types` the types that hold all digits of columns that are text; `is_text` says that the
    cells of the file are texts, to which all of that can be applied, `readings` how each column of it was read.
    `renamed` has for names that could not be columns what they were in the file, `sheets` the names of a workbook's
    sheets, `encoding` that of a file of text that is not UTF-8. `rejected` names the file with the rows that were left
    out, `notes` has by column those sentences of `choices` and `warnings` that are about it alone."""

    rows_read: int
    rows_rejected: int
    reasons: tuple[str, ...]
    choices: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    columns: tuple[ColumnSpec, ...] = ()
    unfit: tuple[UnfitCells, ...] = ()
    missing_words: tuple[str, ...] = ()
    exact_types: tuple[str, ...] = ()
    is_text: bool = False
    readings: tuple[ColumnReading, ...] = ()
    renamed: dict[str, str] = Field(default_factory=dict)
    sheets: tuple[str, ...] = ()
    encoding: FileEncoding | None = None
    rejected: str = ""
    notes: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class SnapshotFile(Value):
    """One Parquet file of a snapshot: its digest in the store, its rows and bytes, and, where the dataset is split by
    time, the time window its rows lie in ("2013-07-04" for a day, "2013-07" for a month)."""

    digest: str
    rows: int
    bytes: int
    partition: str = ""


class Snapshot(Value):
    """An immutable state of a dataset; `dataset` is how queries call that. `digest` names its manifest; `files` are its
    Parquet files in the store, in the order of their rows, some of them shared with other snapshots. `key` names the
    columns that identify a row, where somebody said so; `quarantine` is the reason why nothing new may be made of it;
    `deleted_at` when retention removed its files."""

    id: str
    dataset_id: str
    dataset: str
    title: str
    project: str
    version: int
    digest: str
    files: tuple[SnapshotFile, ...]
    rows: int
    bytes: int
    columns: tuple[ColumnSpec, ...]
    report: ImportReport
    created_by: str
    created_at: datetime
    key: tuple[str, ...] = ()
    quarantine: str = ""
    deleted_at: datetime | None = None


class Dataset(Value):
    """A table and its newest snapshot: `title` for people, `name` for queries. `form` says what its rows are: plain
    rows, or the index of files (images, texts) that lie in the store by the digest in their column `item`. `waiting`
    imports want to be confirmed."""

    id: str
    project: str
    name: ShownName
    title: str
    description: str
    owner: str
    created_at: datetime
    latest: Snapshot | None
    snapshots: int
    form: Literal["table", "files"] = "table"
    tags: tuple[str, ...] = ()
    waiting: int = 0


class DatasetFacets(Value):
    """By whom and by which tags the datasets that one may see can be narrowed, each in its order."""

    owners: tuple[str, ...]
    tags: tuple[str, ...]


class TablePreview(Value):
    """The first rows of a table, ready to show: every cell is a JSON value."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int


class ColumnProfile(Value):
    """The distribution of a column. `bins` are (label, count): equal-width bins of numbers and times, or the most
    frequent values of text. `not_finite` counts NaN and infinity, which are in no other figure but `distinct`."""

    name: str
    kind: Literal["number", "text", "time", "boolean"]
    nulls: int
    distinct: int
    minimum: str
    maximum: str
    mean: float | None
    bins: tuple[tuple[str, int], ...]
    not_finite: int = 0


class StagedSnapshot(Value):
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


class Item(Value):
    """A file of a dataset of files, by the digest of its content. `path` is its name where it came from; width and
    height are pixels of images, characters the length of texts."""

    path: str
    digest: str
    bytes: int
    media_type: str
    label: str = ""
    width: int | None = None
    height: int | None = None
    characters: int | None = None


class ItemContent(Value):
    """What an item holds: its bytes, or those of a small picture of it."""

    digest: str
    media_type: str
    content: bytes


class Quarantined(Value):
    """A snapshot in quarantine from which something came, and why it is there."""

    snapshot_id: str
    title: str
    reason: str


Limit = Annotated[int, Field(ge=1, le=1000)]
