"""Is the candidate good enough, and no worse than what serves now?"""

from collections.abc import Iterator, Mapping, Sequence
from math import isclose
from typing import Annotated, Any, Literal

from pydantic import Field

from core.foundation.plugins import OneOf
from core.foundation.text import N_, _, thousands
from core.promotion.figures import figure, metric_name, signed, with_interval
from core.promotion.gate import Finding, Gate, GateContext, GateParams, holds, label, worst
from core.promotion.values import GateResult
from core.registry.holdouts import is_seen
from core.registry.values import QUALITY, Evaluation, Evidence, QualityReport
from core.requirements.values import Comparison
from core.tasks.measures.claims import gain, non_inferiority
from core.tasks.task import quality_metrics, task_called, task_of
from core.tasks.values import BINARY, Interval, Verdict

QualityMetric = Annotated[str, OneOf(lambda: list(quality_metrics()))]
Margin = Annotated[float, Field(ge=0, le=1)]
USUAL_MARGINS = {"auc": 0.002, "log_loss": 0.005}


class QualityGate(Gate):
    """Compares the candidate with the version in production on the same held-out rows, in pairs. Every named metric
    must be no worse than its margin (or better), with the whole 95 % interval, and the requirement's criteria must hold
    with the whole interval too. An interval that reaches across a limit is inconclusive."""

    name = QUALITY
    title = N_("Offline quality")

    class Params(GateParams):
        margins: dict[QualityMetric, Margin] = Field(
            default=USUAL_MARGINS,
            description="How much worse each metric may be; for those in the unit of the label as a share. Versions of "
            "another task than yes or no are judged by the margins of their task, unless others are named here.",
        )
        demand: Literal["non-inferior", "better"] = "non-inferior"
        split: str = Field(default="", description="The rows to judge on; empty: any that training has not seen.")

        def looseness(self) -> Mapping[str, float]:
            own = {"demand": float(self.demand == "non-inferior"), "split": float(not self.split)}
            return {**super().looseness(), **own, **{f"margin {name}": margin for name, margin in self.margins.items()}}

    params: Params

    def judge(self, evidence: Sequence[Evidence], context: GateContext) -> GateResult:
        if evidence or task_of(context.version.signature.target).metrics or _is_demanded(context):
            return super().judge(evidence, context)
        basis = _("Its parity and its latency are what there is to decide on")
        return self._result(Finding(Verdict.INCONCLUSIVE, _("No metric judges what it answers"), basis), None)

    def wanted(self, context: GateContext) -> str:
        if context.production is None:
            return _("Measure its quality on held-out rows.")
        return _("Measure its quality against {version}, which is in production.").format(
            version=label(context.production)
        )

    def misfit(self, evidence: Evidence, context: GateContext) -> str:
        return super().misfit(evidence, context) or self._other_rows(evidence, context) or _other(evidence, context)

    def weigh(self, evidence: Sequence[Evidence], context: GateContext) -> Finding:
        measured = QualityReport.model_validate(evidence[0].content)
        evaluation = _evaluation(evidence[0], context)
        assert evaluation is not None
        if (forged := _forged(measured, evaluation)) is not None:
            return Finding(Verdict.FAIL, _("Does not count"), forged)
        against = list(self._against_production(measured, context))
        demanded = list(_demanded(measured, context))
        verdicts = [finding.verdict for finding in (*against, *demanded)]
        return Finding(
            worst(verdicts) if verdicts else Verdict.INCONCLUSIVE,
            " · ".join(finding.value for finding in demanded) or self._plain(measured),
            " · ".join([*(finding.basis for finding in (*against, *demanded) if finding.basis), *_rows(evaluation)])
            if verdicts
            else _("Nothing to compare it with: no version in production and no criterion"),
        )

    def _other_rows(self, evidence: Evidence, context: GateContext) -> str:
        evaluation = _evaluation(evidence, context)
        if evaluation is None:
            return _("{id} was measured on other rows than the version was judged on").format(id=evidence.id)
        if is_seen(evaluation):
            return _("{id} was measured on {holdout}, which training has seen").format(
                id=evidence.id, holdout=evaluation.holdout_name
            )
        if evidence.measured_on.get("predictions") != evaluation.predictions:
            return _("{id} rests on other predictions than the version's own").format(id=evidence.id)
        if self.params.split and evaluation.holdout_name != self.params.split:
            return _("{id} was measured on {holdout}; the policy asks for {split}").format(
                id=evidence.id, holdout=evaluation.holdout_name, split=self.params.split
            )
        return ""

    def _against_production(self, measured: QualityReport, context: GateContext) -> Iterator[Finding]:
        for metric, margin in self._margins(measured).items() if context.production else ():
            delta = measured.deltas.get(metric)
            name = metric_name(metric)
            if delta is None:
                yield Finding(Verdict.FAIL, "", _("{metric} is missing").format(metric=name))
                continue
            limit = _("margin {margin}").format(margin=figure(margin)) if self.params.demand != "better" else ""
            yield Finding(
                self._verdict(metric, delta, margin),
                "",
                _("{metric} {delta} against {version}, {limit}").format(
                    metric=name,
                    delta=signed(delta),
                    version=label(context.production) if context.production else "",
                    limit=limit or _("must be better"),
                ),
            )

    def _margins(self, measured: QualityReport) -> Mapping[str, float]:
        """Those of the policy for the metrics of the version's task; where it names none of them, those of the task."""
        task = task_called(measured.task)
        own = {metric.name for metric in task.metrics}
        is_said = measured.task == BINARY or self.params.margins != USUAL_MARGINS
        named = {name: margin for name, margin in self.params.margins.items() if name in own and is_said}
        return task.margins_against(measured.baseline_metrics or measured.metrics, margins=named or None)

    def _verdict(self, metric: str, delta: Interval, margin: float) -> Verdict:
        better = quality_metrics()[metric].better
        if self.params.demand == "non-inferior":
            return non_inferiority(delta, better=better, margin=margin)
        turned = gain(delta, better=better)
        if turned.low > 0:
            return Verdict.PASS
        return Verdict.FAIL if turned.high <= 0 else Verdict.INCONCLUSIVE

    def _plain(self, measured: QualityReport) -> str:
        named = [metric for metric in self._margins(measured) if metric in measured.metrics]
        return " · ".join(f"{metric_name(metric)} {with_interval(measured.metrics[metric])}" for metric in named)


