"""What people learn about features: their values over time, how fresh they are, how far they have drifted, and who uses
them at what cost."""

from datetime import datetime
from typing import Literal

from core.features.values import Consumer, Kind
from core.foundation.values import Value
from core.lake.comparison.distance_values import Distance

Window = Literal["day", "week", "month"]


class FeatureWindow(Value):
    """A feature's values in the window of event time that begins at `start` (UTC; a week begins on Monday), over the
    rows that win at their event time (R3). `not_finite` counts NaN and infinity; they are in none of the figures.
    `mean`, `deviation` (of the sample) and `percentiles` (share, the value at or below which that share lies) are of
    numbers, the first two only where no value is beyond 1e150; `minimum` and `maximum` are exact, as text. `frequent`
    are the commonest values of a category with their counts, out of `distinct` ones."""

    feature: str
    kind: Kind
    start: datetime
    rows: int
    nulls: int
    not_finite: int = 0
    distinct: int
    mean: float | None = None
    deviation: float | None = None
    minimum: str = ""
    maximum: str = ""
    percentiles: tuple[tuple[float, float], ...] = ()
    frequent: tuple[tuple[str, int], ...] = ()

    @property
    def null_share(self) -> float:
        return self.nulls / self.rows if self.rows else 0.0


class Freshness(Value):
    """How old the newest row of a view's version is, built or kept online: against now, and against the newest row of
    its sources today (`behind_seconds`, where a source has a column of the event time's name). `expected_seconds` is
    what its ttl or else its schedule promises, 0 where neither does. It is stale when it is older than that, or when
    its sources have rows that are newer by more than that. `reason` says so in words."""

    view_id: str
    version_id: str
    newest_event: datetime | None
    newest_source: datetime | None
    age_seconds: float | None
    behind_seconds: float | None
    expected_seconds: int
    materialized_until: datetime | None
    verdict: Literal["fresh", "stale", "no data"]
    reason: str


class FeatureDrift(Value):
    """A feature's values in a window against those of the column `column` of a training set's split, which is the first
    of the two sides of `distance`. `rows` are the version's rows in the window. `caveat` says what no such figure can
    see."""

    feature: str
    column: str
    split: str
    since: datetime
    until: datetime
    rows: int
    distance: Distance
    caveat: str


class UnmeasuredDrift(Value):
    """A version whose newest values were not compared with those of a training set yet."""

    version_id: str
    training_set_id: str


class FeatureCost(Value):
    """What a version costs: the seconds its build took, its rows, and the bytes they take in the store."""

    build_seconds: float
    rows: int
    bytes: int


class FeatureUsage(Value):
    """Who uses a version, in the order of the chain, at most 500 of them (`is_cut` when there are more), when the
    newest of them came to be, and what the version costs."""

    version_id: str
    consumers: tuple[Consumer, ...]
    is_cut: bool
    training_sets: int
    runs: int
    model_versions: int
    endpoints: int
    live: int
    last_used: datetime | None
    cost: FeatureCost


class DeadFeature(Value):
    """A built version that no training set and no live materialization uses."""

    view_id: str
    view: str
    project: str
    version_id: str
    version: int
    state: str
    owner: str
    features: int
    created_at: datetime
    age_seconds: float
    cost: FeatureCost
