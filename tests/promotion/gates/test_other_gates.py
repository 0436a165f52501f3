"""Parity, load test and safety: what they pass, and that they fail closed (B070)."""

from typing import Any

import pytest

from core.identity.permissions import Role
from core.loadtests.values import Capacity, Plan, Profile, Report, Slo
from core.promotion.approvals.gate_verdicts import gate_cards, gates, judge, obstacles
from core.promotion.gate import Gate, GateContext
from core.promotion.gates.inputs import InputsGate
from core.promotion.gates.load_test import LoadTestGate
from core.promotion.gates.parity import ParityGate
from core.promotion.gates.safety import SafetyGate
from core.promotion.values import Approvals, GateResult, GateRule, Policy
from core.registry.values import Evidence, Finding
from core.requirements.values import Comparison, Criterion
from core.serving.values import ServiceLevel
from core.tasks.values import Verdict
from tests.promotion.values_to_judge import (
    NOW,
    endpoint,
    inputs,
    load_report,
    load_test,
    parity,
    percentile,
    quality,
    rate_row,
    safety,
    version,
)

CANDIDATE, PRODUCTION = version(2), version(1)


def judged(gate: Gate, *evidence: Evidence, criteria: tuple[Criterion, ...] = (), **changes: Any) -> GateResult:
    target = endpoint(**changes)
    return gate.judge(
        evidence, GateContext(now=NOW, version=CANDIDATE, endpoint=target, production=PRODUCTION, criteria=criteria)
    )


def limit(metric: str, comparison: Comparison, value: float) -> tuple[Criterion, ...]:
    return (Criterion(metric=metric, comparison=comparison, limit=value),)


def soak(**changes: Any) -> Report:
    plan = Plan(profile=Profile.SOAK, rate=100, seconds=60, in_flight=100, rate_cap=200)
    standard = {"plan": plan, "rates": (), "capacity": None, "percentiles": (percentile(20.0),), "holds_slo": True}
    return load_report(CANDIDATE, **{**standard, **changes})


def test_no_mismatch_passes() -> None:
    result = judged(ParityGate({}), parity(CANDIDATE))
    assert (result.verdict, result.value) == (Verdict.PASS, "0 mismatches, limit 0")


def test_one_mismatch_fails() -> None:
    assert judged(ParityGate({}), parity(CANDIDATE, mismatches=1)).verdict is Verdict.FAIL


def test_too_few_rows_prove_nothing_and_it_says_how_many_would() -> None:
    result = judged(ParityGate({}), parity(CANDIDATE, rows=65))
    assert (result.verdict, result.basis) == (
        Verdict.INCONCLUSIVE,
        "65 rows, 650 cells · at least 100 rows are wanted",
    )


def test_a_requirement_does_not_soften_the_policy() -> None:
    criteria = limit("parity_mismatches", Comparison.AT_MOST, 5)
    assert judged(ParityGate({}), parity(CANDIDATE, mismatches=3), criteria=criteria).verdict is Verdict.FAIL
    tolerant = ParityGate({"mismatches": 10})
    assert judged(tolerant, parity(CANDIDATE, mismatches=3), criteria=criteria).verdict is Verdict.PASS
    assert judged(tolerant, parity(CANDIDATE, mismatches=7), criteria=criteria).verdict is Verdict.FAIL


def test_too_few_rows_prove_nothing() -> None:
    assert judged(ParityGate({}), parity(CANDIDATE, rows=20)).verdict is Verdict.INCONCLUSIVE


def test_parity_of_other_bytes_fails() -> None:
    assert judged(ParityGate({}), parity(version(2, digest="0" * 64))).verdict is Verdict.FAIL
    report = parity(CANDIDATE)
    elsewhere = report.model_copy(update={"content": {**report.content, "version_digest": "0" * 64}})
    assert judged(ParityGate({}), elsewhere).verdict is Verdict.FAIL


