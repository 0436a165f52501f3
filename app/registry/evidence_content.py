"""What each kind of evidence says, drawn so that it can be read: figures against the baseline, cells that differ, what
a file holds, how a load was carried."""

from collections.abc import Mapping

import streamlit as st

from app.loadtests.report import over_rate, percentiles, strip, verdict
from app.serving.parity import mismatches
from app.ui import charts, frame, links, numbers
from app.ui.numbers import is_less_better, metric_name
from app.ui.tables import reading
from core.foundation.text import _
from core.loadtests.values import Report
from core.registry.values import Evidence, EvidenceKind, Interval, QualityReport, SafetyReport
from core.serving.values import ParityReport

METRICS = ("auc", "log_loss", "ece", "brier")


def content(evidence: Evidence) -> None:
    """The figures of the evidence, by its kind."""
    draw = {
        EvidenceKind.QUALITY: _quality,
        EvidenceKind.PARITY: _parity,
        EvidenceKind.SAFETY: _safety,
        EvidenceKind.LOAD_TEST: _load_test,
    }[evidence.kind]
    draw(evidence)


def _quality(evidence: Evidence) -> None:
    report = QualityReport.model_validate(evidence.content)
    rows = _("{n} rows of {name}, {share} of them positive").format(
        n=numbers.number(report.rows), name=report.holdout_name, share=numbers.percent(report.positive_share)
    )
    frame.section(_("Figures"), hint=rows)
    metrics = [metric for metric in METRICS if metric in report.metrics]
    columns = {
        _("Metric"): [f"{metric_name(metric)} {_arrow(metric)}" for metric in metrics],
        _("This version"): [_figure(report.metrics[metric]) for metric in metrics],
    }
    if report.baseline:
        columns[_("Baseline")] = [_figure(report.baseline_metrics.get(metric)) for metric in metrics]
        columns[_("Difference")] = [_difference(report.deltas.get(metric), metric) for metric in metrics]
        columns[_("Margin")] = [_margin(report.margins, metric) for metric in metrics]
    reading(columns, alt=_("Figures with their 95 % intervals"))
    st.caption(_("Gray are 95 % intervals; differences are paired by row, so small ones can be sure."))
    if report.deltas:
        _gains(report)


def _gains(report: QualityReport) -> None:
    """The differences with their intervals, turned so that right is better."""
    frame.section(_("Difference to the baseline"), hint=_("right of the line is better"))
    rows = []
    for metric in reversed([metric for metric in METRICS if metric in report.deltas]):
        delta, turned = report.deltas[metric], is_less_better(metric)
        rows.append(
            (
                metric_name(metric),
                *((-delta.value, -delta.high, -delta.low) if turned else (delta.value, delta.low, delta.high)),
            )
        )
    alt = _("Gain over the baseline by metric, with 95 % intervals")
    charts.intervals(rows, key="gains", x=_("gain"), alt=alt, zero=True, colors=[0] * len(rows))


def _arrow(metric: str) -> str:
    return "\u2193" if is_less_better(metric) else "\u2191"


def _figure(interval: Interval | None) -> str:
    if interval is None:
        return "—"
    return f"{numbers.number(interval.value)} :gray[{numbers.number(interval.low)} – {numbers.number(interval.high)}]"


def _difference(interval: Interval | None, metric: str) -> str:
    """Green when surely better, red when surely worse, gray when it may be chance."""
    if interval is None:
        return "—"
    text = f"{'+' if interval.value > 0 else ''}{numbers.number(interval.value)}"
    if interval.low <= 0 <= interval.high:
        unsure = _("inconclusive")
        return f":gray[{text} {unsure}]"
    better = (interval.value < 0) == (is_less_better(metric))
    return f":{'green' if better else 'red'}[{text}]"


def _margin(margins: Mapping[str, float], metric: str) -> str:
    not_judged = _("not judged")
    return numbers.number(margins[metric]) if metric in margins else f":gray[{not_judged}]"


def _parity(evidence: Evidence) -> None:
    report = ParityReport.model_validate(evidence.content)
    frame.section(_("Cells"), hint=_("features and predictions, offline and served"))
    figures = (
        (_("Rows compared"), numbers.number(report.rows)),
        (_("Cells compared"), numbers.number(report.cells)),
        (_("Mismatches"), numbers.number(report.mismatches)),
        (_("Largest difference"), numbers.figure(report.largest_prediction_gap, 2)),
    )
    for column, (label, value) in zip(st.columns(4, gap="xsmall"), figures, strict=True):
        column.metric(label, value, border=True)
    if report.mismatches:
        mismatches(report)


def _safety(evidence: Evidence) -> None:
    report = SafetyReport.model_validate(evidence.content)
    frame.section(_("Findings"), hint=str(len(report.findings) or ""))
    if not report.findings:
        st.markdown(_(":green[:material/check_circle:] No findings. The file was read and not executed."))
    else:
        with frame.rows("findings"):
            for number, finding in enumerate(report.findings):
                icon = ":red[:material/gpp_bad:]" if finding.refuses else ":orange[:material/warning:]"
                frame.row(f"finding_{number}", title=finding.message, detail=links.code(finding.code), icon=icon)
    frame.section(_("Operators"), hint=_("{size}, all of them standard").format(size=numbers.size(report.bytes)))
    names = sorted(report.operators, key=lambda name: -report.operators[name])
    st.markdown(" ".join(f":gray-badge[{links.escape(name)} {report.operators[name]}]" for name in names))


def _load_test(evidence: Evidence) -> None:
    report = Report.model_validate(evidence.content)
    frame.section(_("Report"), hint=_("the generator kept up") if report.validity == "VALID" else "")
    if report.validity != "VALID":
        verdict(report)
    else:
        strip(report)
        over_rate(report)
        percentiles(report)
