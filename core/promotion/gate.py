"""The port of a gate: a plug-in that judges frozen evidence, never live numbers. What does not fit fails closed, and
silence is never a pass."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field, ValidationError

from core.foundation import plugins
from core.foundation.plugins import Plugin
from core.foundation.text import N_, _
from core.foundation.values import Value
from core.promotion.values import Attempt, GateResult
from core.registry.values import Evidence, ModelVersion
from core.requirements.values import Criterion
from core.serving.values import Endpoint
from core.tasks.values import Interval, Verdict

# From the worst: what a gate says is the worst of what it found.
ORDER = (Verdict.FAIL, Verdict.NO_DATA, Verdict.INCONCLUSIVE, Verdict.PASS)


class GateContext(Value):
    """What is asked for: which version should go where, what serves there now (None for a first version), and the
    criteria of the requirement that it answers to. `unrecorded` are ids of evidence that the audit log knows nothing
    of: nobody measured it. The age of evidence is what it is at `now`."""

    now: datetime
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


class GateParams(plugins.Params):
    """What a policy says of every gate: those of a gate of its own begin with these."""

    attempts: Literal["newest", "worst"] = Field(
        default="newest",
        title=N_("Deciding attempt"),
        description="Which attempt decides where a version was measured several times.",
    )
    max_age_days: int = Field(
        default=0,
        ge=0,
        le=3650,
        title=N_("Oldest evidence (days)"),
        description="Days for which evidence counts; 0 sets no limit to its age.",
    )

    def looseness(self) -> Mapping[str, float]:
        """Each setting as a number that is the larger the less it demands, for comparing revisions of a policy."""
        return {"attempts": float(self.attempts == "newest"), "max_age_days": self.max_age_days or inf}


class Gate(Plugin, ABC):
    """Judges all evidence of the kind of its own name that was measured on the very bytes that would serve, and rests
    on the attempt that the policy chooses."""

    Params: ClassVar[type[GateParams]] = GateParams
    params: GateParams

    def __init__(self, params: dict[str, Any]) -> None:
        """ValidationError when the parameters are wrong."""
        self.params = self.Params.model_validate(params)

    def judge(self, evidence: Sequence[Evidence], context: GateContext) -> GateResult:
        """The verdict on `evidence`, which is of this gate's kind with the newest first."""
        if not evidence:
            return self._result(Finding(Verdict.NO_DATA, _("Not measured"), self.wanted(context)), None)
        misfits = {item.id: self._misfit(item, context) for item in evidence}
        fitting = [item for item in evidence if not misfits[item.id]]
        findings = {item.id: self._weighed(item, fitting, context) for item in fitting}
        decisive = self._decisive(fitting, findings) if fitting else evidence[0]
        finding = findings.get(decisive.id) or Finding(Verdict.FAIL, _("Does not count"), misfits[decisive.id])
        if failed := [id_ for id_, other in findings.items() if other.verdict is Verdict.FAIL and id_ != decisive.id]:
            words = _("failed attempts beside it: {ids}").format(ids=", ".join(failed))
            finding = finding._replace(basis=" · ".join(filter(None, (finding.basis, words))))
        attempts = (self._attempt(item, decisive, findings, misfits) for item in evidence)
        return self._result(finding, decisive).model_copy(update={"attempts": tuple(attempts)})

    def _misfit(self, evidence: Evidence, context: GateContext) -> str:
        days = self.params.max_age_days
        if days and context.now - evidence.created_at > timedelta(days=days):
            return _("{id} is older than {days} days").format(id=evidence.id, days=days)
        return self.misfit(evidence, context)

    def _weighed(self, evidence: Evidence, fitting: Sequence[Evidence], context: GateContext) -> Finding:
        others = [item for item in fitting if item is not evidence]
        try:
            return self.weigh([evidence, *others], context)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            words = _("Its content cannot be trusted: {place}: {why}").format(place=place, why=first["msg"])
            return Finding(Verdict.FAIL, _("Does not count"), words)

    def _decisive(self, fitting: Sequence[Evidence], findings: Mapping[str, Finding]) -> Evidence:
        """What measured nothing decides only where there is nothing else."""
        valid = [item for item in fitting if self.is_valid(item)] or fitting
        if self.params.attempts == "newest":
            return valid[0]
        return min(valid, key=lambda item: ORDER.index(findings[item.id].verdict))

    def _attempt(
        self, evidence: Evidence, decisive: Evidence, findings: Mapping[str, Finding], misfits: Mapping[str, str]
    ) -> Attempt:
        finding = findings.get(evidence.id)
        counts = finding is not None and evidence is decisive
        return Attempt(
            evidence_id=evidence.id,
            measured_at=evidence.created_at,
            verdict=finding.verdict if finding else evidence.verdict,
            value=finding.value if finding else evidence.summary,
            counts=counts,
            why_not="" if counts else misfits[evidence.id] or self._outdone(evidence),
        )

    def _outdone(self, evidence: Evidence) -> str:
        if not self.is_valid(evidence):
            return _("It measured nothing that can be relied on")
        newest = self.params.attempts == "newest"
        return _("A newer attempt counts") if newest else _("The worst attempt counts")

    @abstractmethod
    def wanted(self, context: GateContext) -> str:
        """What has to be measured, in words, where there is nothing yet."""

    @abstractmethod
    def weigh(self, evidence: Sequence[Evidence], context: GateContext) -> Finding:
        """The verdict on the first of these, all of which fit; the others are what else there is, the newest first. A
        ValidationError fails the gate."""

    def is_valid(self, evidence: Evidence) -> bool:
        """Whether evidence that fits measured anything at all."""
        return True

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
