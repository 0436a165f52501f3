"""The port of a gate: a plug-in that judges frozen evidence, never live numbers. What does not fit fails closed, and
silence is never a pass."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from core.foundation.plugins import Plugin
from core.foundation.text import _
from core.foundation.values import Value
from core.promotion.values import GateResult
from core.registry.values import Evidence, Interval, ModelVersion, Verdict
from core.requirements.values import Criterion
from core.serving.values import Endpoint

# From the worst: what a gate says is the worst of what it found.
ORDER = (Verdict.FAIL, Verdict.NO_DATA, Verdict.INCONCLUSIVE, Verdict.PASS)


class GateContext(Value):
    """What is asked for: which version should go where, what serves there now (None for a first version), and the
    criteria of the requirement that it answers to. `unrecorded` are ids of evidence that the audit log knows nothing
    of: nobody measured it."""

    version: ModelVersion
    endpoint: Endpoint
    production: ModelVersion | None
    criteria: tuple[Criterion, ...]
    unrecorded: frozenset[str] = frozenset()

    def criterion(self, metric: str) -> Criterion | None:
        """The condition on that metric, if there is one."""
        return next((criterion for criterion in self.criteria if criterion.metric == metric), None)


class Finding(NamedTuple):
    """What a gate found, in a figure and in words."""

    verdict: Verdict
    value: str
    basis: str


class Gate(Plugin, ABC):
    """Judges the newest evidence of the kind of its own name that was measured on the very bytes that would serve."""

    params: BaseModel

    def __init__(self, params: dict[str, Any]) -> None:
        """ValidationError when the parameters are wrong."""
        self.params = self.Params.model_validate(params)

    def judge(self, evidence: Sequence[Evidence], context: GateContext) -> GateResult:
        """The verdict on `evidence`, which is of this gate's kind with the newest first."""
        if not evidence:
            return self._result(Finding(Verdict.NO_DATA, _("Not measured"), self.wanted(context)), None)
        misfits = {item.id: self.misfit(item, context) for item in evidence}
        fitting = [item for item in evidence if not misfits[item.id]]
        newest = (fitting or evidence)[0]
        if not fitting:
            return self._result(Finding(Verdict.FAIL, _("Does not count"), misfits[newest.id]), newest)
        try:
            return self._result(self.weigh(fitting, context), newest)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            words = _("Its content cannot be trusted: {place}: {why}").format(place=place, why=first["msg"])
            return self._result(Finding(Verdict.FAIL, _("Does not count"), words), newest)

    @abstractmethod
    def wanted(self, context: GateContext) -> str:
        """What has to be measured, in words, where there is nothing yet."""

    @abstractmethod
    def weigh(self, evidence: Sequence[Evidence], context: GateContext) -> Finding:
        """The verdict on evidence that fits, the newest first, at least one. A ValidationError fails the gate."""

    def misfit(self, evidence: Evidence, context: GateContext) -> str:
        """Why this evidence does not count for this request; empty when it does."""
        if evidence.kind != self.name or evidence.subject != context.version.id:
            return _("{id} is evidence of something else").format(id=evidence.id)
        if evidence.id in context.unrecorded:
            return _("{id} was not written by a measurement of the portal").format(id=evidence.id)
        measured = (evidence.measured_on.get("version"), evidence.measured_on.get("model"))
        if measured != (context.version.digest, context.version.model_digest):
            return _("{id} was measured on other bytes than {version} has now").format(
                id=evidence.id, version=label(context.version)
            )
        return ""

    def _result(self, finding: Finding, evidence: Evidence | None) -> GateResult:
        return GateResult(
            gate=self.name,
            title=_(self.title),
            verdict=finding.verdict,
            value=finding.value,
            basis=finding.basis,
            evidence_id=evidence.id if evidence else "",
            evidence_digest=evidence.digest if evidence else "",
        )


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts; no verdict at all is no data."""
    return min(verdicts, key=ORDER.index, default=Verdict.NO_DATA)


def holds(criterion: Criterion, interval: Interval) -> Verdict:
    """Passed when the whole interval satisfies the criterion, failed when none of it does."""
    ends = {criterion.holds(interval.low), criterion.holds(interval.high)}
    if len(ends) == 2:
        return Verdict.INCONCLUSIVE
    return Verdict.PASS if ends == {True} else Verdict.FAIL


def label(version: ModelVersion) -> str:
    return version.title
