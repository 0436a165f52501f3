"""What a load test is asked to do, what it saw, and what may be said of it."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from core.features.values import FeatureContract
from core.foundation.values import Value
from core.loadtests.generator.arrivals import Spacing

# The kind of evidence that a report is.
LOAD_TEST = "load_test"
HIGHEST_RATE = 5_000.0
# A ticket, with which the generator calls the endpoint, lives for an hour.
LONGEST_SECONDS = 3_300.0
MOST_IN_FLIGHT = 2_000

Rate = Annotated[float, Field(ge=1, le=HIGHEST_RATE)]
Seconds = Annotated[float, Field(ge=2, le=LONGEST_SECONDS)]
InFlight = Annotated[int, Field(ge=1, le=MOST_IN_FLIGHT)]


class Profile(StrEnum):
    """The course of the load."""

    SMOKE = "smoke"
    STEP = "step"
    SPIKE = "spike"
    SOAK = "soak"
    CAPACITY = "capacity"


class LoadTestState(StrEnum):
    """`waiting`: a test of a production endpoint that a second person has not confirmed yet."""

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_over(self) -> bool:
        return self in (LoadTestState.FINISHED, LoadTestState.FAILED, LoadTestState.STOPPED)


class Slo(Value):
    """What the target promises: 99 of 100 requests within `p99_ms`, and at most `error_rate` of them failed."""

    p99_ms: Annotated[float, Field(gt=0, le=60_000)]
    error_rate: Annotated[float, Field(ge=0, lt=1)] = 0.001


class Target(Value):
    """Where the load goes, as serving names it. Nothing a user types ever becomes `url`."""

    endpoint_id: str
    endpoint: str
    environment: Literal["staging", "production"]
    url: str
    version_id: str
    digest: str
    slo: Slo
    headers: dict[str, str] = Field(default_factory=dict)


class Plan(Value):
    """The load. `rate` is its peak in requests per second (for a capacity search: where the search ends at the latest),
    `rate_cap` what no second may exceed by more than 5 %, `in_flight` how many requests may be unanswered at once."""

    profile: Profile
    rate: Rate
    seconds: Seconds
    in_flight: InFlight
    rate_cap: Rate
    spacing: Spacing = "poisson"
    window_seconds: Annotated[float, Field(ge=0.5, le=60)] = 2.0
    timeout_ms: Annotated[float, Field(ge=50, le=10_000)] = 2_000.0
    seed: int = 1


class LoadTestSpec(Value):
    """The job's payload. The target's headers are added at launch; `bodies` is how many rows are drawn at most."""

    plan: Plan
    target: Target
    contract: FeatureContract
    bodies: int


class GeneratorSpec(Value):
    """What the generator process reads, as a file that only its user can read. `bodies` is a file with one JSON
    request body a line, `windows` is written at the end, `series` is the descriptor of a pipe for one line a
    second."""

    plan: Plan
    target: Target
    bodies: Path
    windows: Path
    series: int
    parent: int


class Stage(Value):
    """A time window at one rate. The first `settle` seconds are sent and not counted."""

    rate: float
    seconds: float
    settle: float = 0.0


Counts = dict[int, int]


class Window(Value):
    """What was seen at one rate for a few seconds, by the moment at which requests were due. `slow` counts requests
    that failed or took longer than the SLO; `response` runs from the due moment, `service` from the moment of
    sending; a failed request counts as slow as the time limit. `cpu` is the generator's own share of one core."""

    rate: float
    seconds: float
    due: int
    sent: int
    answered: int
    slow: int
    dropped: int
    failures: dict[str, int]
    response: Counts
    service: Counts
    lag: Counts
    queue: Counts
    compute: Counts
    digests: dict[str, int]
    cpu: float

    @property
    def failed(self) -> int:
        return sum(self.failures.values())


class SeriesPoint(Value):
    """One second of a running test. Rates are per second, times in milliseconds, `cpu` is the generator's share of one
    core."""

    second: int
    offered: float
    achieved: float
    errors: float
    p50_ms: float | None
    p99_ms: float | None
    in_flight: int
    cpu: float
    lag_p99_ms: float | None


class Percentile(Value):
    """A percentile in milliseconds with its 95 % interval. All None when there are too few samples to claim it."""

    fraction: float
    ms: float | None
    low_ms: float | None
    high_ms: float | None
    samples: int


class RateRow(Value):
    """All healthy windows at one rate. `slow_share` is the share of requests that failed or missed the SLO's time;
    `rejected_windows` were left out because the generator was not fit in them."""

    rate: float
    windows: int
    rejected_windows: int
    requests: int
    error_rate: float
    slow_share: float
    p50: Percentile
    p99: Percentile
    queue_p99_ms: float | None
    compute_p99_ms: float | None
    holds: bool


class Capacity(Value):
    """The largest rate at which the SLO holds, with its 95 % interval. `high` is None when no rate was found that
    breaks it; `rate` and `low` are None when none was found that holds it."""

    rate: float | None
    low: float | None
    high: float | None
    method: str


class ServerTime(Value):
    """Where the server says that the time went, in milliseconds."""

    queue_p50_ms: float | None
    queue_p99_ms: float | None
    compute_p50_ms: float | None
    compute_p99_ms: float | None


class Report(Value):
    """The result. `validity` comes first: when it is INVALID, `reasons` say why and no number may be cited.
    Percentiles run from the moment at which a request was due; the naive ones from the moment of sending, as tools
    usually count."""

    validity: Literal["VALID", "INVALID"]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    plan: Plan
    slo: Slo
    endpoint_id: str
    version_id: str
    digest: str
    payload_digest: str
    requests: int
    failures: dict[str, int]
    error_rate: float
    percentiles: tuple[Percentile, ...]
    naive_percentiles: tuple[Percentile, ...]
    server: ServerTime
    rates: tuple[RateRow, ...]
    capacity: Capacity | None
    knee: float | None
    generator_cpu: float
    lag_p99_ms: float | None
    holds_slo: bool


class LoadTestView(Value):
    """A load test as pages and the API show it. `capacity` and `p99_ms` stay None while the result is not VALID;
    `may_not_confirm` says who may not confirm one that waits for a second person, and why."""

    id: str
    project: str
    endpoint_id: str
    endpoint: str
    environment: str
    version_id: str
    digest: str
    plan: Plan
    slo: Slo
    state: LoadTestState
    cause: str
    validity: str
    capacity: float | None
    p99_ms: float | None
    job_id: str
    evidence_id: str
    requested_by: str
    confirmed_by: str
    created_at: datetime
    ended_at: datetime | None
    may_not_confirm: dict[str, str] = Field(default_factory=dict)
