"""What a join is asked for and what it answers: the files that cross between portal and job."""

from core.features.job_specs import OnEngine, SourceTable
from core.features.training_sets.values import SUSPICIOUS_AUC, LeakReport, ViewMatches
from core.features.values import EntityQuery, FeatureContract, LabelType, LeakFinding, ServedView, Split, SplitFile
from core.foundation.values import Value

JOIN = "features.join"
ENTITY_ROWS = "entity.parquet"
# The columns of a split file that every training set has.
ROW_ID, EVENT_TIME, LABEL = "row_id", "event_time", "label"


class JoinedView(Value):
    """A use of a feature version: what serving will look up, and the job input with its rows."""

    served: ServedView
    input: str


class JoinJobSpec(OnEngine):
    """A training set to join and split. An input with an AUC above `suspicious_auc` alone is shown to a person."""

    entity: EntityQuery
    sources: tuple[SourceTable, ...]
    views: tuple[JoinedView, ...]
    splits: tuple[Split, ...]
    known_at: bool
    suspicious_auc: float = SUSPICIOUS_AUC
    memory_mb: int = 4096
    cage: bool = True


class JoinResult(Value):
    """Split files without their digests (the taker hashes them), or the leaks for which there are none: those that
    nobody may accept. `nulls` counts
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
