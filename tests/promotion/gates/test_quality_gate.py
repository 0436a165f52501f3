"""The quality gate: against production with an interval, and the requirement's criteria (B070 fails closed)."""

from typing import Any

import pytest

from core.promotion.gate import GateContext
from core.promotion.gates.quality import QualityGate
from core.promotion.values import GateResult
from core.registry.values import Evidence, ModelVersion, QualityReport
from core.requirements.values import Comparison, Criterion
from core.tasks.kinds.multi_class import MultiClassTask
from core.tasks.values import Target, Verdict
from tests.promotion.values_to_judge import NOW, endpoint, evaluation, interval, quality, version

CANDIDATE, PRODUCTION = version(2), version(1)


def judged(
    *evidence: Evidence,
    params: dict[str, Any] | None = None,
    production: ModelVersion | None = PRODUCTION,
    criteria: tuple[Criterion, ...] = (),
    unrecorded: frozenset[str] = frozenset(),
) -> GateResult:
    context = GateContext(
        now=NOW, version=CANDIDATE, endpoint=endpoint(), production=production, criteria=criteria, unrecorded=unrecorded
    )
    return QualityGate(params or {}).judge(evidence, context)


def at_least(metric: str, limit: float) -> Criterion:
    return Criterion(metric=metric, comparison=Comparison.AT_LEAST, limit=limit)


def at_most(metric: str, limit: float) -> Criterion:
    return Criterion(metric=metric, comparison=Comparison.AT_MOST, limit=limit)


def test_better_than_production_passes_and_says_by_how_much() -> None:
    result = judged(quality(CANDIDATE, PRODUCTION))
    assert result.verdict is Verdict.PASS
    assert "AUC +0.0100 (+0.0080 to +0.0120) against late-arrival v1" in result.basis
    assert "50\u2009000 rows of test" in result.basis
    assert result.evidence_id == "EV-1"


@pytest.mark.parametrize(
    ("auc", "verdict"),
    [
        (interval(0.0, 0.002), Verdict.PASS),
        (interval(-0.001, 0.001), Verdict.PASS),
        (interval(-0.004, 0.003), Verdict.INCONCLUSIVE),
        (interval(-0.02, 0.003), Verdict.FAIL),
    ],
)
def test_the_whole_interval_has_to_lie_within_the_margin(auc: Any, verdict: Verdict) -> None:
    result = judged(quality(CANDIDATE, PRODUCTION, deltas={"auc": auc, "log_loss": interval(-0.01)}))
    assert result.verdict is verdict


def test_for_log_loss_more_is_worse() -> None:
    worse = {"auc": interval(0.01), "log_loss": interval(0.02)}
    assert judged(quality(CANDIDATE, PRODUCTION, deltas=worse)).verdict is Verdict.FAIL


def test_a_policy_may_demand_better_than_production() -> None:
    same = {"auc": interval(0.0, 0.001), "log_loss": interval(-0.01)}
    assert judged(quality(CANDIDATE, PRODUCTION, deltas=same)).verdict is Verdict.PASS
    demanding = {"demand": "better"}
    assert judged(quality(CANDIDATE, PRODUCTION, deltas=same), params=demanding).verdict is Verdict.INCONCLUSIVE
    assert judged(quality(CANDIDATE, PRODUCTION), params=demanding).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("criterion", "verdict"),
    [
        (at_least("auc", 0.68), Verdict.PASS),
        (at_least("auc", 0.6995), Verdict.INCONCLUSIVE),
        (at_least("auc", 0.75), Verdict.FAIL),
        (at_most("log_loss", 0.5), Verdict.PASS),
        (at_most("log_loss", 0.47), Verdict.FAIL),
        (at_most("ece", 0.02), Verdict.PASS),
    ],
)
def test_the_requirement_holds_with_its_whole_interval(criterion: Criterion, verdict: Verdict) -> None:
    result = judged(quality(CANDIDATE, PRODUCTION), criteria=(criterion,))
    assert result.verdict is verdict
    assert f", {criterion.comparison.value.replace('_', ' ')} " in result.value


def test_a_first_version_is_held_against_the_requirement() -> None:
    criteria = (at_least("auc", 0.68),)
    assert judged(quality(CANDIDATE), production=None, criteria=criteria).verdict is Verdict.PASS


def test_a_first_version_without_any_criterion_is_inconclusive() -> None:
    assert judged(quality(CANDIDATE), production=None).verdict is Verdict.INCONCLUSIVE


def test_silence_is_no_data_and_says_what_to_measure() -> None:
    result = judged()
    assert result.verdict is Verdict.NO_DATA
    assert "late-arrival v1" in result.basis


def test_a_missing_delta_fails() -> None:
    assert judged(quality(CANDIDATE, PRODUCTION, deltas={"auc": interval(0.01)})).verdict is Verdict.FAIL


def test_a_missing_metric_that_is_demanded_fails() -> None:
    report = quality(CANDIDATE, PRODUCTION, metrics={"auc": interval(0.70)})
    assert judged(report, criteria=(at_most("log_loss", 0.5),)).verdict is Verdict.FAIL


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), None, "0.9", {}])
def test_a_figure_that_is_none_fails(figure: Any) -> None:
    report = quality(CANDIDATE, PRODUCTION)
    content = {
        **report.content,
        "deltas": {**report.content["deltas"], "auc": {"value": figure, "low": 0.1, "high": 0.2}},
    }
    if figure == "0.9":
        content["deltas"]["auc"] = "0.9"
    assert judged(report.model_copy(update={"content": content})).verdict is Verdict.FAIL


