"""The gates there are, and what a policy makes of their verdicts."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from core.foundation.text import _
from core.promotion.evidence_kinds.table import evidence_kinds
from core.promotion.gate import Gate, GateContext
from core.promotion.values import GateCard, GateResult, GateRule, Policy
from core.registry.values import Evidence
from core.tasks.values import Verdict


def gates() -> Mapping[str, type[Gate]]:
    """Every gate by name: those of the kinds of evidence that are judged."""
    return {name: kind.gate for name, kind in evidence_kinds().items() if kind.gate}


def gate_cards() -> tuple[GateCard, ...]:
    return tuple(
        GateCard(name=gate.name, title=_(gate.title), help=gate.help(), parameters=gate.Params.model_json_schema())
        for gate in gates().values()
    )


def judge(policy: Policy, *, evidence: Sequence[Evidence], context: GateContext) -> tuple[GateResult, ...]:
    """Every gate of the policy over the evidence on one version, the newest first. A gate that is missing or cannot be
    asked fails."""
    return tuple(_judge(rule, evidence, context) for rule in policy.gates)


def _judge(rule: GateRule, evidence: Sequence[Evidence], context: GateContext) -> GateResult:
    chosen = gates().get(rule.gate)
    if chosen is None:
        return _refused(rule, _("There is no such gate in this installation"))
    try:
        gate = chosen(rule.params)
    except ValidationError as error:
        return _refused(rule, str(error.errors()[0]["msg"]))
    return gate.judge([item for item in evidence if item.kind == rule.gate], context)


def _refused(rule: GateRule, why: str) -> GateResult:
    return GateResult(
        gate=rule.gate,
        title=rule.gate,
        verdict=Verdict.FAIL,
        value=_("Not judged"),
        basis=why,
        evidence_id="",
        evidence_digest="",
    )


def obstacles(policy: Policy, results: Sequence[GateResult]) -> Iterator[str]:
    """What keeps the request from being approved. An undecided verdict does unless the policy leaves it to people."""
    for rule, result in zip(policy.gates, results, strict=True):
        left_to_people = result.verdict is Verdict.INCONCLUSIVE and rule.on_inconclusive == "judgement"
        if result.verdict is not Verdict.PASS and not left_to_people:
            yield f"{result.title}: {result.verdict.value}"
