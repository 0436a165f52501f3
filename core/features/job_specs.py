"""What the jobs of features are asked for and what they answer: the files that cross between portal and job."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from core.features.training_sets.values import LeakReport, ViewMatches
from core.features.values import (
    Check,
    EntityQuery,
    Feature,
    FeatureContract,
    LabelType,
    LeakFinding,
    ServedView,
    Split,
    SplitFile,
    VersionTests,
)
from core.foundation.values import Value
from core.lake.values import ColumnProfile

BUILD, JOIN = "features.build", "features.join"
RESULT = "result.json"
ROWS, ENTITY_ROWS = "rows.parquet", "entity.parquet"
# The columns of a split file that every training set has.
ROW_ID, EVENT_TIME, LABEL = "row_id", "event_time", "label"


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
    """An order that names its engine. The address of a cluster may hold a token."""

    engine: Literal["local", "spark"] = "local"
    spark_address: str = ""

    def without_address(self) -> Self:
        """For people's code, which has no business with it."""
        return self.model_copy(update={"spark_address": ""})


class BuildOrder(OnEngine):
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
    """What became of it. `notes` are sentences about rows that were left out, `seconds` what it took."""

    features: tuple[Feature, ...]
    rows: int
    notes: tuple[str, ...]
    statistics: tuple[ColumnProfile, ...]
    checks: tuple[Check, ...] = ()
    seconds: float = 0.0
    newest_event: datetime | None = None


class JoinedView(Value):
    """A use of a feature version: what serving will look up, and the job input with its rows."""

    served: ServedView
    input: str


class JoinOrder(OnEngine):
    """A training set to join and split."""

    entity: EntityQuery
    sources: tuple[SourceTable, ...]
    views: tuple[JoinedView, ...]
    splits: tuple[Split, ...]
    known_at: bool
    memory_mb: int = 4096
    cage: bool = True


class JoinResult(Value):
    """Split files without their digests (the taker hashes them), or the leaks for which there are none. `nulls` counts
    the missing values of every input that was looked up, `engine` is its name and version, `label` what its label
    is."""

    contract: FeatureContract
    splits: tuple[SplitFile, ...]
    leaks: tuple[LeakFinding, ...]
    notes: tuple[str, ...]
    rows: int
    matches: tuple[ViewMatches, ...]
    nulls: dict[str, int]
    leak_report: LeakReport
    engine: str
    label: LabelType = "binary"
