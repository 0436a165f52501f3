"""What the jobs of features are asked for and what they answer: the files that cross between portal and job."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Self

from core.features.values import Check, Feature, VersionTests
from core.foundation.values import Value
from core.lake.values import ColumnProfile

BUILD = "features.build"
RESULT = "result.json"
ROWS = "rows.parquet"


class SourceTable(Value):
    """A snapshot that a query reads: its name in the query, the job inputs with its files in their order, and which of
    its columns are known only at the instant in another column."""

    name: str
    inputs: tuple[str, ...]
    known: dict[str, str]

    def files(self, inputs: Mapping[str, Path]) -> tuple[Path, ...]:
        return tuple(inputs[name] for name in self.inputs)


def tables_of(sources: Iterable[SourceTable], inputs: Mapping[str, Path]) -> dict[str, tuple[Path, ...]]:
    """The files of every table, by its name in the query."""
    return {source.name: source.files(inputs) for source in sources}


class OnEngine(Value):
    """A job spec that names its engine. The address of a cluster may hold a token."""

    engine: str = "local"
    spark_address: str = ""

    def without_address(self) -> Self:
        """The job spec without the address of the cluster, for people's code."""
        return self.model_copy(update={"spark_address": ""})


class BuildJobSpec(OnEngine):
    """A feature version to build. Times are seconds. Without categories and numbers every other column of the query is
    a feature."""

    view: str
    sql: str
    sources: tuple[SourceTable, ...]
    keys: tuple[str, ...]
    event_time: str
    created_time: str
    ttl_seconds: int
    delay_seconds: int
    categories: tuple[str, ...]
    numbers: tuple[str, ...]
    python: str = ""
    lookback_seconds: int = 0
    tests: VersionTests = VersionTests()
    memory_mb: int = 4096
    cage: bool = True


class BuildResult(Value):
    """What became of it. `notes` are sentences about rows that were left out, `seconds` what it took. From
    `newest_known` on all of its rows are known."""

    features: tuple[Feature, ...]
    rows: int
    notes: tuple[str, ...]
    statistics: tuple[ColumnProfile, ...]
    checks: tuple[Check, ...] = ()
    seconds: float = 0.0
    newest_event: datetime | None = None
    newest_known: datetime | None = None
