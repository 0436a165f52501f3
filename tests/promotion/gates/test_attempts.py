"""A gate sees everything that was measured, the failed too: which attempt decides and how old it may be is the policy's
to say, and all of them are shown."""

from datetime import timedelta
from typing import Any

import pytest

from core.loadtests.values import LOAD_TEST, Plan, Profile, Report
from core.promotion.gate import GateContext
from core.promotion.gates.load_test import LoadTestGate
from core.promotion.gates.parity import ParityGate
from core.promotion.values import GateResult, RequestState
from core.registry.values import Evidence
from core.tasks.values import Verdict
from tests.promotion.stage import Stage
from tests.promotion.values_to_judge import (
    NOW,
    endpoint,
    load_report,
    load_test,
    parity,
    percentile,
    rate_row,
    version,
)

CANDIDATE = version(2)
CONTEXT = GateContext(now=NOW, version=CANDIDATE, endpoint=endpoint(), production=None, criteria=())


def steady(rate: float, *, holds: bool = True, **changes: Any) -> Report:
    plan = Plan(profile=Profile.SOAK, rate=rate, seconds=60, in_flight=100, rate_cap=rate)
    ms = 20.0 if holds else 400.0
    fields = {"plan": plan, "rates": (), "capacity": None, "percentiles": (percentile(ms),), "holds_slo": holds}
    return load_report(CANDIDATE, **{**fields, **changes})


def judged(params: dict[str, Any], *reports: Report) -> GateResult:
    """The reports are given as they came about: the last one is the newest."""
    evidence = [load_test(CANDIDATE, report, number=number) for number, report in enumerate(reports, start=1)]
    return LoadTestGate(params).judge(evidence[::-1], CONTEXT)


def counting(result: GateResult) -> list[str]:
    return [attempt.evidence_id for attempt in result.attempts if attempt.counts]


FAILED, LATER = steady(400, holds=False), steady(100)
INVALID = steady(400, validity="INVALID", reasons=("the generator was late",))


@pytest.mark.parametrize(
    ("params", "verdict", "decisive"),
    [
        ({"rate_rps": 400}, Verdict.FAIL, "EV-1"),
        ({"rate_rps": 100}, Verdict.PASS, "EV-2"),
        ({"attempts": "worst"}, Verdict.FAIL, "EV-1"),
        ({"attempts": "newest"}, Verdict.PASS, "EV-2"),
        ({}, Verdict.PASS, "EV-2"),
    ],
)
def test_a_failed_test_does_not_vanish_behind_a_later_one_at_a_quarter_of_the_rate(
    params: dict[str, Any], verdict: Verdict, decisive: str
) -> None:
    result = judged(params, FAILED, LATER)
    assert (result.verdict, result.evidence_id, counting(result)) == (verdict, decisive, [decisive])
    assert [(attempt.evidence_id, attempt.verdict) for attempt in result.attempts] == [
        ("EV-2", Verdict.PASS),
        ("EV-1", Verdict.FAIL),
    ]
    assert all(bool(attempt.why_not) != attempt.counts for attempt in result.attempts)
    assert ("failed attempts beside it: EV-1" in result.basis) == (decisive != "EV-1")


def test_a_test_below_the_required_rate_says_so() -> None:
    result = judged({"rate_rps": 400}, LATER)
    assert (result.verdict, result.value) == (Verdict.FAIL, "Does not count")
    assert result.basis == "EV-1 put 100 rps on it; the policy asks for 400"
    assert "400 requests per second" in judged({"rate_rps": 400}).basis
    assert counting(result) == []


def test_what_broke_below_the_required_rate_has_failed_there_too() -> None:
    result = judged({"rate_rps": 400}, steady(400), steady(100, holds=False))
    assert (result.verdict, counting(result)) == (Verdict.FAIL, ["EV-2"])
    search = load_report(CANDIDATE)
    assert judged({"rate_rps": 500}, steady(500), search).verdict is Verdict.FAIL


@pytest.mark.parametrize(("required", "verdict"), [(200, Verdict.PASS), (201, Verdict.FAIL), (300, Verdict.FAIL)])
def test_a_search_passes_at_the_rates_that_held(required: float, verdict: Verdict) -> None:
    assert judged({"rate_rps": required}, load_report(CANDIDATE)).verdict is verdict


