"""Feature views, their versions, and training sets as the other domains and the pages see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints

from core.foundation.naming.titles import ShownName
from core.foundation.text import N_
from core.foundation.validation import OF_COLUMNS, WITH_UNDERSCORES, SqlName, shaped
from core.foundation.values import Value
from core.lake.images.values import ImageInput
from core.lake.values import TablePreview

ViewName = SqlName
ColumnName = Annotated[str, shaped(r"^[A-Za-z][A-Za-z0-9_]{0,59}$", allowed=OF_COLUMNS, example="order_total")]
OptionalColumn = Annotated[str, shaped(r"^([A-Za-z][A-Za-z0-9_]{0,59})?$", allowed=OF_COLUMNS, example="written_at")]
Sql = Annotated[str, StringConstraints(max_length=20_000)]
Python = Annotated[str, StringConstraints(max_length=20_000)]
Tag = Annotated[
    str,
    shaped(
        r"^[a-z0-9][a-z0-9_-]{0,29}$",
        allowed=N_("lower-case letters, digits, hyphens and underscores"),
        example="orders",
    ),
]
Tags = Annotated[tuple[Tag, ...], Field(max_length=20)]
# A text is learned from by its words, a category as one value; a vector is a list of numbers, as many in every row.
Kind = Literal["category", "number", "text", "image", "vector"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# What the label of a training set is: 0 and 1 ("binary"), or a column of another type that is kept as it is.
LabelType = Literal["none", "binary", "integer", "number", "text", "texts", "boolean"]


class VersionState(StrEnum):
    """DRAFT may still be edited; BUILDING runs its job; STAGED is built and checked, for those who ask for it by its
    id; PUBLISHED is for everyone; DEPRECATED serves on and is not for new use; RETIRED is gone from the online
    store; DISCARDED was given up before it was published, and its number is not given again."""

    DRAFT = "draft"
    BUILDING = "building"
    STAGED = "staged"
    PUBLISHED = "published"
    DEPRECATED = "deprecated"
    RETIRED = "retired"
    FAILED = "failed"
    DISCARDED = "discarded"

    @property
    def can_be_joined(self) -> bool:
        """Whether a new training set may use it."""
        return self in (VersionState.STAGED, VersionState.PUBLISHED)


class FeatureRule(Value):
    """What a feature's author promises of its values; a version that breaks it is not published. `nulls` is the null
    policy: keep them, refuse a version that has any, or fill them with `fill` when the version is built (so training
    and serving get the same)."""

    feature: ColumnName
    nulls: Literal["keep", "refuse", "fill"] = "keep"
    fill: float | str | None = None
    minimum: float | None = None
    maximum: float | None = None
    most_null_share: Annotated[float, Field(ge=0, le=1)] | None = None
    unique: bool = False


class VersionTests(Value):
    """The tests of a version: a rule for each feature that has one, whether a key may have only one row per event time,
    and how old (seconds) the newest row may be against the newest source row when it is built (0: any age)."""

    rules: Annotated[tuple[FeatureRule, ...], Field(max_length=500)] = ()
    unique_rows: bool = False
    fresh_seconds: Annotated[int, Field(ge=0, le=10 * 366 * 86_400)] = 0


class Check(Value):
    """One check of a version and what came out: pass, fail, inconclusive or no data. `rows` are a few of the rows that
    broke it, with the names of their `columns`."""

    name: str
    verdict: Literal["pass", "fail", "inconclusive", "no data"]
    detail: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


class Feature(Value):
    """A feature: its DuckDB type in the rows, and whether a model treats it as a category or a number."""

    name: str
    type: str
    kind: Kind
    null_share: float = 0.0


class FeatureView(Value):
    """A named group of features of an entity, found by `keys`: `title` for people, `name` for queries. `live` is the
    version its alias points at: what people get who ask for the view and no version of it, `latest` the newest one.
    `versions` counts those that were not discarded, `newest_number` is the last number that was given."""

    id: str
    project: str
    name: ShownName
    title: str
    entity: str
    keys: tuple[str, ...]
    description: str
    owner: str
    created_at: datetime
    latest: "FeatureVersion | None"
    versions: int
    newest_number: int = 0
    live: "FeatureVersion | None" = None
    tags: tuple[str, ...] = ()


class FeatureVersion(Value):
    """An immutable version: SQL, pandas or both over named snapshots. `digest` covers all that decides its values,
    `rows_digest` names the Parquet file of its rows in normal form (`duckdb_rows`). `notes` are sentences about rows
    that were left out, `checks` what its tests gave. A row depends on source rows at most `lookback_seconds` older
    than it (0: on all), which lets materialization compute new days alone. `newest_event` is the latest event time of
    its rows, `newest_known` the instant from which all of them are known. `reason` says why it was deprecated, retired
    or discarded. `categories` and `numbers` are the features that its author named; `features` those that came of it.
    `revision` changes with every edit of a draft."""

    id: str
    view_id: str
    view: ShownName
    title: str
    project: str
    version: int
    state: VersionState
    sql: str
    sources: dict[str, str]
    keys: tuple[str, ...]
    event_time: str
    created_time: str
    ttl_seconds: int
    delay_seconds: int
    features: tuple[Feature, ...]
    description: str
    digest: str
    rows_digest: str
    rows: int
    notes: tuple[str, ...] = ()
    job_id: str
    cause: str
    used_by: int
    created_by: str
    created_at: datetime
    python: str = ""
    tests: VersionTests = VersionTests()
    tags: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    lookback_seconds: int = 0
    build_seconds: float = 0.0
    newest_event: datetime | None = None
    newest_known: datetime | None = None
    published_at: datetime | None = None
    reason: str = ""
    categories: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    revision: str = ""


class LogicPreview(Value):
    """What a version's logic gives on a sample of its sources, before anything is kept."""

    preview: TablePreview
    features: tuple[Feature, ...]
    checks: tuple[Check, ...]
    seconds: float
    sample_rows: int


