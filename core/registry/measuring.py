"""The registry's own measurements of a version: how good it is on rows that training has not seen, and what its file
holds. The figures are computed from stored bytes that were hashed on the way; nobody can hand them in."""

from core.foundation.errors import Invalid
from core.foundation.storage import Store
from core.foundation.text import _, thousands
from core.registry.comparison import labels_of
from core.registry.holdouts import are_same_rows, common_holdout, is_seen, read_predictions
from core.registry.inspection import FileLimits, inspection_of
from core.registry.sentences import measures_of, verdict_in_words
from core.registry.values import QUALITY, SAFETY, Evaluation, ModelVersion, NewEvidence, QualityReport
from core.tasks.measures.claims import non_inferiority
from core.tasks.metrics import in_words
from core.tasks.predictions import Predictions
from core.tasks.task import Task, task_of
from core.tasks.values import Verdict

# From here on the digits behind the point say nothing.
LARGE = 1000
WORST_FIRST = (Verdict.FAIL, Verdict.NO_DATA, Verdict.INCONCLUSIVE, Verdict.PASS)


def measure_quality(
    store: Store, *, candidate: ModelVersion, baseline: ModelVersion | None, holdout: str, measured_by: str
) -> NewEvidence:
    """QUALITY evidence. With a baseline it passes when no metric with a margin is worse by more than it; without
    one it passes by having been computed, and what is enough is the gate's to say. Raises Invalid when there are no
    rows to judge on."""
    task = task_of(candidate.signature.target)
    if not task.metrics:
        raise Invalid(
            _("No metric judges what {id} answers").format(id=candidate.id),
            hint=_("Measure its parity and its latency instead."),
        )
    chosen = _chosen(candidate, baseline=baseline, holdout=holdout)
    versions = (candidate, baseline or candidate)
    judged = [
        read_predictions(store, digest=evaluation.predictions, target=version.signature.target)
        for evaluation, version in zip(chosen, versions, strict=False)
    ]
    if not all(are_same_rows(judged[0], second=predictions) for predictions in judged):
        raise _nothing_in_common(candidate, baseline)
    report = _report(task, judged, evaluation=chosen[0], baseline=baseline)
    measured_on = {"version": candidate.digest, "model": candidate.model_digest, "holdout": chosen[0].holdout}
    measured_on["predictions"] = chosen[0].predictions
    return NewEvidence(
        project=candidate.project,
        kind=QUALITY,
        subject=candidate.id,
        verdict=judge(task, report),
        summary=_summary(task, report, candidate=candidate, baseline=baseline),
        measured_on={**measured_on, **({"baseline": baseline.digest} if baseline else {})},
        content=report.model_dump(mode="json"),
        created_by=measured_by,
    )


def scan_safety(store: Store, *, version: ModelVersion, measured_by: str, limits: FileLimits) -> NewEvidence:
    """SAFETY evidence about the exact bytes of a version's model file."""
    report = inspection_of(store.read(version.model_digest), limits=limits).report
    refused = [finding.message for finding in report.findings if finding.refuses]
    plain = _("Standard operators only, weights inside, {size} kB").format(size=thousands(report.bytes / 1000))
    return NewEvidence(
        project=version.project,
        kind=SAFETY,
        subject=version.id,
        verdict=Verdict.FAIL if refused else Verdict.PASS,
        summary="; ".join(refused) or plain,
        measured_on={"version": version.digest, "model": report.model_digest},
        content=report.model_dump(mode="json"),
        created_by=measured_by,
    )


def judge(task: type[Task], report: QualityReport) -> Verdict:
    """The worst of the verdicts on the metrics that have a margin; passed when there is nothing to compare with."""
    verdicts = {
        non_inferiority(report.deltas.get(metric.name), better=metric.better, margin=report.margins[metric.name])
        for metric in task.metrics
        if metric.name in report.margins
    }
    return next(verdict for verdict in WORST_FIRST if verdict in verdicts) if report.deltas else Verdict.PASS


def _chosen(candidate: ModelVersion, *, baseline: ModelVersion | None, holdout: str) -> tuple[Evaluation, ...]:
    if baseline is not None and baseline.signature.target.task != candidate.signature.target.task:
        raise _other_task(candidate, baseline)
    if baseline is not None and baseline.id == candidate.id:
        raise Invalid(_("A version cannot be its own baseline"), hint=_("Choose another one."), field="baseline_id")
    versions = [candidate, *([baseline] if baseline else [])]
    evaluations = common_holdout(versions, wanted=holdout, unseen_only=True)
    if evaluations is not None:
        return evaluations
    seen = common_holdout(versions, wanted=holdout)
    if seen is not None and is_seen(seen[0]):
        raise Invalid(
            _("Training has seen the rows of {name}").format(name=seen[0].holdout_name),
            hint=_("Judge on a split that training has not seen, such as test."),
            field="holdout",
        )
    raise _nothing_in_common(candidate, baseline)


def _nothing_in_common(candidate: ModelVersion, baseline: ModelVersion | None) -> Invalid:
    if baseline is None:
        message = _("{id} was not judged on any rows that training has not seen").format(id=candidate.id)
        return Invalid(message, hint=_("Register it from a run whose training set has a test split."), field="holdout")
    message = _("{first} and {second} were not judged on the same rows").format(first=candidate.id, second=baseline.id)
    return Invalid(
        message,
        hint=_("Train both on training sets with the same rows in their test split, then measure again."),
        field="holdout",
    )


def _other_task(candidate: ModelVersion, baseline: ModelVersion) -> Invalid:
    return Invalid(
        _("{first} and {second} do not predict the same kind of thing").format(first=candidate.id, second=baseline.id),
        hint=_("Compare it with a version of the same task."),
        field="baseline_id",
    )


def _report(
    task: type[Task], judged: list[Predictions], *, evaluation: Evaluation, baseline: ModelVersion | None
) -> QualityReport:
    figures = [task.evaluate(predictions) for predictions in judged]
    spread = task.spread_of(judged[0].labels, target=judged[0].target)
    return QualityReport(
        task=task.name,
        metrics=figures[0],
        baseline=baseline.id if baseline else "",
        baseline_metrics=figures[1] if baseline else {},
        deltas=task.compare(judged[1], after=judged[0]) if baseline else {},
        holdout=evaluation.holdout,
        holdout_name=evaluation.holdout_name,
        rows=len(judged[0]),
        margins=task.margins_against(figures[1]) if baseline else {},
        remarks=task.remarks(judged[0]),
        **spread.as_fields(),
    )


def _figure(value: float) -> str:
    """With four digits behind the point, of which large numbers need none: "0.7395", "23 712"."""
    return f"{value:.4f}" if abs(value) < LARGE else thousands(value)


def _summary(task: type[Task], report: QualityReport, *, candidate: ModelVersion, baseline: ModelVersion | None) -> str:
    judged = [metric for metric in task.metrics if metric.name in task.margins and metric.name in report.metrics]
    shown = ", ".join(f"{in_words(metric)} {_figure(report.metrics[metric.name].value)}" for metric in judged)
    plain = _("{figures} on {rows} rows of {name}.").format(
        figures=shown, rows=thousands(report.rows), name=report.holdout_name
    )
    if baseline is None:
        return plain
    labels = labels_of([candidate, baseline])
    measures = measures_of(task, report.baseline_metrics, deltas=report.deltas)
    words = verdict_in_words(measures, candidate=labels[candidate.id], baseline=labels[baseline.id])
    return f"{plain} {words}"