def test_a_search_that_ended_early_has_reached_what_it_tried() -> None:
    early = load_report(CANDIDATE, rates=(rate_row(100, 8, holds=True),))
    assert judged({"rate_rps": 100}, early).verdict is Verdict.PASS
    assert "put 100 rps on it" in judged({"rate_rps": 300}, early).basis


@pytest.mark.parametrize("attempts", ["newest", "worst"])
def test_an_invalid_test_hides_no_failed_one_and_harms_no_passed_one(attempts: str) -> None:
    failed = judged({"attempts": attempts}, FAILED, INVALID)
    assert (failed.verdict, counting(failed)) == (Verdict.FAIL, ["EV-1"])
    assert failed.attempts[0].why_not == "It measured nothing that can be relied on"
    assert judged({"attempts": attempts}, INVALID, LATER, INVALID).verdict is Verdict.PASS
    assert judged({"attempts": attempts}, INVALID).verdict is Verdict.INCONCLUSIVE


def test_the_worst_attempt_counts_in_every_gate() -> None:
    evidence = [parity(CANDIDATE, number=2), parity(CANDIDATE, mismatches=3, number=1)]
    assert ParityGate({}).judge(evidence, CONTEXT).verdict is Verdict.PASS
    assert ParityGate({"attempts": "worst"}).judge(evidence, CONTEXT).verdict is Verdict.FAIL


def test_an_attempt_that_cannot_be_read_fails_where_the_worst_counts() -> None:
    broken = parity(CANDIDATE, number=1)
    broken = broken.model_copy(update={"content": {"version_digest": CANDIDATE.digest}})
    evidence = [parity(CANDIDATE, number=2), broken]
    assert ParityGate({}).judge(evidence, CONTEXT).verdict is Verdict.PASS
    result = ParityGate({"attempts": "worst"}).judge(evidence, CONTEXT)
    assert (result.verdict, "cannot be trusted" in result.basis) == (Verdict.FAIL, True)


def aged(days: float, *, mismatches: int = 0) -> Evidence:
    return parity(CANDIDATE, mismatches=mismatches, created_at=NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("limit", "age", "verdict"),
    [(30, 30, Verdict.PASS), (30, 30.001, Verdict.FAIL), (0, 3000, Verdict.PASS), (1, 0.9, Verdict.PASS)],
)
def test_evidence_counts_until_it_is_too_old(limit: int, age: float, verdict: Verdict) -> None:
    assert ParityGate({"max_age_days": limit}).judge([aged(age)], CONTEXT).verdict is verdict


def test_old_evidence_says_that_it_is_old() -> None:
    result = ParityGate({"max_age_days": 7, "attempts": "worst"}).judge([aged(8, mismatches=3)], CONTEXT)
    assert (result.value, result.basis) == ("Does not count", "EV-1 is older than 7 days")
    assert result.attempts[0].why_not == "EV-1 is older than 7 days"


def test_a_request_shows_every_attempt_and_rests_on_the_policys(stage: Stage) -> None:
    version = stage.measured()
    plan = Plan(profile=Profile.SOAK, rate=25, seconds=60, in_flight=100, rate_cap=25)
    stage.load_test(version, plan=plan, rates=(), capacity=None, percentiles=(percentile(20.0),))
    request = stage.open(version)
    (gate,) = [gate for gate in request.gates if gate.gate == LOAD_TEST]
    assert [attempt.counts for attempt in gate.attempts] == [False, True]
    assert gate.attempts[0].why_not.endswith("put 25 rps on it; the policy asks for 100")
    assert stage.approve(request.id).state is RequestState.APPROVED


def test_nobody_makes_evidence_younger(stage: Stage) -> None:
    version = stage.measured()
    request = stage.open(version)
    stage.edit("UPDATE evidence SET created_at = '2099-01-01 00:00:00' WHERE kind = 'parity'")
    (gate,) = [gate for gate in stage.read(request.id).gates if gate.gate == "parity"]
    assert (gate.verdict, "was not written by a measurement" in gate.basis) == (Verdict.FAIL, True)