def test_a_metric_from_other_rows_fails() -> None:
    result = judged(quality(CANDIDATE, PRODUCTION, measured_on={"holdout": "f" * 64}))
    assert result.verdict is Verdict.FAIL
    assert "other rows" in result.basis


def test_rows_that_training_has_seen_do_not_count() -> None:
    seen = evaluation(holdout="d" * 64, holdout_name="validation")
    candidate = version(2, evaluations=(evaluation(), seen))
    report = quality(candidate, PRODUCTION, measured_on={"holdout": "d" * 64})
    context = GateContext(now=NOW, version=candidate, endpoint=endpoint(), production=PRODUCTION, criteria=())
    result = QualityGate({}).judge([report], context)
    assert result.verdict is Verdict.FAIL
    assert "training has seen" in result.basis


def test_a_policy_may_name_the_rows_to_judge_on() -> None:
    assert judged(quality(CANDIDATE, PRODUCTION), params={"split": "test"}).verdict is Verdict.PASS
    assert judged(quality(CANDIDATE, PRODUCTION), params={"split": "december"}).verdict is Verdict.FAIL


@pytest.mark.parametrize("other", ["0" * 64, "f" * 64])
def test_a_metric_from_other_predictions_fails(other: str) -> None:
    assert judged(quality(CANDIDATE, PRODUCTION, measured_on={"predictions": other})).verdict is Verdict.FAIL


def test_evidence_on_other_bytes_fails() -> None:
    other = version(2, digest="0" * 64)
    assert judged(quality(other, PRODUCTION)).verdict is Verdict.FAIL
    other_file = version(2, model_digest="0" * 64)
    assert judged(quality(other_file, PRODUCTION)).verdict is Verdict.FAIL


def test_evidence_on_another_version_fails() -> None:
    for other in (1, 3):
        assert judged(quality(version(other), PRODUCTION)).verdict is Verdict.FAIL


def test_a_comparison_with_another_version_than_the_one_in_production_fails() -> None:
    result = judged(quality(CANDIDATE, version(7)))
    assert result.verdict is Verdict.FAIL
    assert "late-arrival v1" in result.basis


def test_figures_typed_by_hand_fail() -> None:
    better = {"auc": interval(0.95), "log_loss": interval(0.1)}
    result = judged(quality(CANDIDATE, PRODUCTION, metrics=better))
    assert result.verdict is Verdict.FAIL
    assert "own evaluation" in result.basis


@pytest.mark.parametrize("metric", ["auc", "log_loss", "ece"])
@pytest.mark.parametrize("moved", [0.9, 0.999, 1.001, 1.1])
def test_a_figure_that_was_moved_a_little_fails(metric: str, moved: float) -> None:
    """Even by a thousandth, in either direction: it is not what the very file has."""
    metrics = dict(CANDIDATE.evaluations[0].metrics)
    metrics[metric] = interval(metrics[metric].value * moved)
    result = judged(quality(CANDIDATE, PRODUCTION, metrics=metrics))
    assert (result.verdict, result.value) == (Verdict.FAIL, "Does not count")
    assert "own evaluation" in result.basis


def test_evidence_that_the_audit_log_does_not_know_fails() -> None:
    result = judged(quality(CANDIDATE, PRODUCTION), unrecorded=frozenset({"EV-1"}))
    assert result.verdict is Verdict.FAIL
    assert "not written by a measurement" in result.basis


def test_the_newest_evidence_that_fits_decides() -> None:
    worse = {"auc": interval(-0.02), "log_loss": interval(0.02)}
    newest = quality(CANDIDATE, PRODUCTION, deltas=worse, number=2)
    assert judged(newest, quality(CANDIDATE, PRODUCTION)).verdict is Verdict.FAIL
    beside = quality(CANDIDATE, version(7), number=3)
    result = judged(beside, quality(CANDIDATE, PRODUCTION))
    assert (result.verdict, result.evidence_id) == (Verdict.PASS, "EV-1")


def test_what_no_metric_judges_is_left_to_judgement_unless_quality_is_demanded() -> None:
    signature = CANDIDATE.signature.model_copy(update={"target": Target(task="generic")})
    subject = CANDIDATE.model_copy(update={"signature": signature})
    context = GateContext(now=NOW, version=subject, endpoint=endpoint(), production=None, criteria=())
    result = QualityGate({}).judge([], context)
    assert (result.verdict, result.value) == (Verdict.INCONCLUSIVE, "No metric judges what it answers")
    demanding = context.model_copy(update={"criteria": (at_least("auc", 0.7),)})
    assert QualityGate({}).judge([], demanding).verdict is Verdict.NO_DATA


def test_a_policy_that_names_no_margins_judges_other_tasks_by_their_own() -> None:
    report = QualityReport.model_validate({**quality(CANDIDATE, PRODUCTION).content, "task": MultiClassTask.name})
    assert set(QualityGate({})._margins(report)) == set(MultiClassTask.margins)
    assert set(QualityGate({"margins": {"log_loss": 0.01}})._margins(report)) == {"log_loss"}