@pytest.mark.parametrize("gate", [ParityGate({}), LoadTestGate({}), SafetyGate({}), InputsGate({})])
def test_nothing_measured_is_no_data(gate: Gate) -> None:
    result = judged(gate)
    assert result.verdict is Verdict.NO_DATA
    assert result.basis


@pytest.mark.parametrize(
    ("gate", "report"),
    [
        (ParityGate({}), parity(CANDIDATE)),
        (LoadTestGate({}), load_test(CANDIDATE)),
        (SafetyGate({}), safety(CANDIDATE)),
        (InputsGate({}), inputs(CANDIDATE)),
    ],
)
def test_content_that_is_no_report_fails(gate: Gate, report: Evidence) -> None:
    identity = {
        name: report.content[name] for name in ("version_digest", "digest", "model_digest") if name in report.content
    }
    result = judged(gate, report.model_copy(update={"content": identity}))
    assert result.verdict is Verdict.FAIL
    assert "cannot be trusted" in result.basis


def test_a_promise_that_held_passes_with_its_capacity() -> None:
    result = judged(LoadTestGate({}), load_test(CANDIDATE))
    assert result.verdict is Verdict.PASS
    assert result.value == "p99 20 ms at 200 rps, limit 50 ms"
    assert "capacity 240 rps (210 to 300)" in result.basis


def test_an_invalid_test_is_inconclusive_and_says_why() -> None:
    report = load_report(CANDIDATE, validity="INVALID", reasons=("the generator was late",))
    result = judged(LoadTestGate({}), load_test(CANDIDATE, report))
    assert (result.verdict, result.value) == (Verdict.INCONCLUSIVE, "INVALID")
    assert "the generator was late" in result.basis


def test_a_promise_that_broke_fails() -> None:
    broken = load_report(CANDIDATE, rates=(rate_row(100, 300, holds=False),))
    assert judged(LoadTestGate({}), load_test(CANDIDATE, broken)).verdict is Verdict.FAIL
    assert judged(LoadTestGate({}), load_test(CANDIDATE, soak(holds_slo=False))).verdict is Verdict.FAIL


def test_where_the_promise_broke_is_said_though_the_whole_test_looks_well() -> None:
    slow = rate_row(120, 80, holds=False).model_copy(update={"slow_share": 0.03})
    steps = soak(rates=(rate_row(60, 10, holds=True), slow), holds_slo=False)
    result = judged(LoadTestGate({}), load_test(CANDIDATE, steps))
    assert result.value == "p99 20 ms at 100 rps, limit 50 ms"
    assert "the promise broke at 120 rps, where 3 % failed or took longer" in result.basis


def test_a_laxer_promise_than_the_targets_proves_nothing() -> None:
    lax = soak(slo=Slo(p99_ms=500.0, error_rate=0.001))
    assert judged(LoadTestGate({}), load_test(CANDIDATE, lax)).verdict is Verdict.FAIL
    strict = ServiceLevel(p99_ms=10.0, error_rate=0.001)
    assert judged(LoadTestGate({}), load_test(CANDIDATE), slo=strict).verdict is Verdict.FAIL


def test_a_stricter_promise_than_the_targets_proves_the_targets() -> None:
    report = soak(slo=Slo(p99_ms=40.0, error_rate=0.001))
    assert judged(LoadTestGate({}), load_test(CANDIDATE, report)).verdict is Verdict.PASS


@pytest.mark.parametrize(("tested", "verdict"), [(0.0011, Verdict.FAIL), (0.001, Verdict.PASS), (0.0, Verdict.PASS)])
def test_more_errors_than_the_target_promises_may_not_have_been_let_through(tested: float, verdict: Verdict) -> None:
    report = soak(slo=Slo(p99_ms=50.0, error_rate=tested))
    result = judged(LoadTestGate({}), load_test(CANDIDATE, report))
    assert result.verdict is verdict
    assert ("laxer promise" in result.basis) == (verdict is Verdict.FAIL)


