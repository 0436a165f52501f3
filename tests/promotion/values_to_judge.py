"""Values to judge: a version, an endpoint, evidence on them, as the domains below make them."""

from datetime import UTC, datetime
from typing import Any

from core.foundation.digests import digest_of
from core.loadtests.values import LOAD_TEST, Capacity, Percentile, Plan, Profile, RateRow, Report, ServerTime, Slo
from core.registry.foreign.values import ConversionReport, Difference, Tolerance
from core.registry.signature import Signature, TensorSpec
from core.registry.values import (
    CONVERSION,
    INPUTS,
    QUALITY,
    SAFETY,
    Evaluation,
    Evidence,
    Finding,
    InputReport,
    ModelVersion,
    QualityReport,
    SafetyReport,
)
from core.serving.values import PARITY, Endpoint, ParityReport, Route, ServiceLevel
from core.tasks.values import Interval, Verdict

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOLDOUT = "a" * 64


def interval(value: float, spread: float = 0.002) -> Interval:
    return Interval(value=value, low=value - spread, high=value + spread)


def evaluation(**changes: Any) -> Evaluation:
    standard: dict[str, Any] = {
        "holdout": HOLDOUT,
        "holdout_name": "test",
        "rows": 50_000,
        "positive_share": 0.22,
        "metrics": {"auc": interval(0.70), "log_loss": interval(0.48), "ece": interval(0.01)},
        "predictions": "b" * 64,
    }
    return Evaluation(**{**standard, **changes})


def version(number: int = 2, **changes: Any) -> ModelVersion:
    standard: dict[str, Any] = {
        "id": f"MV-{number}",
        "model_id": "M-1",
        "model": "late-arrival",
        "title": f"late-arrival v{number}",
        "project": "PROJ-1",
        "version": number,
        "state": "active",
        "digest": digest_of({"version": number}),
        "model_digest": digest_of({"file": number}),
        "bytes": 120_000,
        "signature": Signature(inputs=(TensorSpec(name="carrier", datatype="BYTES"),)),
        "params": {},
        "evaluations": (evaluation(),),
        "run_id": f"RUN-{number}",
        "training_set_id": "TS-1",
        "feature_versions": ("FEAT-1", "FEAT-2"),
        "requirement_id": "",
        "code_commit": "",
        "environment": {},
        "card": "A card.",
        "created_by": "P-2",
        "created_at": NOW,
    }
    return ModelVersion(**{**standard, **changes})


def route_of(model_version: ModelVersion, weight: int = 100, promotion_id: str = "") -> Route:
    return Route(
        version_id=model_version.id,
        model=model_version.model,
        version=model_version.version,
        digest=model_version.digest,
        weight=weight,
        promotion_id=promotion_id,
    )


def endpoint(*routes: Route, **changes: Any) -> Endpoint:
    standard: dict[str, Any] = {
        "id": "EP-1",
        "project": "PROJ-1",
        "name": "late-arrival",
        "title": "late-arrival",
        "environment": "production",
        "description": "",
        "slo": ServiceLevel(p99_ms=50.0, error_rate=0.001),
        "url": "",
        "routes": routes,
        "actual": {},
        "settled": True,
        "servers": (),
        "generation": 1,
        "cause": "",
        "created_at": NOW,
        "changed_at": NOW,
    }
    return Endpoint(**{**standard, **changes})


def evidence(kind: str, subject: ModelVersion, content: Any, number: int = 1, **changes: Any) -> Evidence:
    measured_on = {"version": subject.digest, "model": subject.model_digest, **changes.pop("measured_on", {})}
    document = content if isinstance(content, dict) else content.model_dump(mode="json")
    standard: dict[str, Any] = {
        "id": f"EV-{number}",
        "project": subject.project,
        "kind": kind,
        "subject": subject.id,
        "verdict": Verdict.PASS,
        "summary": "",
        "measured_on": measured_on,
        "content": document,
        "digest": digest_of({"measured_on": measured_on, "content": repr(document)}),
        "source": "JOB-1",
        "created_by": "P-2",
        "created_at": NOW,
    }
    return Evidence(**{**standard, **changes})


