"""What a join is asked for and what it answers: the files that cross between portal and job."""

from core.features.job_specs import OnEngine, SourceTable
from core.features.training_sets.values import (
    SUSPICIOUS_AUC,
    EntityQuery,
    LeakReport,
    ShareSplits,
    Split,
    SplitFile,
    ViewMatches,
)
from core.features.values import FeatureContract, LabelType, LeakFinding, ServedView
from core.foundation.values import Value
from core.tasks.values import Target

JOIN = "features.join"
# No split can be called like these. Spark reads no file whose name begins with an underscore.
ENTITY_ROWS, JOINED_ROWS = "entity-rows.parquet", "joined-rows.parquet"
# The columns of a split file that training sets have under one name in all of them.
ROW_ID, EVENT_TIME, LABEL, WEIGHT = "row_id", "event_time", "label", "row_weight"
# Columns of the entity rows that no split file keeps: what decides on the split, and the keys of the label.
SPLIT_BY, LABEL_KEY = "__split_by", "__label_key_{}"


class JoinedView(Value):
    """A use of a feature version: what serving will look up, and the job input with its rows."""

    served: ServedView
    input: str


class LabelView(JoinedView):
    """The feature version that the label comes from: its only output is the label."""

    horizon_us: int


class JoinJobSpec(OnEngine):
    """A training set to join and split, by windows of time or by shares. An input with an AUC above `suspicious_auc`
    alone is shown to a person. `images` and `texts` are indexes of files, called like the columns that name some; a
    file is an input of the job by its digest."""

    entity: EntityQuery
    sources: tuple[SourceTable, ...]
    views: tuple[JoinedView, ...]
    images: tuple[SourceTable, ...] = ()
    texts: tuple[SourceTable, ...] = ()
    splits: tuple[Split, ...] = ()
    shares: ShareSplits | None = None
    label_view: LabelView | None = None
    known_at: bool
    suspicious_auc: float = SUSPICIOUS_AUC
    memory_mb: int = 4096
    cage: bool = True


class JoinResult(Value):
    """Split files without their digests (the taker hashes them), or the leaks for which there are none: those that
    nobody may accept. `nulls` counts
    the missing values of every input that was looked up, `engine` is its name and version, `label` what its label is,
    `target` what models of it predict. `label_views` has the view that the label came from, where it did."""

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
    target: Target = Target()
    label_views: tuple[ServedView, ...] = ()