def _is_demanded(context: GateContext) -> bool:
    return any(criterion.metric in quality_metrics() for criterion in context.criteria)


def _demanded(measured: QualityReport, context: GateContext) -> Iterator[Finding]:
    """The requirement's criteria that are about quality."""
    for criterion in context.criteria:
        if criterion.metric not in quality_metrics():
            continue
        name = metric_name(criterion.metric)
        interval = measured.metrics.get(criterion.metric)
        if interval is None:
            yield Finding(Verdict.FAIL, _("{metric} is missing").format(metric=name), "")
            continue
        words = _("at least") if criterion.comparison is Comparison.AT_LEAST else _("at most")
        value = f"{name} {with_interval(interval)}, {words} {figure(criterion.limit)}"
        yield Finding(holds(criterion, interval), value, "")


def _other(evidence: Evidence, context: GateContext) -> str:
    """Why the comparison is not with what serves now."""
    if context.production is None or evidence.measured_on.get("baseline") == context.production.digest:
        return ""
    return _("{id} does not compare with {version}, which is in production").format(
        id=evidence.id, version=label(context.production)
    )


def _evaluation(evidence: Evidence, context: GateContext) -> Evaluation | None:
    holdout: Any = evidence.measured_on.get("holdout")
    return next((evaluation for evaluation in context.version.evaluations if evaluation.holdout == holdout), None)


def _forged(measured: QualityReport, evaluation: Evaluation) -> str | None:
    """Figures that were typed by hand differ from those that were computed from the very file."""
    for metric, interval in measured.metrics.items():
        known = evaluation.metrics.get(metric)
        if known is not None and not isclose(known.value, interval.value, rel_tol=1e-4, abs_tol=1e-6):
            return _("{metric} is not what the version's own evaluation says").format(metric=metric_name(metric))
    return None


def _rows(evaluation: Evaluation) -> tuple[str]:
    return (_("{rows} rows of {holdout}").format(rows=thousands(evaluation.rows), holdout=evaluation.holdout_name),)
