"""How good a version is on rows that training has not seen."""

from core.foundation.text import N_, _
from core.promotion.evidence_kinds.content import Cell, Intervals, Section, Sentence, Table, Tone
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind, Measurement
from core.promotion.gates.quality import QualityGate
from core.registry.values import QUALITY, Evidence, QualityReport
from core.tasks.measures.claims import gain, outcome
from core.tasks.task import quality_metrics, task_called
from core.tasks.values import Better, Interval


class QualityEvidence(EvidenceKind):
    """The metrics of a version on held-out rows with their intervals, and against a baseline on the same rows in
    pairs."""

    name = QUALITY
    title = QualityGate.title
    order = 10
    missing = N_("How good it is on rows that training never saw, against a baseline on the same rows")
    gate = QualityGate
    measured_by = Measurement(action="registry.measure_quality", label=N_("Measure quality"), repeatable=True)

    def content(self, evidence: Evidence) -> tuple[Section, ...]:
        report = QualityReport.model_validate(evidence.content)
        note = _("Gray are 95 % intervals; differences are paired by row, so small ones can be significant.")
        note = " ".join([*report.remarks, note])
        figures = Section(title=_("Figures"), hint=_rows(report), tables=(_table(report),), note=note)
        return (figures, _gains(report)) if report.deltas else (figures,)

    def baseline(self, evidence: Evidence) -> str:
        return str(evidence.content.get("baseline") or "")


def _rows(report: QualityReport) -> Sentence:
    """How many they are, and where labels are 0 and 1 the share of positives."""
    cells = {"n": Cell(value=report.rows, form="number"), "name": Cell(value=report.holdout_name)}
    if report.spread is not None:
        return Sentence(text=_("{n} rows of {name}"), cells=cells)
    share = Cell(value=report.positive_share, form="percent")
    return Sentence(text=_("{n} rows of {name}, {share} of them positive"), cells={**cells, "share": share})


def _metrics(report: QualityReport) -> list[str]:
    """In the order of its task."""
    order = [metric.name for metric in task_called(report.task).metrics]
    return sorted(report.metrics, key=lambda metric: order.index(metric) if metric in order else len(order))


def _better(metric: str) -> Better:
    known = quality_metrics().get(metric)
    return known.better if known else "up"


def _table(report: QualityReport) -> Table:
    columns, compared = [_("Metric"), _("This version")], bool(report.baseline)
    if compared:
        columns += [_("Baseline"), _("Difference"), _("Margin")]
    rows = []
    for metric in _metrics(report):
        own = (Cell(value=metric, form="metric"), _figure(report.metrics[metric]))
        rows.append((*own, *_against(report, metric)) if compared else own)
    return Table(columns=tuple(columns), rows=tuple(rows), alt=_("Figures with their 95 % intervals"))


def _against(report: QualityReport, metric: str) -> tuple[Cell, ...]:
    margin = report.margins.get(metric)
    not_judged = Cell(value=_("not judged"))
    return (
        _figure(report.baseline_metrics.get(metric)),
        _difference(report.deltas.get(metric), metric),
        not_judged if margin is None else Cell(value=margin, form="number"),
    )


def _figure(interval: Interval | None) -> Cell:
    if interval is None:
        return Cell(value=None, form="number")
    return Cell(value=interval.value, form="number", low=interval.low, high=interval.high)


def _difference(delta: Interval | None, metric: str) -> Cell:
    """Good when surely better, bad when surely worse, unsure when it may be chance."""
    if delta is None:
        return Cell(value=None, form="difference")
    tones: dict[str, Tone] = {"better": "good", "worse": "bad", "same": "unsure"}
    return Cell(value=delta.value, form="difference", tone=tones[outcome(delta, better=_better(metric))])


def _gains(report: QualityReport) -> Section:
    """The differences with their intervals, turned so that right is better."""
    known = [metric for metric in _metrics(report) if metric in report.deltas]
    gains = {metric: gain(report.deltas[metric], better=_better(metric)) for metric in known}
    rows = tuple((Cell(value=metric, form="metric"), interval) for metric, interval in gains.items())
    alt = _("Gain over the baseline by metric, with 95 % intervals")
    return Section(
        title=_("Difference to the baseline"),
        hint=Sentence(text=_("right of the line is better")),
        series=(Intervals(rows=rows, x=_("gain"), alt=alt, zero=True),),
    )
