"""What was promised of a version, what was measured of it where it serves, and what its goal asks for, side by side.
This is the one place that judges the three; pages show what it says."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from core.foundation.text import _, significant
from core.foundation.values import Value
from core.health.values import Health, worst
from core.registry.sentences import title_of
from core.requirements.values import Comparison, Criterion
from core.serving.values import ServiceLevel
from core.tasks.metrics import ERROR_RATE, P99_MS
from core.tasks.task import quality_metrics

Verdict = Literal["kept", "missed", "no data"]


class Reading(Value):
    """A figure with the ends of its 95 % interval where they are known. `source` is the id of what measured it, or the
    name of the rows it was measured on."""

    value: float
    low: float | None = None
    high: float | None = None
    source: str = ""
    at: datetime | None = None


class Figures(Value):
    """One figure of one version. `goal` is the condition of its requirement, `level` what the endpoint promises its
    callers. `promised` is what was known before it served, by its evaluation and its evidence; `measured` what came of
    it on the endpoint. Without an endpoint it serves nowhere, or nowhere that may be seen."""

    version_id: str
    title: str
    endpoint_id: str = ""
    endpoint: str = ""
    metric: str
    goal: Criterion | None = None
    level: Criterion | None = None
    promised: Reading | None = None
    measured: Reading | None = None
    registered_at: datetime

    @property
    def counts(self) -> Reading | None:
        """What was measured where it serves; while there is nothing, what was promised."""
        return self.measured or self.promised

    def judged(self) -> Iterable[Health]:
        well = Health(object_id=self.version_id, state="healthy")
        for reading in (self.promised, self.measured):
            if self.goal and reading:
                yield well if self.goal.holds(reading.value) else self._missed(self.goal, reading)
        if self.level and self.measured:
            yield well if self.level.holds(self.measured.value) else self._broken(_limit(self.level))
        is_quality = self.metric in quality_metrics()
        if self.promised and self.measured and is_quality and _are_intervals(self.promised, self.measured):
            is_worse = _is_surely_worse(self.measured, self.promised, metric=self.metric)
            yield self._broken(_promise(self.promised)) if is_worse else well

    def _missed(self, goal: Criterion, reading: Reading) -> Health:
        is_measured = reading is self.measured
        text = (
            _("{version} misses the goal on {endpoint}: {metric} is {value}, {limit} is asked for")
            if is_measured
            else _("{version} misses the goal: {metric} is {value}, {limit} is asked for")
        )
        return Health(
            object_id=self.version_id,
            state="goal_missed",
            reason=self._words(text, reading, limit=_limit(goal)),
            cause_id=self.endpoint_id if is_measured else self.version_id,
            since=reading.at or self.registered_at,
        )

    def _broken(self, limit: str) -> Health:
        assert self.measured is not None  # Only what was measured can break a promise.
        text = _("{version} does not keep its promise on {endpoint}: {metric} is {value}, {limit} was promised")
        return Health(
            object_id=self.version_id,
            state="promise_broken",
            reason=self._words(text, self.measured, limit=limit),
            cause_id=self.endpoint_id,
            since=self.measured.at or self.registered_at,
        )

    def _words(self, text: str, reading: Reading, *, limit: str) -> str:
        return text.format(
            version=self.title,
            endpoint=self.endpoint,
            metric=title_of(self.metric),
            value=significant(reading.value),
            limit=limit,
        )


class Assessment(Figures):
    """The same with what follows: the `health` of the version on this endpoint by this figure, the worst of what goal,
    level and promise say, and the `verdict` on them together. Nothing is judged of what is held against nothing, and
    what was not measured where it serves is not kept there, whatever was promised."""

    health: Health
    verdict: Verdict


def assess(figures: Figures) -> Assessment:
    health = worst(figures.version_id, figures.judged())
    return Assessment(**dict(figures), health=health, verdict=_verdict(figures, health))


def _verdict(figures: Figures, health: Health) -> Verdict:
    if health.state not in ("", "healthy"):
        return "missed"
    is_silent = figures.measured is None and figures.endpoint_id
    return "no data" if is_silent or not health.state else "kept"


def levels_of(slo: ServiceLevel) -> dict[str, Criterion]:
    """What an endpoint promises its callers, as conditions by metric."""
    limits = {P99_MS: slo.p99_ms, ERROR_RATE: slo.error_rate}
    return {
        metric: Criterion(metric=metric, comparison=Comparison.AT_MOST, limit=limit) for metric, limit in limits.items()
    }


def metrics_of(
    goals: Mapping[str, Criterion], levels: Mapping[str, Criterion], *, measured: Mapping[str, Reading]
) -> tuple[str, ...]:
    """Which figures stand side by side: those of the goal, then what the endpoint promises, then what was measured."""
    return tuple(dict.fromkeys((*goals, *levels, *measured)))


def _limit(criterion: Criterion) -> str:
    words = _("at least") if criterion.comparison is Comparison.AT_LEAST else _("at most")
    return f"{words} {significant(criterion.limit, 6)}"


def _promise(promised: Reading) -> str:
    if promised.low is None or promised.high is None:
        return significant(promised.value)
    return _("{value} ({low} to {high})").format(
        value=significant(promised.value), low=significant(promised.low), high=significant(promised.high)
    )


def _are_intervals(*readings: Reading) -> bool:
    return all(reading.low is not None and reading.high is not None for reading in readings)


def _is_surely_worse(measured: Reading, promised: Reading, *, metric: str) -> bool:
    """Both were measured on other rows, so their chances add up: it takes intervals that lie apart."""
    if quality_metrics()[metric].better == "up":
        return (measured.high or 0.0) < (promised.low or 0.0)
    return (measured.low or 0.0) > (promised.high or 0.0)
