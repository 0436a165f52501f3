"""Training sets, what went into them and what late rows would have changed, as the other domains and the pages see
them."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from core.features.values import EntityQuery, FeatureContract, LabelType, LeakFinding, Split, SplitFile, ViewUse
from core.foundation.naming.titles import ShownName
from core.foundation.values import Value

# Honest single inputs of the demonstration stay below 0.66, and whole models of such data end near 0.75; a column that
# is known too late reaches 0.93 alone. A problem that is easier than that sets its own limit, in a policy.
SUSPICIOUS_AUC = 0.8


class ViewMatches(Value):
    """What a view answered, in entity rows: `null` is a row whose values are all null, `late` counts answers that were
    written only after the entity's time. `uses_known_at` says whether the view has rows that were written late at all:
    without them, what was known and what was latest are the same (R5)."""

    view: str
    version_id: str
    present: int
    null: int
    expired: int
    not_found: int
    late: int
    uses_known_at: bool


class LeakDifference(Value):
    """How an input changes when values count from their event time instead of from when they were known: in how many
    rows of the splits, by how much on average where both are numbers, and how well it alone predicts the label in the
    earliest split."""

    column: str
    view: str
    rows: int
    share: float
    mean_difference: float | None
    auc_known: float | None
    auc_latest: float | None


class LateView(Value):
    """A view with rows that were written late, and in how many entity rows the latest event was not known yet."""

    view: str
    rows: int


class Acceptance(Value):
    """Who said that inputs which predict the label well are honest, and why."""

    by: str
    at: datetime
    reason: str


class LeakReport(Value):
    """The same join with and without known-at, over `rows` rows. `views` are those that have rows written late; without
    any the two joins are one and `differences` is empty. Inputs with an AUC above `suspicious_auc` alone are among the
    set's leaks; `acceptance` is what a person said of them."""

    rows: int
    views: tuple[LateView, ...]
    differences: tuple[LeakDifference, ...]
    suspicious_auc: float = SUSPICIOUS_AUC
    acceptance: Acceptance | None = None

    @property
    def differing(self) -> tuple[LeakDifference, ...]:
        """The inputs that differ at all, the most different first."""
        changed = [item for item in self.differences if item.rows]
        return tuple(sorted(changed, key=lambda item: (-item.share, item.column)))


class TrainingSetManifest(Value):
    """All that decides a training set's values, and what came out: its canonical JSON has the set's digest. `sources`
    and `versions` name what was read by digest (of snapshots, by the name the query calls them, and of feature versions
    by their id). `nulls` counts missing values of the inputs that were looked up. `label` is what the label was found
    to be; 0 and 1 is left out of the JSON, as it was when there was nothing else."""

    rules: str = "R1-R12"
    known_at: bool
    entity: EntityQuery
    sources: dict[str, str]
    versions: dict[str, str]
    uses: tuple[ViewUse, ...]
    contract: FeatureContract
    rows: int
    splits: tuple[SplitFile, ...]
    matches: tuple[ViewMatches, ...]
    nulls: dict[str, int]
    engine: str
    label: LabelType = Field(default="binary", exclude_if=lambda label: label == "binary")


class TrainingSetState(StrEnum):
    BUILDING = "building"
    READY = "ready"
    NEEDS_REVIEW = "needs_review"
    REFUSED = "refused"
    FAILED = "failed"


class TrainingSet(Value):
    """A point-in-time join, split by time. REFUSED when a leak was found, NEEDS_REVIEW while nobody has accepted inputs
    that predict the label alone. `splits` is empty until it was joined, `asked` are those that were asked for. `digest`
    is that of the manifest's canonical JSON."""

    id: str
    project: str
    name: ShownName
    title: str
    state: TrainingSetState
    entity: EntityQuery
    uses: tuple[ViewUse, ...]
    known_at: bool
    asked: tuple[Split, ...] = ()
    splits: tuple[SplitFile, ...]
    contract: FeatureContract | None
    leaks: tuple[LeakFinding, ...]
    notes: tuple[str, ...] = ()
    leak_report: LeakReport | None = None
    manifest: TrainingSetManifest | None = None
    digest: str
    job_id: str
    cause: str
    requirement_id: str
    created_by: str
    created_at: datetime
