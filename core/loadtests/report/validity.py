"""Whether the generator was fit to measure anything, decided before any number is shown. A saturated generator reports
its own limit as the target's, and its report looks as good as any other."""

from collections import Counter
from collections.abc import Iterator, Sequence

from core.foundation.text import _, percent
from core.loadtests.report.histogram import Histogram
from core.loadtests.report.intervals import fewest_samples
from core.loadtests.values import Plan, Profile, Slo, Window

MOST_CPU = 0.8
LEAST_SENT = 0.98
LAG_FLOOR_MS = 5.0
LAG_SHARE = 0.25
MOST_UNFIT = 0.2
# A search goes on until something breaks, be it the generator, and leaves out the windows in which it did.
MOST_UNFIT_OF_SEARCH = 0.5


def faults(window: Window, *, slo: Slo, in_flight: int) -> Iterator[str]:
    """Why the generator was not fit in this window, in words; nothing when it was.

    A full set of unanswered requests is the target's fault when it means that the average request takes longer than
    the SLO (Little's law: in flight = rate x time), and the generator's when the cap is too small to tell.
    """
    if window.cpu > MOST_CPU:
        yield _("the generator used {cpu} of its core (more than {most})").format(
            cpu=percent(window.cpu, 0), most=percent(MOST_CPU, 0)
        )
    if (lag := Histogram(window.lag).percentile(0.99)) is not None and lag > (limit := lag_limit_ms(slo)):
        yield _("requests left {lag:.1f} ms after they were due (p99, more than {limit:.1f} ms)").format(
            lag=lag, limit=limit
        )
    patience_ms = in_flight / window.rate * 1e3
    if window.dropped and patience_ms < slo.p99_ms:
        yield _(
            "the cap of {cap} requests in flight was reached; at {rate:.0f} per second it permits {ms:.1f} ms"
        ).format(cap=in_flight, rate=window.rate, ms=patience_ms)
    if window.sent + window.dropped < LEAST_SENT * window.due:
        yield _("only {share} of the requests that were due were sent").format(share=percent(window.sent / window.due))


def lag_limit_ms(slo: Slo) -> float:
    """How late requests may leave: a quarter of what the SLO permits, and never less than 5 ms, below which the
    operating system's own timers cannot be blamed on anyone."""
    return max(LAG_FLOOR_MS, LAG_SHARE * slo.p99_ms)


def is_fit(window: Window, *, slo: Slo, in_flight: int) -> bool:
    return not any(faults(window, slo=slo, in_flight=in_flight))


def reasons(windows: Sequence[Window], *, plan: Plan, slo: Slo, digest: str) -> tuple[str, ...]:
    """Why the test as a whole is INVALID, in words; empty when it is VALID."""
    if not any(window.due for window in windows):
        return (_("no request was sent"),)
    if not any(window.answered for window in windows):
        return (_("the target never answered: {causes}").format(causes=_causes(windows)),)
    return (*_unfit(windows, plan=plan, slo=slo), *_wrong_bytes(windows, digest=digest), *_too_few(windows, plan=plan))


def _unfit(windows: Sequence[Window], *, plan: Plan, slo: Slo) -> Iterator[str]:
    first_faults = [next(faults(window, slo=slo, in_flight=plan.in_flight), "") for window in windows]
    bad = [fault for fault in first_faults if fault]
    most = MOST_UNFIT_OF_SEARCH if plan.profile is Profile.CAPACITY else MOST_UNFIT
    if len(bad) > most * len(windows):
        yield _("the generator was not fit in {bad} of {all} windows: {first}").format(
            bad=len(bad), all=len(windows), first=bad[0]
        )


def _wrong_bytes(windows: Sequence[Window], *, digest: str) -> Iterator[str]:
    seen = {digest_seen for window in windows for digest_seen in window.digests}
    if "" in seen:
        yield _("answers did not say which model version they came from")
    if others := sorted(seen - {digest, ""}):
        yield _("answers came from other bytes than the tested version: {digests}").format(
            digests=", ".join(other[:12] for other in others)
        )


def _too_few(windows: Sequence[Window], *, plan: Plan) -> Iterator[str]:
    """A capacity search shows its samples rate by rate; the best filled rate must allow a 99th percentile."""
    by_rate: Counter[float] = Counter()
    for window in windows:
        by_rate[window.rate if plan.profile is Profile.CAPACITY else 0.0] += window.due
    if (most := max(by_rate.values())) < (needed := fewest_samples(0.99)):
        yield _("{n} requests are too few for a 99th percentile: it takes {needed}").format(n=most, needed=needed)


def _causes(windows: Sequence[Window]) -> str:
    counts = sum((Counter(window.failures) for window in windows), Counter[str]())
    return ", ".join(f"{cause} ({count})" for cause, count in counts.most_common())