class Consumer(Value):
    """Something that uses the feature version `version_id`: `relation` says how ("joined into", "trained", "serves",
    ...). `is_live` when an endpoint serves what came of it, or would go back to that."""

    object_id: str
    kind: str
    title: str
    state: str
    owner: str
    relation: str
    version_id: str
    is_live: bool


class AliasPeriod(Value):
    """Where a view's alias pointed from `changed_at` on, until the next period."""

    number: int
    version_id: str
    version: int
    reason: str
    changed_by: str
    changed_at: datetime


class Impact(Value):
    """What publishing, deprecating or retiring touches: who uses which version of the view. `live` are the ids of the
    versions that an endpoint needs; `is_cut` when there are more consumers than are listed."""

    view_id: str
    consumers: tuple[Consumer, ...]
    live: tuple[str, ...]
    is_cut: bool = False


class ViewUse(Value):
    """One use of a feature version in a training set: `keys` maps the view's keys to columns of the entity rows, so
    that a view can be used twice (shop and warehouse); `prefix` is put before its features' names."""

    version_id: str
    keys: dict[str, str]
    prefix: Annotated[str, shaped(r"^([a-z][a-z0-9_]{0,30})?$", allowed=WITH_UNDERSCORES, example="store")] = ""


class RequestField(Value):
    """A column that callers send with an entity: `keys_only` ones look features up and never reach the model. `size` is
    how many numbers a vector has, `image` what an image is decoded to."""

    name: str
    kind: Kind
    is_model_input: bool
    size: int = Field(default=0, exclude_if=lambda size: not size)
    image: ImageInput | None = Field(default=None, exclude_if=lambda image: image is None)


class ServedView(Value):
    """A feature version as serving looks it up. `keys` are (key of the view, field of the request), `outputs` are
    (feature, input of the model, kind). Times are microseconds; a ttl of 0 is unlimited."""

    version_id: str
    view: str
    digest: str
    rows_digest: str
    keys: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str, Kind], ...]
    ttl_us: int
    delay_us: int


class FeatureContract(Value):
    """All that a model needs to be asked by entity: what callers send, and what is looked up. Travels inside the model
    version as `features.json`, so training and serving cannot disagree about it."""

    event_time: str
    row_id: str
    request: tuple[RequestField, ...]
    views: tuple[ServedView, ...]

    def categories(self) -> tuple[str, ...]:
        """Names of the model's category inputs, in order."""
        return self._inputs("category")

    def numbers(self) -> tuple[str, ...]:
        """Names of the model's number inputs, in order."""
        return self._inputs("number")

    def texts(self) -> tuple[str, ...]:
        """Names of the model's text inputs, in order."""
        return self._inputs("text")

    def images(self) -> tuple[str, ...]:
        """Names of the model's image inputs, in order. They are sent, never looked up."""
        return self._inputs("image")

    def vectors(self) -> tuple[str, ...]:
        """Names of the model's vector inputs, in order. They are sent, never looked up."""
        return self._inputs("vector")

    def inputs(self) -> tuple[str, ...]:
        """Names of all of the model's inputs, by kind and in order."""
        return tuple(self.kinds())

    def kinds(self) -> dict[str, Kind]:
        """The kind of each of the model's inputs."""
        return {name: kind for kind in KINDS for name in self._inputs(kind)}

    def field(self, name: str) -> RequestField:
        """The input of that name that callers send."""
        return next(field for field in self.request if field.name == name)

    def _inputs(self, kind: Kind) -> tuple[str, ...]:
        sent = [field.name for field in self.request if field.is_model_input and field.kind == kind]
        looked_up = [name for view in self.views for _feature, name, of_kind in view.outputs if of_kind == kind]
        return (*sent, *looked_up)


class LeakFinding(Value):
    """A column with signs of leakage: `auc` is how well it alone predicts the label. Where that is the only sign it may
    be a discovery, and a person may accept it."""

    column: str
    reason: str
    auc: float | None

    @property
    def may_be_accepted(self) -> bool:
        return self.auc is not None


Seconds = Annotated[int, Field(ge=0, le=10 * 366 * 86_400)]
Until = Literal["draft", "staged", "published"]
Sources = Annotated[dict[ViewName, str], Field(min_length=1, max_length=20)]
# Of what is not to be built yet.
DraftSources = Annotated[dict[ViewName, str], Field(max_length=20)]
Columns = Annotated[tuple[ColumnName, ...], Field(max_length=500)]
FeatureView.model_rebuild()


class MaterializationState(StrEnum):
    """READY waits for its next time, or for somebody who runs it; FAILED too, and says why its last run ended badly;
    REMOVED is what a retired or discarded version leaves."""

    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    PAUSED = "paused"
    REMOVED = "removed"
