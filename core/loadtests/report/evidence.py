"""From a report to evidence: a verdict, and one sentence a person can decide by."""

from core.foundation.digests import digest_of
from core.foundation.text import _, percent, thousands
from core.loadtests.values import LOAD_TEST, Profile, Report
from core.registry.values import NewEvidence
from core.tasks.values import Verdict


def evidence_of(report: Report, *, project: str, source: str, created_by: str) -> NewEvidence:
    """The evidence of a finished test, measured on the version's bytes, the endpoint, the plan and the payload."""
    return NewEvidence(
        kind=LOAD_TEST,
        subject=report.version_id,
        project=project,
        verdict=verdict_of(report),
        summary=sentence_of(report),
        measured_on={
            "version": report.digest,
            "endpoint": report.endpoint_id,
            "plan": digest_of(report.plan),
            "payload": report.payload_digest,
        },
        content=report.model_dump(mode="json"),
        source=source,
        created_by=created_by,
    )


def verdict_of(report: Report) -> Verdict:
    """Inconclusive when the generator was not fit: nothing was learned about the target."""
    if report.validity == "INVALID":
        return Verdict.INCONCLUSIVE
    return Verdict.PASS if report.holds_slo else Verdict.FAIL


def sentence_of(report: Report) -> str:
    if report.validity == "INVALID":
        return _("Invalid: {reason}").format(reason=report.reasons[0])
    if report.plan.profile is Profile.CAPACITY:
        return _capacity_sentence(report)
    return _("p99 {ms} at {rate} requests per second (limit {limit:.0f} ms), {errors} failed").format(
        ms=_milliseconds(report),
        rate=thousands(report.plan.rate),
        limit=report.slo.p99_ms,
        errors=percent(report.error_rate, 2),
    )


def _capacity_sentence(report: Report) -> str:
    capacity, limit = report.capacity, report.slo.p99_ms
    if capacity is None or capacity.rate is None or capacity.low is None:
        return _("No rate was found at which the p99 stays within {limit:.0f} ms").format(limit=limit)
    if capacity.high is None:
        return _("At least {low} requests per second within {limit:.0f} ms; nothing broke").format(
            low=thousands(capacity.low), limit=limit
        )
    return _("{rate} requests per second within {limit:.0f} ms (95 %: {low} to {high})").format(
        rate=thousands(capacity.rate), limit=limit, low=thousands(capacity.low), high=thousands(capacity.high)
    )


def _milliseconds(report: Report) -> str:
    ms = next(percentile.ms for percentile in report.percentiles if percentile.fraction == 0.99)
    return _("unknown") if ms is None else _("{ms:.1f} ms").format(ms=ms)
