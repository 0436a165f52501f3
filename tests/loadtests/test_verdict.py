"""Evidence of a load test: a verdict and a sentence that say no more than was measured."""

import pytest

from core.loadtests.report.evidence import evidence_of, sentence_of, verdict_of
from core.loadtests.values import LOAD_TEST, Profile
from core.tasks.values import Verdict
from tests.loadtests.test_report import reported, searched
from tests.loadtests.windows import DIGEST, plan_of, window_of


def test_a_valid_test_within_the_slo_passes_and_beyond_it_fails() -> None:
    good, bad = reported(*[window_of()] * 5), reported(*[window_of(slow=40)] * 5)
    assert (verdict_of(good), verdict_of(bad)) == (Verdict.PASS, Verdict.FAIL)
    assert sentence_of(good) == "p99 5.0 ms at 200 requests per second (limit 50 ms), 0 % failed"


def test_an_invalid_test_is_inconclusive_whatever_it_saw() -> None:
    for slow in (0, 300):
        report = reported(*[window_of(cpu=0.95, slow=slow)] * 5)
        assert verdict_of(report) is Verdict.INCONCLUSIVE
        assert sentence_of(report).startswith("Invalid: the generator was not fit in 5 of 5 windows")


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (((200, 0.0), (800, 0.0), (1_000, 0.4)), "requests per second within 50 ms (95 %: "),
        (((200, 0.0), (800, 0.0)), "At least 800 requests per second within 50 ms; nothing broke"),
        (((200, 0.4), (800, 0.5)), "No rate was found at which the p99 stays within 50 ms"),
    ],
)
def test_the_sentence_of_a_search_claims_what_was_found(rows: tuple[tuple[float, float], ...], sentence: str) -> None:
    report = searched(*rows)
    assert report.plan.profile is Profile.CAPACITY
    assert sentence in sentence_of(report)


def test_evidence_names_what_it_was_measured_on() -> None:
    report = reported(*[window_of()] * 5, plan=plan_of(seed=1))
    other = reported(*[window_of()] * 5, plan=plan_of(seed=2))
    evidence = evidence_of(report, project="PROJ-1", source="LT-1", created_by="P-2")
    assert (evidence.kind, evidence.subject, evidence.source, evidence.created_by) == (
        LOAD_TEST,
        "MV-1",
        "LT-1",
        "P-2",
    )
    assert evidence.measured_on["version"] == DIGEST
    again = evidence_of(other, project="PROJ-1", source="LT-1", created_by="P-2")
    assert evidence.measured_on["plan"] != again.measured_on["plan"]
