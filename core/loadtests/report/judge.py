"""From what the generator saw to what may be said. Whether anything may be said at all comes first."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from random import Random

from core.foundation.settings import is_loopback
from core.foundation.text import _
from core.loadtests.report.capacity import Outcome, estimate, knee
from core.loadtests.report.histogram import Histogram
from core.loadtests.report.intervals import rank_interval
from core.loadtests.report.validity import is_fit, reasons
from core.loadtests.values import (
    Capacity,
    Counts,
    Percentile,
    Plan,
    Profile,
    RateRow,
    Report,
    ServerTime,
    Slo,
    Target,
    Window,
)

FRACTIONS = (0.5, 0.9, 0.95, 0.99, 0.999)
MISLEADING = 2.0


def report_of(windows: Sequence[Window], *, plan: Plan, target: Target, payload_digest: str) -> Report:
    """The report of a test. Its counts and percentiles cover all windows in which the generator was fit; those of a
    capacity search, the fit windows at the highest rate within the capacity, because a mixture of rates says
    nothing."""
    slo = target.slo
    invalid_reasons = reasons(windows, plan=plan, slo=slo, digest=target.digest)
    fit = [window for window in windows if is_fit(window, slo=slo, in_flight=plan.in_flight)]
    rates = _rate_rows(windows, fit=fit, slo=slo)
    capacity = _capacity(fit, plan=plan, slo=slo) if not invalid_reasons else None
    counted = _counted(fit, rates=rates, capacity=capacity) or list(windows)
    response, service = (
        _merged(counted, lambda window: window.response),
        _merged(counted, lambda window: window.service),
    )
    requests = sum(window.due for window in counted)
    failures = sum((Counter(window.failures) for window in counted), Counter[str]())
    return Report(
        validity="INVALID" if invalid_reasons else "VALID",
        reasons=invalid_reasons,
        notes=tuple(_notes(windows, fit=fit, counted=counted, plan=plan, target=target)),
        plan=plan,
        slo=slo,
        endpoint_id=target.endpoint_id,
        version_id=target.version_id,
        digest=target.digest,
        payload_digest=payload_digest,
        requests=requests,
        failures=dict(failures),
        error_rate=failures.total() / requests if requests else 0.0,
        percentiles=tuple(percentile_of(response, fraction=fraction) for fraction in FRACTIONS),
        naive_percentiles=tuple(percentile_of(service, fraction=fraction) for fraction in FRACTIONS),
        server=_server_time(counted),
        rates=rates,
        capacity=capacity,
        knee=_knee(fit),
        generator_cpu=max((window.cpu for window in counted), default=0.0),
        lag_p99_ms=_merged(counted, lambda window: window.lag).percentile(0.99),
        holds_slo=not invalid_reasons and _holds(rates, capacity=capacity),
    )


def percentile_of(histogram: Histogram, *, fraction: float) -> Percentile:
    """A percentile with its interval, in milliseconds; no figures where there are too few samples for an interval."""
    samples = histogram.total
    ranks = rank_interval(samples, fraction=fraction) if samples else None
    if ranks is None:
        return Percentile(fraction=fraction, ms=None, low_ms=None, high_ms=None, samples=samples)
    return Percentile(
        fraction=fraction,
        ms=histogram.percentile(fraction),
        low_ms=histogram.at_rank(ranks[0]),
        high_ms=histogram.at_rank(ranks[1]),
        samples=samples,
    )


def _rate_rows(windows: Sequence[Window], *, fit: Sequence[Window], slo: Slo) -> tuple[RateRow, ...]:
    seen, fit_by_rate = _by_rate(windows), _by_rate(fit)
    return tuple(_rate_row(fit_by_rate[rate], rate=rate, seen=len(seen[rate]), slo=slo) for rate in sorted(seen))


def _rate_row(windows: Sequence[Window], *, rate: float, seen: int, slo: Slo) -> RateRow:
    requests = sum(window.due for window in windows)
    slow, failed = sum(window.slow for window in windows), sum(window.failed for window in windows)
    response = _merged(windows, lambda window: window.response)
    return RateRow(
        rate=rate,
        windows=len(windows),
        rejected_windows=seen - len(windows),
        requests=requests,
        error_rate=failed / requests if requests else 0.0,
        slow_share=slow / requests if requests else 0.0,
        p50=percentile_of(response, fraction=0.5),
        p99=percentile_of(response, fraction=0.99),
        queue_p99_ms=_merged(windows, lambda window: window.queue).percentile(0.99),
        compute_p99_ms=_merged(windows, lambda window: window.compute).percentile(0.99),
        holds=bool(requests) and Outcome(rate, requests, slow, failed).holds(slo),
    )


def _counted(fit: Sequence[Window], *, rates: Sequence[RateRow], capacity: Capacity | None) -> list[Window]:
    if capacity is None:
        return list(fit)
    holding = [row.rate for row in rates if row.holds and row.rate <= (capacity.rate or 0.0)]
    return [window for window in fit if holding and window.rate == max(holding)]


def _capacity(fit: Sequence[Window], *, plan: Plan, slo: Slo) -> Capacity | None:
    if plan.profile is not Profile.CAPACITY:
        return None
    outcomes = [Outcome(window.rate, window.due, window.slow, window.failed) for window in fit]
    return estimate(outcomes, slo=slo, random=Random(plan.seed))


def _holds(rates: Sequence[RateRow], *, capacity: Capacity | None) -> bool:
    """A search holds when there is a rate that does; any other test when every rate of it does."""
    return capacity.rate is not None if capacity else all(row.holds for row in rates)


def _knee(fit: Sequence[Window]) -> float | None:
    points = [(rate, _merged(windows, lambda window: window.response)) for rate, windows in _by_rate(fit).items()]
    return knee([(rate, ms) for rate, response in points if (ms := response.percentile(0.99)) is not None])


def _server_time(windows: Sequence[Window]) -> ServerTime:
    queue, compute = _merged(windows, lambda window: window.queue), _merged(windows, lambda window: window.compute)
    return ServerTime(
        queue_p50_ms=queue.percentile(0.5),
        queue_p99_ms=queue.percentile(0.99),
        compute_p50_ms=compute.percentile(0.5),
        compute_p99_ms=compute.percentile(0.99),
    )


def _notes(
    windows: Sequence[Window], *, fit: Sequence[Window], counted: Sequence[Window], plan: Plan, target: Target
) -> Iterator[str]:
    """What a reader of the figures should know beside them."""
    if rejected := len(windows) - len(fit):
        yield _("windows left out because the generator was not fit in them: {n}").format(n=rejected)
    if plan.profile is Profile.CAPACITY:
        yield from _search_notes(windows, fit=fit, counted=counted, slo=target.slo)
    if is_loopback(_host(target.url)):
        yield _("the generator ran on the target's own machine and took cores from it")
    yield from _misleading(counted)


def _search_notes(
    windows: Sequence[Window], *, fit: Sequence[Window], counted: Sequence[Window], slo: Slo
) -> Iterator[str]:
    if len({window.rate for window in counted}) == 1:
        yield _("percentiles are those at {rate:.0f} requests per second").format(rate=counted[0].rate)
    highest = max((window.rate for window in fit), default=0.0)
    if any(window.rate > highest for window in windows):
        yield _("above {rate:.0f} requests per second the generator itself was not fit").format(rate=highest)
    rows = _rate_rows(fit, fit=fit, slo=slo)
    if _is_disturbed(rows):
        yield _(
            "a rate broke below one that held: something beside the load disturbed the target, or it halts by itself"
        )
    if any(row.windows < 2 for row in _around_the_limit(rows)):
        yield _("the time ended before the rates around the capacity were measured again")


def _is_disturbed(rows: Sequence[RateRow]) -> bool:
    broken = [row.rate for row in rows if row.windows and not row.holds]
    return bool(broken) and any(row.holds and row.rate > broken[0] for row in rows)


def _around_the_limit(rows: Sequence[RateRow]) -> Iterator[RateRow]:
    """The highest rate that holds and the next one."""
    last_holding = max((number for number, row in enumerate(rows) if row.holds), default=-1)
    yield from rows[max(0, last_holding) : last_holding + 2]


def _misleading(counted: Sequence[Window]) -> Iterator[str]:
    due = _merged(counted, lambda window: window.response).percentile(0.99)
    sent = _merged(counted, lambda window: window.service).percentile(0.99)
    if due and sent and due > MISLEADING * sent:
        yield _("counted from the moment of sending, as most tools do, the p99 would have been {ms:.1f} ms").format(
            ms=sent
        )


def _host(url: str) -> str:
    return url.partition("//")[2].partition("/")[0].rpartition(":")[0].strip("[]")


def _by_rate(windows: Sequence[Window]) -> dict[float, list[Window]]:
    by_rate: dict[float, list[Window]] = defaultdict(list)
    for window in windows:
        by_rate[window.rate].append(window)
    return by_rate


def _merged(windows: Sequence[Window], counts_of: Callable[[Window], Counts]) -> Histogram:
    merged = Histogram()
    for window in windows:
        merged.merge(Histogram(counts_of(window)))
    return merged
