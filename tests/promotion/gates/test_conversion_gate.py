"""Whether a version from elsewhere was compared with its source, and what a policy makes of one that was not."""

import pytest

from core.promotion.gate import GateContext
from core.promotion.gates.conversion import ConversionGate
from core.promotion.policies.service import PRODUCTION
from core.tasks.values import Verdict
from tests.promotion.values_to_judge import NOW, conversion, endpoint, version

ELSEWHERE, TRAINED_HERE = version(2, run_id=""), version(3)


def context(subject: object = ELSEWHERE) -> GateContext:
    return GateContext(now=NOW, version=subject, endpoint=endpoint(), production=None, criteria=())


@pytest.mark.parametrize(
    ("params", "verdict", "value"),
    [
        ({}, Verdict.PASS, "Not compared with its source"),
        ({"required": True}, Verdict.NO_DATA, "Not measured"),
    ],
)
def test_a_policy_may_refuse_what_was_not_compared(params: dict[str, object], verdict: Verdict, value: str) -> None:
    result = ConversionGate(params).judge([], context())
    assert (result.verdict, result.value) == (verdict, value)
    assert result.basis == "Register the file with an example and the answers of the original library."


@pytest.mark.parametrize("required", [False, True])
def test_what_was_trained_here_has_no_source_elsewhere(required: bool) -> None:
    result = ConversionGate({"required": required}).judge([], context(TRAINED_HERE))
    assert (result.verdict, result.value) == (Verdict.PASS, "Trained here")


@pytest.mark.parametrize(
    ("params", "above", "verdict"),
    [({}, 0.0, Verdict.PASS), ({}, 0.01, Verdict.FAIL), ({"rows": 100}, 0.0, Verdict.INCONCLUSIVE)],
)
def test_a_comparison_is_judged_by_its_rows(params: dict[str, object], above: float, verdict: Verdict) -> None:
    item = conversion(ELSEWHERE, above=above)
    result = ConversionGate(params).judge([item], context())
    assert (result.verdict, result.evidence_id) == (verdict, item.id)
    assert result.value == "8e-08 apart at most"


def test_no_policy_asks_for_it_unless_somebody_says_so() -> None:
    assert "conversion" not in {rule.gate for rule in PRODUCTION.gates}
