"""Endpoints, what they serve, and what was measured on them, as the other domains and the pages see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from core.foundation.naming.titles import ShownName
from core.foundation.validation import AddressName
from core.foundation.values import Value
from core.tasks.values import Interval

EndpointName = AddressName
Environment = Literal["staging", "production"]
# A share of inputs that are unknown or missing asks for attention when it has become several times what it was and is
# no longer small, or is large where nothing is known of before.
ENOUGH_ROWS, SMALL_SHARE, LARGE_SHARE, JUMP = 100, 0.05, 0.5, 3.0
Percent = Annotated[int, Field(ge=0, le=100)]


class ServiceLevel(Value):
    """What an endpoint promises: 99 of 100 requests within `p99_ms`, at most `error_rate` of them failed."""

    p99_ms: Annotated[float, Field(gt=0, le=60_000)] = 50.0
    error_rate: Annotated[float, Field(ge=0, lt=1)] = 0.001


class Route(Value):
    """A version and its share of the traffic. Production routes carry the id of the promotion that let them in."""

    version_id: str
    model: str
    version: int
    digest: str
    weight: Percent
    promotion_id: str = ""


class Server(Value):
    """A model server process as the gateway last saw it; `rests_until` when it starts again after starts that
    failed."""

    version_id: str
    state: Literal["starting", "ready", "unresponsive", "draining", "stopped", "refused"]
    address: str
    cause: str
    started_at: datetime
    rests_until: datetime | None = None


class Closed(Value):
    """Since when an endpoint is wanted to serve nothing that did serve, by whose word and why."""

    since: datetime
    by: str
    reason: str


class Endpoint(Value):
    """A name that callers use, with a title for people. `routes` are wanted, `actual` is what the gateway has
    confirmed (weights by version id); when `settled` the two agree and the server of every version answers. Weights of
    less than 100 in all answer that share of callers. `closed` is what took everything out; empty, too, for what never
    served. `url` is where callers send requests."""

    id: str
    project: str
    name: ShownName
    title: str
    environment: Environment
    description: str
    slo: ServiceLevel
    url: str
    routes: tuple[Route, ...]
    actual: dict[str, int]
    settled: bool
    servers: tuple[Server, ...]
    generation: int
    cause: str
    closed: Closed | None = None
    created_at: datetime
    changed_at: datetime


class InputGap(Value):
    """How many of the last hour's `rows` had a value of an input that the model does not know (the event time is an
    input, and unknown 20 years away), or no row of a view; and how many did `before`, since the servers started."""

    name: str
    kind: Literal["unknown", "missing"]
    rows: int
    count: int
    rows_before: int
    count_before: int

    @property
    def share(self) -> float:
        return self.count / self.rows if self.rows else 0.0

    @property
    def share_before(self) -> float | None:
        """None where there was too little before to compare with."""
        return self.count_before / self.rows_before if self.rows_before >= ENOUGH_ROWS else None

    @property
    def has_jumped(self) -> bool:
        """Whether the share is several times what it was; with nothing to compare it with, whether it is large."""
        limit = LARGE_SHARE if self.share_before is None else max(SMALL_SHARE, JUMP * self.share_before)
        return self.rows >= ENOUGH_ROWS and self.share >= limit


class EndpointInputs(Value):
    """What an endpoint's running servers were asked in the last hour: how many rows, and what was unknown or missing in
    them, the largest share first. Rows that jobs send to measure are not among them."""

    rows: int
    gaps: tuple[InputGap, ...]


class Served(Value):
    """A period of an endpoint's history: what it served, from when to when, by whose word and under which promotion.
    What is `wanted` answers no caller yet, and what `never` did was given up before."""

    endpoint_id: str
    generation: int
    routes: tuple[Route, ...]
    reason: str
    promotion_id: str
    changed_by: str
    from_time: datetime
    to_time: datetime | None
    state: Literal["wanted", "served", "never"] = "served"


class Ticket(Value):
    """A short-lived signed permission to call one endpoint: sent as `Authorization: Bearer <token>`. It is checked
    against its signature, its endpoint and its end alone, so that what was revoked meanwhile calls on to its end. At
    `renew_at` half of its life is gone: the next one is due, and this one serves on where none can be issued now."""

    endpoint_id: str
    url: str
    token: str
    expires_at: datetime
    renew_at: datetime


# The kind of evidence that a parity report is.
PARITY = "parity"


class ParityCause(Value):
    """A cause of mismatches and how many it explains."""

    cause: str
    rows: int


class ParityRow(Value):
    """A mismatch: one row and input (or the prediction), offline and served."""

    row_id: str
    name: str
    offline: Any
    served: Any
    cause: str


class ParityReport(Value):
    """Held-out rows, offline and through the running endpoint. `mismatches` counts cells, predictions included."""

    rows: int
    cells: int
    mismatches: int
    rows_with_mismatch: int
    largest_prediction_gap: float
    by_input: dict[str, int]
    causes: tuple[ParityCause, ...]
    worst: tuple[ParityRow, ...]
    version_digest: str
    holdout: str


class Replay(Value):
    """Real rows sent to an endpoint in the order and spacing in which they happened, with the outcomes that
    followed. `metrics` are of all answers, `figures` of each version's own, with their intervals."""

    id: str
    endpoint_id: str
    job_id: str
    state: str
    sent: int
    failed: int
    progress: float | None
    metrics: dict[str, float]
    by_version: dict[str, int]
    started_at: datetime
    ended_at: datetime | None
    figures: dict[str, dict[str, Interval]] = Field(default_factory=dict)