def test_the_rate_of_errors_is_judged_at_the_rate_that_counts() -> None:
    criteria = limit("error_rate", Comparison.AT_MOST, 0.001)
    over = rate_row(200, 20, holds=True).model_copy(update={"error_rate": 0.0011})
    searched = load_report(CANDIDATE, rates=(rate_row(100, 8, holds=True), over))
    assert judged(LoadTestGate({}), load_test(CANDIDATE, searched), criteria=criteria).verdict is Verdict.FAIL
    steady = load_test(CANDIDATE, soak(error_rate=0.0011))
    assert judged(LoadTestGate({}), steady, criteria=criteria).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("criterion", "verdict"),
    [
        (limit("p99_ms", Comparison.AT_MOST, 30), Verdict.PASS),
        (limit("p99_ms", Comparison.AT_MOST, 10), Verdict.PASS),
        (limit("p99_ms", Comparison.AT_MOST, 8), Verdict.FAIL),
        (limit("error_rate", Comparison.AT_MOST, 0.001), Verdict.PASS),
        (limit("capacity_rps", Comparison.AT_LEAST, 200), Verdict.PASS),
        (limit("capacity_rps", Comparison.AT_LEAST, 230), Verdict.INCONCLUSIVE),
        (limit("capacity_rps", Comparison.AT_LEAST, 400), Verdict.FAIL),
    ],
)
def test_criteria_on_load_hold_with_their_interval(criterion: tuple[Criterion, ...], verdict: Verdict) -> None:
    assert judged(LoadTestGate({}), load_test(CANDIDATE), criteria=criterion).verdict is verdict


def test_the_p99_of_a_search_is_judged_where_the_capacity_asked_for_is_reached() -> None:
    p99 = limit("p99_ms", Comparison.AT_MOST, 10)
    assert "p99 8 ms at 100 rps" in judged(LoadTestGate({}), load_test(CANDIDATE), criteria=p99).value
    demanding = (*p99, *limit("capacity_rps", Comparison.AT_LEAST, 150))
    result = judged(LoadTestGate({}), load_test(CANDIDATE), criteria=demanding)
    assert result.verdict is Verdict.FAIL
    assert "p99 20 ms at 200 rps" in result.value


def test_a_p99_across_its_limit_is_inconclusive() -> None:
    criteria = limit("p99_ms", Comparison.AT_MOST, 20)
    assert judged(LoadTestGate({}), load_test(CANDIDATE, soak()), criteria=criteria).verdict is Verdict.INCONCLUSIVE


def test_capacity_that_was_never_measured_fails() -> None:
    criteria = limit("capacity_rps", Comparison.AT_LEAST, 100)
    assert judged(LoadTestGate({}), load_test(CANDIDATE, soak()), criteria=criteria).verdict is Verdict.FAIL
    nowhere = Capacity(rate=None, low=None, high=100, method="isotonic")
    report = soak(capacity=nowhere)
    assert judged(LoadTestGate({"capacity_rps": 50}), load_test(CANDIDATE, report)).verdict is Verdict.FAIL


def test_a_later_soak_keeps_the_capacity_that_was_searched_before() -> None:
    criteria = limit("capacity_rps", Comparison.AT_LEAST, 200)
    later = load_test(CANDIDATE, soak(), number=2)
    assert judged(LoadTestGate({}), later, load_test(CANDIDATE), criteria=criteria).verdict is Verdict.PASS


def test_too_few_requests_prove_nothing() -> None:
    assert judged(LoadTestGate({}), load_test(CANDIDATE, soak(requests=20))).verdict is Verdict.INCONCLUSIVE


def test_a_percentile_without_enough_samples_fails() -> None:
    report = soak(percentiles=(percentile(None),))
    criteria = limit("p99_ms", Comparison.AT_MOST, 100)
    assert judged(LoadTestGate({}), load_test(CANDIDATE, report), criteria=criteria).verdict is Verdict.FAIL


