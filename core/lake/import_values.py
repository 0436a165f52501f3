"""An import: rows on their way into a dataset. It is read by a job, reported on, and becomes a snapshot only when a
person confirms what the report says."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from core.foundation.values import Value
from core.lake.schema_changes import SchemaChange
from core.lake.values import ColumnName, ImportReport, TablePreview, TimeZoneRule

Zones = Annotated[tuple[TimeZoneRule, ...], Field(max_length=50)]
Known = Annotated[dict[str, str], Field(max_length=200)]
Mode = Literal["replace", "append"]
Partition = Literal["", "day", "month"]
Unfit = Literal["missing", "reject"]
# What a column wants of a person.
Need = Literal["decision", "look", ""]
Encoding = Literal[
    "",
    "utf-8",
    "utf-16",
    "windows-1252",
    "iso-8859-1",
    "iso-8859-15",
    "windows-1250",
    "windows-1251",
    "gb18030",
    "shift_jis",
    "macintosh",
    "ibm850",
]
# How texts of a column stand for values; `core.lake.texts` says what each means.
NotationName = Literal[
    "1,234.5",
    "1.234,5",
    "1,234.5% / 100",
    "1.234,5% / 100",
    "dd.mm.yyyy",
    "mm/dd/yyyy",
    "yyyy/mm/dd",
    "d Mon yyyy",
    "dd.mm.yy",
    "mm/dd/yy",
    "compact yyyymmdd",
    "epoch seconds",
    "epoch milliseconds",
    "epoch microseconds",
    "yes/no",
    "y/n",
    "t/f",
    "on/off",
    "ja/nein",
    "j/n",
    "wahr/falsch",
    "oui/non",
    "o/n",
    "vrai/faux",
    "sí/no",
    "si/no",
    "s/n",
    "verdadero/falso",
    "sì/no",
    "vero/falso",
    "sim/não",
    "ja/nee",
    "tak/nie",
    "да/нет",
    "是/否",
]


class ImportState(StrEnum):
    READING = "reading"
    READY = "needs confirmation"
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"
    FAILED = "failed"


class ImportChoices(Value):
    """How to read what cannot be known from the bytes. `zones` names the zone of columns with local times, `known` says
    which column tells a value known only later and names the column with that instant, `types` corrects a column's type
    (a DuckDB type of the lake), `missing` are texts that stand for nothing in every column of CSV and JSON lines, and
    `unfit` says for a column of these that the cells that do not fit its type are missing, or their rows rejected; its
    type is then the one of `types`, or the one that the most cells fit. `notations` says how the numbers, times or
    words of such a column are written, where its texts leave that open or mean something else. `key` names the columns
    that identify a row, and `partition_by` the column of times by whose `partition` the rows are split over files.
    `encoding` and `separator` are of CSV, empty for what its bytes propose; of UTF-8 no choice makes another text.
    `header` is the line of CSV or the row of a sheet that names the columns, 0 for what is proposed; `sheet` is the one
    of a workbook that is read; `flatten` makes columns of the fields of structs."""

    zones: Zones = ()
    known: Known = Field(default_factory=dict)
    types: Annotated[dict[str, str], Field(max_length=500)] = Field(default_factory=dict)
    missing: Annotated[tuple[Annotated[str, StringConstraints(max_length=40)], ...], Field(max_length=20)] = ("",)
    unfit: Annotated[dict[str, Unfit], Field(max_length=500)] = Field(default_factory=dict)
    notations: Annotated[dict[str, NotationName], Field(max_length=500)] = Field(default_factory=dict)
    key: Annotated[tuple[ColumnName, ...], Field(max_length=8)] = ()
    partition_by: Annotated[str, StringConstraints(max_length=200)] = ""
    partition: Partition = ""
    encoding: Encoding = ""
    separator: Literal["", ",", ";", "\t", "|"] = ""
    header: Annotated[int, Field(ge=0, le=1000)] = 0
    sheet: Annotated[str, StringConstraints(max_length=60)] = ""
    flatten: bool = False


class ImportSource(Value):
    """Where the rows come from, as people name it: a file's name, a package's table, or an address."""

    kind: Literal["upload", "package", "address"]
    name: str
    digest: str = ""


class ColumnOutcome(Value):
    """A column as it would be: its type, and before it that in the newest snapshot, empty where that has no such
    column; its name in the file, where that cannot be one; how many of its values are missing. `need` says what a
    person has to do about it. `is_changed` says that its name, its values or its type would not be what they are in the
    file or in the newest snapshot."""

    column: str
    type: str
    type_before: str
    name_before: str
    missing: int
    need: Need
    is_changed: bool


class ImportOutcome(Value):
    """What an import would do once it is confirmed. Rows that are taken in and rows left out are all of those that were
    read; `rows_after` are those of the dataset then, of which so many were there before unless they are replaced.
    `version_before` is the newest version of the dataset, 0 for none; `types` counts the columns of each type,
    `missing` the values that are missing in all of them."""

    rows_taken_in: int
    rows_left_out: int
    rows_before: int
    rows_replaced: int
    rows_after: int
    version_before: int
    types: dict[str, int]
    missing: int
    columns: tuple[ColumnOutcome, ...]


class Import(Value):
    """An import. `report` and `preview` are there once it was read, `snapshot_id` once it was confirmed. `unanswered`
    names its columns of times without a zone for which UTC was not confirmed yet, those that can be read in more than
    one way, the sheet that was read where a workbook has several, and the encoding where the bytes leave it open.
    While it waits to be confirmed, `schema_changes` says what becomes of the dataset's columns where its rows would
    replace those there are, and `outcome` what it would do."""

    id: str
    dataset_id: str
    dataset: str
    dataset_title: str
    project: str
    state: ImportState
    source: ImportSource
    mode: Mode
    choices: ImportChoices
    report: ImportReport | None
    preview: TablePreview | None
    unanswered: tuple[str, ...] = ()
    schema_changes: tuple[SchemaChange, ...] = ()
    outcome: ImportOutcome | None = None
    snapshot_id: str
    job_id: str
    cause: str
    created_by: str
    created_at: datetime
