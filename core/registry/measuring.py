"""The registry's own measurements of a version: how good it is on rows that training has not seen, and what its file
holds. The figures are computed from stored bytes that were hashed on the way; nobody can hand them in."""

from core.foundation.errors import Invalid
from core.foundation.storage import Store
from core.foundation.text import _, thousands
from core.registry import statistics
from core.registry.comparison import labels_of
from core.registry.holdouts import Predictions, are_same_rows, common_holdout, is_seen, read_predictions
from core.registry.inspection import FileLimits, inspection_of
from core.registry.sentences import measures_of, title_of, verdict_in_words
from core.registry.statistics import METRICS
from core.registry.values import (
    QUALITY,
    SAFETY,
    Evaluation,
    Interval,
    ModelVersion,
    NewEvidence,
    QualityReport,
    Verdict,
)

# How much worse than its baseline a version may be and still count as no worse. The calibration error is shown and not
# judged: that of two well calibrated models cannot be told apart by any number of rows one is likely to have.
MARGINS = {"auc": 0.005, "log_loss": 0.005}
WORST_FIRST = (Verdict.FAIL, Verdict.NO_DATA, Verdict.INCONCLUSIVE, Verdict.PASS)


def measure_quality(
    store: Store, *, candidate: ModelVersion, baseline: ModelVersion | None, holdout: str, measured_by: str
) -> NewEvidence:
    """QUALITY evidence. With a baseline it passes when order and log loss are no worse by more than a margin; without
    one it passes by having been computed, and what is enough is the gate's to say. Raises Invalid when there are no
    rows to judge on."""
    chosen = _chosen(candidate, baseline=baseline, holdout=holdout)
    judged = [read_predictions(store, digest=evaluation.predictions) for evaluation in chosen]
    if not all(are_same_rows(judged[0], second=predictions) for predictions in judged):
        raise _nothing_in_common(candidate, baseline)
    report = _report(judged, evaluation=chosen[0], baseline=baseline)
    measured_on = {"version": candidate.digest, "model": candidate.model_digest, "holdout": chosen[0].holdout}
    measured_on["predictions"] = chosen[0].predictions
    return NewEvidence(
        project=candidate.project,
        kind=QUALITY,
        subject=candidate.id,
        verdict=judge(report.deltas),
        summary=_summary(report, candidate=candidate, baseline=baseline),
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


def judge(deltas: dict[str, Interval]) -> Verdict:
    """The worse of the verdicts on order and log loss, each by its margin; passed when there is nothing to compare
    with."""
    verdicts = {
        statistics.non_inferiority(deltas.get(metric), better=METRICS[metric], margin=margin)
        for metric, margin in MARGINS.items()
    }
    return next(verdict for verdict in WORST_FIRST if verdict in verdicts) if deltas else Verdict.PASS


def _chosen(candidate: ModelVersion, *, baseline: ModelVersion | None, holdout: str) -> tuple[Evaluation, ...]:
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


def _report(judged: list[Predictions], *, evaluation: Evaluation, baseline: ModelVersion | None) -> QualityReport:
    labels = judged[0].labels
    figures = [statistics.evaluate(labels, probabilities=predictions.probabilities) for predictions in judged]
    deltas = {}
    if baseline is not None:
        deltas = statistics.compare(labels, baseline=judged[1].probabilities, candidate=judged[0].probabilities)
    return QualityReport(
        metrics=figures[0],
        baseline=baseline.id if baseline else "",
        baseline_metrics=figures[1] if baseline else {},
        deltas=deltas,
        holdout=evaluation.holdout,
        holdout_name=evaluation.holdout_name,
        rows=int(labels.size),
        positive_share=float(labels.mean()),
        margins=MARGINS if baseline else {},
    )


def _summary(report: QualityReport, *, candidate: ModelVersion, baseline: ModelVersion | None) -> str:
    shown = ", ".join(f"{title_of(metric)} {report.metrics[metric].value:.4f}" for metric in ("auc", "log_loss"))
    plain = _("{figures} on {rows} rows of {name}.").format(
        figures=shown, rows=thousands(report.rows), name=report.holdout_name
    )
    if baseline is None:
        return plain
    labels = labels_of([candidate, baseline])
    measures = measures_of(report.baseline_metrics, deltas=report.deltas)
    words = verdict_in_words(measures, candidate=labels[candidate.id], baseline=labels[baseline.id])
    return f"{plain} {words}"