def test_no_finding_is_safe_and_a_refused_file_is_not() -> None:
    assert judged(SafetyGate({}), safety(CANDIDATE)).verdict is Verdict.PASS
    external = Finding(code="external", refuses=True, message="It points to another file")
    result = judged(SafetyGate({}), safety(CANDIDATE, external))
    assert result.verdict is Verdict.FAIL
    assert "another file" in result.basis
    unusual = Finding(code="loop", refuses=False, message="It loops")
    assert judged(SafetyGate({}), safety(CANDIDATE, unusual)).verdict is Verdict.INCONCLUSIVE


def test_a_scan_of_another_file_fails() -> None:
    scan = safety(CANDIDATE)
    other = scan.model_copy(update={"content": {**scan.content, "model_digest": "0" * 64}})
    assert judged(SafetyGate({}), other).verdict is Verdict.FAIL


def policy(*rules: GateRule) -> Policy:
    return Policy(
        id="POL-1",
        name="Production",
        environment="production",
        revision=1,
        gates=rules,
        approvals=(Approvals(role=Role.APPROVER, count=1),),
        valid_days=7,
        digest="",
    )


def test_the_portal_brings_its_gates_with_help() -> None:
    assert sorted(gates()) == ["conversion", "inputs", "load_test", "parity", "quality", "safety"]
    assert all(
        card.help and card.parameters["properties"] is not None for card in gate_cards() if card.name != "safety"
    )


def test_a_gate_that_is_missing_or_misconfigured_fails() -> None:
    rules = policy(GateRule(gate="gone"), GateRule(gate="parity", params={"rows": -1}))
    context = GateContext(now=NOW, version=CANDIDATE, endpoint=endpoint(), production=None, criteria=())
    results = judge(rules, evidence=[parity(CANDIDATE)], context=context)
    assert [result.verdict for result in results] == [Verdict.FAIL, Verdict.FAIL]


def test_an_undecided_verdict_is_left_to_people_only_where_the_policy_says_so() -> None:
    context = GateContext(now=NOW, version=CANDIDATE, endpoint=endpoint(), production=None, criteria=())
    measured = [quality(CANDIDATE), safety(CANDIDATE)]
    strict = policy(GateRule(gate="quality"), GateRule(gate="safety"))
    assert list(obstacles(strict, judge(strict, evidence=measured, context=context))) == [
        "Offline quality: inconclusive"
    ]
    lenient = policy(GateRule(gate="quality", on_inconclusive="judgement"), GateRule(gate="safety"))
    assert not list(obstacles(lenient, judge(lenient, evidence=measured, context=context)))
    without = policy(GateRule(gate="parity", on_inconclusive="judgement"))
    assert list(obstacles(without, judge(without, evidence=measured, context=context))) == ["Parity: no data"]


def test_inputs_that_tell_nothing_alone_pass() -> None:
    result = judged(InputsGate({}), inputs(CANDIDATE))
    assert (result.verdict, result.value) == (Verdict.PASS, "No input above an AUC of 0.8 alone")


def test_an_accepted_input_is_left_to_the_approvers_with_its_reason() -> None:
    strong = inputs(CANDIDATE, {"perimeter": 0.975}, reason="Measured before the diagnosis")
    result = judged(InputsGate({}), strong)
    assert (result.verdict, result.value) == (Verdict.INCONCLUSIVE, "perimeter 0.975")
    assert result.basis == "accepted by P-2: Measured before the diagnosis"
    assert judged(InputsGate({"auc": 0.98}), strong).verdict is Verdict.PASS
    assert judged(InputsGate({}), inputs(CANDIDATE, {"perimeter": 0.975})).verdict is Verdict.FAIL


def test_a_limit_below_what_was_examined_proves_nothing() -> None:
    result = judged(InputsGate({"auc": 0.7}), inputs(CANDIDATE))
    assert (result.verdict, result.value) == (Verdict.INCONCLUSIVE, "Not examined")
    assert result.basis == "TS-1 was only examined above 0.8; the policy asks for 0.7"
