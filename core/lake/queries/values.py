"""Queries: SQL that a person runs over the datasets of a project, once or again and again under a name."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from core.foundation.naming.texts import ONE_LINE
from core.foundation.values import Value
from core.lake.values import TablePreview

Sql = Annotated[str, StringConstraints(min_length=6, max_length=20_000)]
# A name that was given stands, whatever may be in one by now.
SavedName = Annotated[str, StringConstraints(max_length=80)]
QueryName = Annotated[SavedName, ONE_LINE]
RowLimit = Annotated[int, Field(ge=1, le=100_000)]


class QueryState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Query(Value):
    """One run of a query. `sources` maps the names of tables to snapshots as they were when it ran; `cut` says that
    there were more rows than the limit. `cause` is why it failed, and `line` the line of the SQL that is to blame, 0
    where none is. `result` is the digest of its rows as Parquet."""

    id: str
    project: str
    sql: str
    sources: dict[str, str]
    row_limit: int
    state: QueryState
    rows: int
    cut: bool
    seconds: float
    cause: str
    line: int
    result: str
    created_by: str
    created_at: datetime


class QueryResult(Value):
    """The first rows of a query that is done, ready to show."""

    query: Query
    preview: TablePreview


class SavedQuery(Value):
    """A query under a name, for everyone in the project."""

    project: str
    name: str
    sql: str
    saved_by: str
    saved_at: datetime
