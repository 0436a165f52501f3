"""Training sets, what went into them and what late rows would have changed, as the other domains and the pages see
them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from core.features.values import (
    ColumnName,
    FeatureContract,
    LabelType,
    LeakFinding,
    OptionalColumn,
    Seconds,
    Sql,
    ViewUse,
)
from core.foundation.naming.titles import ShownName
from core.foundation.validation import WITH_UNDERSCORES, shaped
from core.foundation.values import Value
from core.lake.images.values import ImageInput
from core.tasks.values import BINARY, NO, YES, LabelSpread, Target

# Honest single inputs of the demonstration stay below 0.66, and whole models of such data end near 0.75; a column that
# is known too late reaches 0.93 alone. A problem that is easier than that sets its own limit, in a policy.
SUSPICIOUS_AUC = 0.8
SplitName = Annotated[str, shaped(r"^[a-z][a-z0-9_]{0,30}$", allowed=WITH_UNDERSCORES, example="train")]
Share = Annotated[float, Field(gt=0, le=1)]
# What no source is called.
IMAGES_OF, TEXTS_OF = "images.{}", "texts.{}"
USUAL_SPLITS = ("train", "validation", "test")


def place_of(split: str) -> tuple[int, str]:
    """The order of splits that have no time."""
    usual = USUAL_SPLITS.index(split) if split in USUAL_SPLITS else len(USUAL_SPLITS)
    return usual, split


class Split(Value):
    """A window of event time, the end excluded, in UTC days."""

    name: SplitName
    start: date
    end: date


class ShareSplits(Value):
    """Splits by share of the rows; what is missing to 1 lies in no split.

    By "random" the hash of a row's id decides, so a row keeps its split in every later set and rows that are added move
    none. By "stratified" each class of `column` (the label, where none is named) has its exact share, in the order of
    the hashes: rows that are added may move those at a border. By "grouped" the hash of the value in `column` decides,
    so no group is cut. By "column" the data says it: `column` has the names of the splits, and `shares` stays empty."""

    shares: Annotated[dict[SplitName, Share], Field(max_length=20)] = Field(default_factory=dict)
    by: Literal["random", "stratified", "grouped", "column"] = "random"
    column: OptionalColumn = ""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1

    @property
    def ordered(self) -> tuple[tuple[str, float], ...]:
        """Names with their shares, those to learn from first; no order of writing decides."""
        return tuple(sorted(self.shares.items(), key=lambda item: place_of(item[0])))


class LabelFrom(Value):
    """A label that arrives later: what the version of a feature view has in `column` at the event time plus the
    horizon, by what was known then. `keys` maps the view's keys to columns of the entity rows."""

    version_id: str
    column: ColumnName
    keys: Annotated[dict[str, ColumnName], Field(max_length=20)]
    horizon_seconds: Seconds