def quality(subject: ModelVersion, production: ModelVersion | None = None, **changes: Any) -> Evidence:
    """`deltas` and `metrics` replace those of the content; all else is the evidence's own."""
    content = {
        "metrics": subject.evaluations[0].metrics,
        "baseline": production.id if production else "",
        "baseline_metrics": production.evaluations[0].metrics if production else {},
        "deltas": {"auc": interval(0.01), "log_loss": interval(-0.01)} if production else {},
        "holdout": HOLDOUT,
        "holdout_name": "test",
        "rows": 50_000,
        "positive_share": 0.22,
        "margins": {},
    }
    content |= {name: changes.pop(name) for name in ("deltas", "metrics") if name in changes}
    measured_on = {"holdout": HOLDOUT, "predictions": "b" * 64, "baseline": production.digest if production else ""}
    measured_on |= changes.pop("measured_on", {})
    report = QualityReport.model_construct(**content).model_dump(mode="json")
    return evidence(QUALITY, subject, report, measured_on=measured_on, **changes)


def parity(subject: ModelVersion, *, mismatches: int = 0, rows: int = 500, **changes: Any) -> Evidence:
    report = ParityReport(
        rows=rows,
        cells=rows * 10,
        mismatches=mismatches,
        rows_with_mismatch=mismatches,
        largest_prediction_gap=0.0,
        by_input={},
        causes=(),
        worst=(),
        version_digest=subject.digest,
        holdout=HOLDOUT,
    )
    return evidence(PARITY, subject, report, **changes)


def percentile(ms: float | None, fraction: float = 0.99) -> Percentile:
    ends = (None, None) if ms is None else (ms * 0.95, ms * 1.05)
    return Percentile(fraction=fraction, ms=ms, low_ms=ends[0], high_ms=ends[1], samples=10_000)


def rate_row(rate: float, ms: float, *, holds: bool) -> RateRow:
    return RateRow(
        rate=rate,
        windows=3,
        rejected_windows=0,
        requests=2_000,
        error_rate=0.0,
        slow_share=0.0 if holds else 0.4,
        p50=percentile(ms / 4, 0.5),
        p99=percentile(ms),
        queue_p99_ms=None,
        compute_p99_ms=None,
        holds=holds,
    )


def load_report(subject: ModelVersion, **changes: Any) -> Report:
    """A search for the capacity: 200 rps hold, 300 do not."""
    slo = Slo(p99_ms=50.0, error_rate=0.001)
    standard: dict[str, Any] = {
        "validity": "VALID",
        "reasons": (),
        "notes": (),
        "plan": Plan(profile=Profile.CAPACITY, rate=300, seconds=60, in_flight=100, rate_cap=400),
        "slo": slo,
        "endpoint_id": "EP-9",
        "version_id": subject.id,
        "digest": subject.digest,
        "payload_digest": "c" * 64,
        "requests": 12_000,
        "failures": {},
        "error_rate": 0.0,
        "percentiles": (percentile(400.0),),
        "naive_percentiles": (),
        "server": ServerTime(queue_p50_ms=None, queue_p99_ms=None, compute_p50_ms=None, compute_p99_ms=None),
        "rates": (rate_row(100, 8, holds=True), rate_row(200, 20, holds=True), rate_row(300, 900, holds=False)),
        "capacity": Capacity(rate=240, low=210, high=300, method="isotonic"),
        "knee": 220.0,
        "generator_cpu": 0.4,
        "lag_p99_ms": 1.0,
        "holds_slo": True,
    }
    return Report(**{**standard, **changes})


def load_test(subject: ModelVersion, report: Report | None = None, **changes: Any) -> Evidence:
    return evidence(LOAD_TEST, subject, report or load_report(subject), **changes)


def inputs(
    subject: ModelVersion, strong: dict[str, float] | None = None, *, reason: str = "", limit: float = 0.8
) -> Evidence:
    report = InputReport(
        training_set="TS-1", limit=limit, inputs=strong or {}, accepted_by="P-2" if reason else "", reason=reason
    )
    return evidence(INPUTS, subject, report)


def conversion(subject: ModelVersion, *, above: float = 0.0, rows: int = 24) -> Evidence:
    report = ConversionReport(
        rows=rows,
        answers=("probability",),
        largest_difference=8e-8,
        above=above,
        worst=(Difference(row=17, answer="probability", expected=0.25, given=None),),
        tolerance=Tolerance(),
        source="sklearn 1.9.1 Pipeline",
    )
    return evidence(CONVERSION, subject, report)


def safety(subject: ModelVersion, *findings: Finding, **changes: Any) -> Evidence:
    report = SafetyReport(
        model_digest=subject.model_digest, bytes=120_000, operators={"Gemm": 2, "Relu": 1}, findings=findings
    )
    return evidence(SAFETY, subject, report, **changes)
