"""Load tests in words: what was asked for, whether the result may be cited, and what it says."""

from app.ui import links, numbers
from core.foundation.text import N_, _
from core.loadtests.values import Capacity, LoadTestState, LoadTestView, Percentile, Plan, Profile, RateRow, Report

PROFILES: dict[Profile, tuple[str, str]] = {
    Profile.SMOKE: (N_("Smoke"), N_("a low, steady rate: does it answer at all?")),
    Profile.STEP: (N_("Steps"), N_("five rising rates: how does it slow down?")),
    Profile.SPIKE: (N_("Spike"), N_("a sudden peak: does it recover?")),
    Profile.SOAK: (N_("Soak"), N_("one rate for long: does it stay as it was?")),
    Profile.CAPACITY: (N_("Capacity"), N_("a search for the largest rate at which the promise holds")),
}


def profile_name(profile: Profile) -> str:
    return _(PROFILES[profile][0])


def plan_line(plan: Plan) -> str:
    """ "up to 1 600 requests a second for 40 s"."""
    words = _("{rate} requests a second for {time}")
    if plan.profile in (Profile.CAPACITY, Profile.STEP, Profile.SPIKE):
        words = _("up to {rate} requests a second for {time}")
    return words.format(rate=numbers.number(plan.rate), time=numbers.duration(plan.seconds))


def rps(value: float | None) -> str:
    return numbers.rate(value)


def ms(value: float | None) -> str:
    return numbers.milliseconds(value)


def capacity_range(capacity: Capacity) -> str:
    """The 95 % interval; its open end in words."""
    low = numbers.number(round(capacity.low or 0))
    if capacity.high is None:
        return _("at least {low}").format(low=low)
    return _("{low} to {high}").format(low=low, high=numbers.number(round(capacity.high)))


def p99_of(report: Report) -> Percentile | None:
    return next((percentile for percentile in report.percentiles if percentile.fraction == 0.99), None)


def validity_line(report: Report) -> str:
    """Whether anything may be cited, as Markdown."""
    if report.validity == "VALID":
        return _(":green[:material/verified:] **Valid: the generator kept up, so the figures are the target's.**")
    return _(":red[:material/gpp_bad:] **Invalid: no figure of this test may be cited.**")


def verdict_line(report: Report) -> str:
    """What a valid report says, in a sentence of plain Markdown."""
    limit = numbers.figure(report.slo.p99_ms) + " ms"
    if report.capacity is not None:
        return _capacity_line(report.capacity, limit)
    p99 = p99_of(report)
    measured = ms(p99.ms) if p99 else "—"
    if report.holds_slo:
        return _("It keeps its promise at {rate}: p99 {ms}, limit {limit}.").format(
            rate=rps(report.plan.rate), ms=measured, limit=limit
        )
    unfit = [row.rate for row in report.rates if not row.requests]
    row = first_broken(report)
    if row is None and unfit:
        return _("Inconclusive at {rate}: the generator did not keep up there. Below, it keeps its promise.").format(
            rate=rps(unfit[0])
        )
    if row is not None:
        return _("It breaks its promise at {rate}: {share} of the requests failed or took longer than {limit}.").format(
            rate=rps(row.rate), share=numbers.percent(row.slow_share), limit=limit
        )
    return _("It does not keep its promise: p99 {ms}, limit {limit}.").format(ms=measured, limit=limit)


def first_broken(report: Report) -> RateRow | None:
    """The lowest rate at which the promise does not hold."""
    return next((row for row in report.rates if row.requests and not row.holds), None)


def _capacity_line(capacity: Capacity, limit: str) -> str:
    if capacity.rate is None:
        return _("No rate was found that keeps the promise of {limit}.").format(limit=limit)
    if capacity.high is None:
        return _(
            "It takes at least {low} within {limit}. The search ended before the promise was clearly broken."
        ).format(low=rps(capacity.low), limit=limit)
    return _("It takes {rate} within {limit}; 95 % interval {range}.").format(
        rate=rps(capacity.rate), limit=limit, range=capacity_range(capacity)
    )


def short_result(test: LoadTestView) -> str:
    """The result of a test for a list, as plain text."""
    if test.state is not LoadTestState.FINISHED:
        return ""
    if test.validity != "VALID":
        return _("no figure may be cited")
    if test.capacity is not None:
        return _("{rate} within {limit} ms").format(rate=rps(test.capacity), limit=numbers.figure(test.slo.p99_ms))
    return _("p99 {ms}, limit {limit} ms").format(ms=ms(test.p99_ms), limit=numbers.figure(test.slo.p99_ms))


def endpoint_of(test: LoadTestView) -> str:
    return links.title_of(test.endpoint_id, test.endpoint)


def title_of(test: LoadTestView) -> str:
    return _("{profile} test of {endpoint}").format(profile=profile_name(test.plan.profile), endpoint=endpoint_of(test))


def state_of(test: LoadTestView) -> tuple[str, str]:
    """The state to show and its word: a finished test is valid or not, and that comes first; then
    whether it was quick enough."""
    if test.state is LoadTestState.FINISHED:
        if test.validity != "VALID":
            return "invalid", _("Invalid")
        return ("promise_broken", _("Promise broken")) if _is_slow(test) else ("valid", _("Valid"))
    if test.state is LoadTestState.WAITING:
        return "waiting", _("Waits for a second person")
    return test.state, ""


def _is_slow(test: LoadTestView) -> bool:
    """Whether the response times of the whole test are beyond the promise. A search goes there on purpose."""
    searches = test.plan.profile is Profile.CAPACITY
    return not searches and test.p99_ms is not None and test.p99_ms > test.slo.p99_ms


def cause_line(test: LoadTestView) -> str:
    words = {
        LoadTestState.FAILED: _(":red[:material/error:] **The test failed.** {why}"),
        LoadTestState.STOPPED: _(":gray[:material/stop_circle:] **It was stopped**, and nothing was reported."),
    }
    return words.get(test.state, "").format(why=links.escape(test.cause))