class EntityQuery(Value):
    """The rows of a training set: SQL over snapshots that gives an id, an event time (the moment of prediction), a
    label and the columns known at that moment, which callers will send with each request. Without an event time rows
    stand for themselves.

    Without a label the set is for scoring and analysis. A `binary` label is 0 or 1 in every row, and models learn from
    it; `any` other label (a number, a text, true and false) is kept as it is, and may be missing. With a `task` models
    learn that, whatever the label kind. `group` has what belongs together where a task ranks, `weight` how much a row
    counts while learning. With `label_from` the label comes from a feature view, and `label` is what it is called.
    `images` are columns with the ids (digests or paths) of files, each with the snapshot that the files lie in;
    `image_sizes` says what they are decoded to, where that is not proposed from the files. `text_items` are such
    columns whose files are texts in UTF-8: models learn from those, and callers send the text itself.

    What is not said is left out of the JSON, so that the digests of earlier sets stay what they were."""

    sql: Annotated[Sql, StringConstraints(min_length=6)]
    sources: dict[str, str]
    row_id: ColumnName
    event_time: OptionalColumn = Field(default="", exclude_if=lambda name: not name)
    label: OptionalColumn = ""
    label_kind: Literal["binary", "any"] = Field(default="binary", exclude_if=lambda kind: kind == "binary")
    label_from: LabelFrom | None = Field(default=None, exclude_if=lambda label: label is None)
    task: Annotated[str, Field(max_length=60)] = Field(default="", exclude_if=lambda task: not task)
    group: OptionalColumn = Field(default="", exclude_if=lambda name: not name)
    weight: OptionalColumn = Field(default="", exclude_if=lambda name: not name)
    categories: tuple[ColumnName, ...] = ()
    numbers: tuple[ColumnName, ...] = ()
    keys_only: tuple[ColumnName, ...] = ()
    texts: tuple[ColumnName, ...] = Field(default=(), exclude_if=lambda names: not names)
    vectors: tuple[ColumnName, ...] = Field(default=(), exclude_if=lambda names: not names)
    images: dict[ColumnName, str] = Field(default_factory=dict, exclude_if=lambda images: not images)
    image_sizes: dict[ColumnName, ImageInput] = Field(default_factory=dict, exclude_if=lambda sizes: not sizes)
    text_items: dict[ColumnName, str] = Field(default_factory=dict, exclude_if=lambda items: not items)

    @property
    def files(self) -> dict[str, str]:
        """The snapshots of files, by the columns that name some."""
        return self.images | self.text_items

    @property
    def snapshots(self) -> dict[str, str]:
        """All that is read: the sources by the names that the query calls them, and those of files."""
        return self.sources | {self.source_of(column): snapshot_id for column, snapshot_id in self.files.items()}

    def source_of(self, column: str) -> str:
        """What the snapshot of a column's files is called, by names that no source has."""
        return (IMAGES_OF if column in self.images else TEXTS_OF).format(column)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that callers send and models learn from, where any are named."""
        return (*self.categories, *self.numbers, *self.texts, *self.text_items, *self.images, *self.vectors)

    @property
    def learned_task(self) -> str:
        """The task that models learn from the label; empty where they learn none."""
        if not self.label:
            return ""
        return self.task or (BINARY if self.label_kind == "binary" else "")

    @property
    def can_teach(self) -> bool:
        """Whether models can learn from the label."""
        return bool(self.learned_task)


class SplitFile(Value):
    """The rows of one split: columns `row_id`, `event_time` and `label` (where the set has them), `row_weight` and the
    group's column (where it has them), every request field and every model input. `positive_share` is there for a label
    of 0 and 1, `spread` for that of another task; `unlabeled` counts the rows whose label is missing. `start` and `end`
    are there for a window of time, `newest_event` is the latest moment."""

    name: str
    start: date | None = Field(default=None, exclude_if=lambda day: day is None)
    end: date | None = Field(default=None, exclude_if=lambda day: day is None)
    digest: str
    rows: int
    positive_share: float | None = None
    spread: LabelSpread | None = Field(default=None, exclude_if=lambda spread: spread is None)
    unlabeled: int = Field(default=0, exclude_if=lambda rows: not rows)
    newest_event: datetime | None = Field(default=None, exclude_if=lambda moment: moment is None)

    @property
    def label_spread(self) -> LabelSpread | None:
        """What the labels are, where models can learn from them."""
        if self.positive_share is None:
            return self.spread
        return LabelSpread(shares={NO: 1 - self.positive_share, YES: self.positive_share})


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
    to be, `target` what models of it predict; 0 and 1 is left out of the JSON, as it was when there was nothing else.
    `shares` are the splits where they are no windows of time."""

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
    target: Target = Field(default=Target(), exclude_if=lambda target: target.task == BINARY)
    shares: ShareSplits | None = Field(default=None, exclude_if=lambda shares: shares is None)


class TrainingSetState(StrEnum):
    BUILDING = "building"
    READY = "ready"
    NEEDS_REVIEW = "needs_review"
    REFUSED = "refused"
    FAILED = "failed"


class TrainingSet(Value):
    """A point-in-time join, split by time or by share. REFUSED when a leak was found, NEEDS_REVIEW while nobody has
    accepted inputs that predict the label alone. `splits` is empty until it was joined; `asked` are the windows that
    were asked for, or `shares` the shares. `digest` is that of the manifest's canonical JSON."""

    id: str
    project: str
    name: ShownName
    title: str
    state: TrainingSetState
    entity: EntityQuery
    uses: tuple[ViewUse, ...]
    known_at: bool
    asked: tuple[Split, ...] = ()
    shares: ShareSplits | None = None
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

    @property
    def target(self) -> Target:
        """What models of it predict. Of a set that teaches nothing it says nothing."""
        return self.manifest.target if self.manifest else Target()
