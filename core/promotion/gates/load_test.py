"""Does it hold what the endpoint promises, at the load that is asked for?"""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field, ValidationError

from core.foundation.text import N_, _, thousands
from core.loadtests.values import LOAD_TEST, Capacity, Percentile, Profile, RateRow, Report
from core.promotion.figures import figure
from core.promotion.gate import Finding, Gate, GateContext, GateParams, holds, worst
from core.registry.values import Evidence
from core.requirements.values import Comparison, Criterion
from core.tasks.metrics import CAPACITY_RPS
from core.tasks.values import Interval, Verdict


class LoadTestGate(Gate):
    """The generator's own health comes first: an INVALID test proves nothing. Then the promise of the target endpoint
    must have held, and the requirement's criteria on p99, errors and capacity, each with its whole interval."""

    name = LOAD_TEST
    title = N_("Load test")

    class Params(GateParams):
        rate_rps: float = Field(
            default=0,
            ge=0,
            le=1e6,
            title=N_("Rate of the test (rps)"),
            description="Requests per second at which a test counts; 0 asks none.",
        )
        capacity_rps: float = Field(
            default=0,
            ge=0,
            le=1e6,
            title=N_("Capacity (rps)"),
            description="Requests per second it must hold; 0 asks none.",
        )
        requests: int = Field(default=500, ge=1, le=10**9, description="Requests that must have been sent.")

        def looseness(self) -> Mapping[str, float]:
            own = {"rate_rps": -self.rate_rps, "capacity_rps": -self.capacity_rps, "requests": -self.requests}
            return {**super().looseness(), **own}

    params: Params

    def wanted(self, context: GateContext) -> str:
        if self.params.rate_rps:
            return _("Deploy the version to staging and load-test it there with {rate} requests per second.").format(
                rate=figure(self.params.rate_rps, digits=0)
            )
        return _("Deploy the version to staging and load-test it there.")

    def misfit(self, evidence: Evidence, context: GateContext) -> str:
        if unfit := super().misfit(evidence, context):
            return unfit
        if evidence.content.get("digest") != context.version.digest:
            return _("{id} loaded another version").format(id=evidence.id)
        report = _report(evidence) if self.params.rate_rps else None
        if report and _load(report) < self.params.rate_rps and not _broke(report):
            return _("{id} put {rate} rps on it; the policy asks for {required}").format(
                id=evidence.id,
                rate=figure(_load(report), digits=0),
                required=figure(self.params.rate_rps, digits=0),
            )
        return ""

    def is_valid(self, evidence: Evidence) -> bool:
        return evidence.content.get("validity") != "INVALID"

    def weigh(self, evidence: Sequence[Evidence], context: GateContext) -> Finding:
        report = Report.model_validate(evidence[0].content)
        if report.validity != "VALID":
            return Finding(Verdict.INCONCLUSIVE, _("INVALID"), "; ".join(report.reasons) or _("No reason was given"))
        row = _judged_row(report, self._required_rps(context), context.criterion("p99_ms"))
        reports = (report, *filter(None, (_report(item) for item in evidence[1:])))
        searched = next((tried.capacity for tried in reports if tried.capacity and tried.validity == "VALID"), None)
        findings = [
            self._enough(report),
            _promise(report, row, context, required=self.params.rate_rps),
            *self._criteria(report, row, searched, context),
        ]
        return Finding(
            worst(finding.verdict for finding in findings),
            " · ".join(finding.value for finding in findings if finding.value),
            " · ".join(finding.basis for finding in findings if finding.basis),
        )

    def _required_rps(self, context: GateContext) -> float:
        criterion = context.criterion("capacity_rps")
        return max(self.params.rate_rps, self.params.capacity_rps, criterion.limit if criterion else 0.0)

    def _enough(self, report: Report) -> Finding:
        basis = _("{requests} requests, {errors} errors").format(
            requests=thousands(report.requests), errors=thousands(sum(report.failures.values()))
        )
        enough = report.requests >= self.params.requests
        return Finding(Verdict.PASS if enough else Verdict.INCONCLUSIVE, "", basis)

    def _criteria(
        self, report: Report, row: RateRow | None, searched: Capacity | None, context: GateContext
    ) -> Iterator[Finding]:
        if criterion := context.criterion("p99_ms"):
            yield _p99(criterion, _percentile(report, row))
        if criterion := context.criterion("error_rate"):
            rate = row.error_rate if row else report.error_rate
            verdict = Verdict.PASS if criterion.holds(rate) else Verdict.FAIL
            yield Finding(verdict, "", _("errors at most {limit}").format(limit=figure(criterion.limit)))
        if self.params.capacity_rps:
            required = Criterion(metric=CAPACITY_RPS, comparison=Comparison.AT_LEAST, limit=self.params.capacity_rps)
            yield _capacity(required, searched)
        if criterion := context.criterion("capacity_rps"):
            yield _capacity(criterion, searched)
        elif searched is not None and searched.rate is not None and not self.params.capacity_rps:
            yield Finding(Verdict.PASS, "", _capacity_words(searched))


