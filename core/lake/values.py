"""Datasets and snapshots as the other domains and the pages see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from core.foundation.values import Value

DatasetName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,59}$")]


class ColumnSpec(Value):
    """A column of a snapshot: its name, its DuckDB type, and the share of nulls. `known` says when its value is known:
    empty for at once, else the name of the column with the instant (for instance "actual arrival")."""

    name: str
    type: str
    null_share: float
    known: str = ""


class TimeZoneRule(Value):
    """How a column of local or naive times becomes an instant: `zone` is an IANA name."""

    column: str
    zone: str


class ImportReport(Value):
    """What an import did: rows read and rejected with the reasons, and the choices it made in words."""

    rows_read: int
    rows_rejected: int
    reasons: tuple[str, ...]
    choices: tuple[str, ...]


class Snapshot(Value):
    """An immutable state of a dataset. `digest` names its manifest, `file_digest` its one Parquet file in the store."""

    id: str
    dataset_id: str
    dataset: str
    project: str
    version: int
    digest: str
    file_digest: str
    rows: int
    bytes: int
    columns: tuple[ColumnSpec, ...]
    report: ImportReport
    created_by: str
    created_at: datetime


class Dataset(Value):
    """A named table and its newest snapshot."""

    id: str
    project: str
    name: str
    description: str
    owner: str
    created_at: datetime
    latest: Snapshot | None
    snapshots: int


class TablePreview(Value):
    """The first rows of a table, ready to show: every cell is a JSON value."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int


class ColumnProfile(Value):
    """The distribution of a column. `bins` are (label, count): equal-width bins of numbers and times, or the most
    frequent values of text."""

    name: str
    kind: Literal["number", "text", "time", "boolean"]
    nulls: int
    distinct: int
    minimum: str
    maximum: str
    mean: float | None
    bins: tuple[tuple[str, int], ...]


Limit = Annotated[int, Field(ge=1, le=1000)]