def _report(evidence: Evidence) -> Report | None:
    """None where the content is no report, which fails when it is weighed."""
    try:
        return Report.model_validate(evidence.content)
    except ValidationError:
        return None


def _load(report: Report) -> float:
    """The highest rate that was put on the version, in requests per second: a search may end long before its last."""
    if report.plan.profile is not Profile.CAPACITY:
        return report.plan.rate
    return max((row.rate for row in report.rates), default=0.0)


def _broke(report: Report) -> bool:
    """Whether the promise broke, at whatever rate: at a higher one it would have too."""
    if report.plan.profile is not Profile.CAPACITY:
        return not report.holds_slo
    return any(not row.holds for row in report.rates)


def _judged_row(report: Report, required_rate: float, criterion: Criterion | None) -> RateRow | None:
    """A search for capacity goes past the limit on purpose, and just below it response times say little: it is judged
    at the highest rate that held and satisfies the criterion on p99, among those that reach the capacity asked
    for."""
    if report.plan.profile is not Profile.CAPACITY:
        return None
    held = sorted((row for row in report.rates if row.holds), key=lambda row: row.rate, reverse=True)
    enough = [row for row in held if row.rate >= required_rate] or held
    good = [row for row in enough if criterion is None or _p99(criterion, row.p99).verdict is Verdict.PASS]
    return next(iter((*good, *enough)), None)


def _percentile(report: Report, row: RateRow | None) -> Percentile | None:
    if row is not None:
        return row.p99
    return next((percentile for percentile in report.percentiles if percentile.fraction == 0.99), None)


def _promise(report: Report, row: RateRow | None, context: GateContext, *, required: float) -> Finding:
    """The promise is the target's own, not the one of the endpoint that was loaded."""
    slo = context.endpoint.slo
    reached = report.plan.profile is not Profile.CAPACITY or (row is not None and row.rate >= required)
    held = report.holds_slo and reached
    measured = _percentile(report, row)
    ms = measured.ms if measured else None
    rate = row.rate if row else report.plan.rate
    value = _("p99 {ms} ms at {rate} rps, limit {limit} ms").format(
        ms="?" if ms is None else figure(ms, digits=1), rate=figure(rate, digits=0), limit=figure(slo.p99_ms, digits=1)
    )
    if report.slo.p99_ms > slo.p99_ms or report.slo.error_rate > slo.error_rate:
        return Finding(Verdict.FAIL, value, _("It was tested against a laxer promise than the target's"))
    return Finding(Verdict.PASS, value, "") if held else Finding(Verdict.FAIL, value, _broken(report))


def _broken(report: Report) -> str:
    """Where the promise broke: the figure of the whole test may look well all the same."""
    row = next((row for row in report.rates if row.requests and not row.holds), None)
    if row is None or report.plan.profile is Profile.CAPACITY:
        return ""
    return _("the promise broke at {rate} rps, where {share} % failed or took longer").format(
        rate=figure(row.rate, digits=0), share=figure(100 * row.slow_share, digits=1)
    )


def _p99(criterion: Criterion, measured: Percentile | None) -> Finding:
    words = _("p99 at most {limit} ms").format(limit=figure(criterion.limit, digits=1))
    if measured is None or measured.ms is None or measured.low_ms is None or measured.high_ms is None:
        return Finding(Verdict.FAIL, "", _("{what}: too few samples").format(what=words))
    interval = Interval(value=measured.ms, low=measured.low_ms, high=measured.high_ms)
    return Finding(holds(criterion, interval), "", words)


def _capacity(criterion: Criterion, capacity: Capacity | None) -> Finding:
    limit = _("at least {limit} rps").format(limit=figure(criterion.limit, digits=0))
    if capacity is None:
        return Finding(Verdict.FAIL, "", _("capacity was not measured, {limit}").format(limit=limit))
    words = f"{_capacity_words(capacity)}, {limit}"
    if capacity.low is not None and criterion.holds(capacity.low):
        return Finding(Verdict.PASS, "", words)
    beyond_doubt = capacity.high is not None and not criterion.holds(capacity.high)
    return Finding(Verdict.FAIL if beyond_doubt or capacity.rate is None else Verdict.INCONCLUSIVE, "", words)


def _capacity_words(capacity: Capacity) -> str:
    if capacity.rate is None:
        return _("no rate holds the promise")
    low = figure(capacity.low or 0, digits=0)
    rate = figure(capacity.rate, digits=0)
    if capacity.high is None:
        return _("capacity {rate} rps (at least {low})").format(rate=rate, low=low)
    return _("capacity {rate} rps ({low} to {high})").format(rate=rate, low=low, high=figure(capacity.high, digits=0))
