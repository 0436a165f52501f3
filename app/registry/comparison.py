"""Versions side by side in tables: what differs and whether that is sure, parameters, and changed decisions."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from pydantic import Field

from app.registry.naming import Places, labels_of, stage_of
from app.ui import frame, links, numbers, status
from app.ui.evidence import figures_of
from app.ui.numbers import metric_name, metric_short, metric_value
from app.ui.parameters import plain
from app.ui.tables import reading
from core.foundation.text import _
from core.foundation.values import Value
from core.promotion.evidence_kinds.content import Figure
from core.registry.sentences import Measure, title_of, verdict_in_words
from core.registry.values import Comparison, MetricRow, ModelVersion, ParameterRow
from core.tasks.values import Flip, Interval

SAME = 0.0005
OPEN = 1e12
SHOWN_FLIPS = 10
AROUND = ("code commit", "feature versions", "training set")


class Line(Value):
    """A figure across versions, by id. `deltas` are against the baseline; a difference is sure when its interval
    excludes 0. `phrase` is its name inside a sentence. What does not judge stands beside the others, neither
    won nor lost."""

    metric: str
    name: str
    phrase: str
    up: bool
    values: dict[str, float] = Field(default_factory=dict)
    deltas: dict[str, Interval] = Field(default_factory=dict)
    unit: str = ""
    short: str = ""
    comparable: bool = True
    judges: bool = True

    @property
    def title(self) -> str:
        arrow = ("\u00a0\u2191" if self.up else "\u00a0\u2193") if self.judges else ""
        return f"{self.name}{f' ({self.unit})' if self.unit else ''}{arrow}"

    @property
    def best(self) -> frozenset[str]:
        """The versions with the best value, ties together, where each is surely better than each of the others; nobody
        where all are the same, where the difference may be chance, and where it has no interval."""
        if not (self.comparable and self.judges and self.values):
            return frozenset()
        top = (max if self.up else min)(self.values.values())
        best = {version_id for version_id, value in self.values.items() if abs(value - top) <= SAME * abs(top)}
        others = self.values.keys() - best
        is_sure = all(self._is_surely_better(first, than=other) for first in best for other in others)
        return frozenset(best if others and is_sure else ())

    def _is_surely_better(self, version_id: str, *, than: str) -> bool:
        """The baseline has no delta: it differs from itself by nothing. Between two others the intervals of both
        against the baseline add up, which claims too little rather than too much."""
        nothing = Interval(value=0.0, low=0.0, high=0.0)
        first, second = (self.deltas.get(name, nothing) for name in (version_id, than))
        if version_id not in self.deltas and than not in self.deltas:
            return False
        return first.low > second.high if self.up else first.high < second.low


def lines_of(comparison: Comparison) -> list[Line]:
    """The metrics on the common rows, then what load tests and the file itself say."""
    lines = [_metric_line(row) for row in comparison.metrics if row.values]
    return [*lines, *_measured_lines(comparison.versions, baseline=comparison.baseline)]


def _metric_line(row: MetricRow) -> Line:
    values = {version_id: interval.value for version_id, interval in row.values.items()}
    short = metric_short(row.metric)
    return Line(
        metric=row.metric,
        name=metric_name(row.metric),
        phrase=title_of(row.metric),
        short=short,
        up=row.better == "up",
        values=values,
        deltas=row.deltas,
    )


def sentence(comparison: Comparison, lines: Sequence[Line]) -> str:
    """The answer in words over the lines of the table, as far as something can be claimed."""
    if not comparison.candidate:
        return comparison.sentence
    labels = labels_of(comparison.versions)
    measures = [
        Measure(
            metric=line.metric,
            title=line.phrase,
            better="up" if line.up else "down",
            baseline=line.values.get(comparison.baseline),
            delta=line.deltas.get(comparison.candidate),
        )
        for line in lines
        if line.judges
    ]
    return verdict_in_words(measures, candidate=labels[comparison.candidate], baseline=labels[comparison.baseline])


def _measured_lines(versions: Sequence[ModelVersion], *, baseline: str) -> list[Line]:
    """p99 and capacity as they were measured last with their intervals, and the size of the file. Figures that were
    measured under different conditions stand side by side and are not compared."""
    figures = {version.id: figures_of(version.id) for version in versions}
    p99, capacity = _picked(figures, "p99_ms"), _picked(figures, "capacity_rps")
    sizes = {version.id: _exactly(version.bytes / 1000) for version in versions}
    latency = Line(metric="p99_ms", name=_("p99 latency"), phrase=_("p99 latency"), short="p99", up=False, unit="ms")
    capacities = Line(
        metric="capacity_rps",
        name=_("Capacity"),
        phrase=_("capacity"),
        short=_("Capacity"),
        up=True,
        unit="rps",
    )
    about: dict[str, Any] = {"metric": "bytes", "up": False, "unit": "kB", "judges": False}
    size = Line(name=_("Model size"), phrase=_("model size"), short=_("Size"), **about)
    pairs = ((latency, p99), (capacities, capacity), (size, sizes))
    return [_measured(line, figures, baseline=baseline) for line, figures in pairs if len(figures) > 1]


def _measured(line: Line, figures: Mapping[str, Figure], *, baseline: str) -> Line:
    comparable = len({figure.conditions for figure in figures.values()}) == 1
    measured = {
        "values": {version_id: figure.value for version_id, figure in figures.items()},
        "deltas": _differences(figures, baseline=baseline) if comparable else {},
        "comparable": comparable,
    }
    return line.model_copy(update=measured)


def _exactly(value: float) -> Figure:
    return Figure(value=value, low=value, high=value)


def _picked(figures: Mapping[str, Mapping[str, Figure]], metric: str) -> dict[str, Figure]:
    return {version_id: known[metric] for version_id, known in figures.items() if metric in known}


def _differences(figures: Mapping[str, Figure], *, baseline: str) -> dict[str, Interval]:
    """Differences of figures that were measured apart: their intervals add up. An end that is not known is open:
    nothing can be sure across it."""
    if baseline not in figures:
        return {}
    ends = {version_id: _ends(figure) for version_id, figure in figures.items()}
    before = ends[baseline]
    return {
        version_id: Interval(
            value=interval.value - before.value, low=interval.low - before.high, high=interval.high - before.low
        )
        for version_id, interval in ends.items()
        if version_id != baseline
    }


def _ends(figure: Figure) -> Interval:
    low, high = figure.low, figure.high
    return Interval(value=figure.value, low=0.0 if low is None else low, high=OPEN if high is None else high)


def metric_table(comparison: Comparison, shown: Sequence[Line], *, known: Places) -> None:
    """One row a figure, one column a version; the change against the baseline stands beside the value."""
    if not shown:
        st.caption(_("No figure differs."))
        return
    labels = labels_of(comparison.versions)
    columns = {_("Metric"): [line.title for line in shown]}
    for version in comparison.versions:
        head = f"{links.escape(labels[version.id])} {status.life_cycle(stage_of(version, known))}"
        columns[head] = [_cell(line, version.id, baseline=comparison.baseline) for line in shown]
    reading(columns, alt=_("Figures by version"))
    apart = [line.name for line in shown if not line.comparable]
    if apart:
        st.caption(
            _("{names} was measured under different loads, so it is not compared.").format(names=", ".join(apart))
        )


def differs(line: Line) -> bool:
    return len(set(line.values.values())) > 1 or len(line.values) == 1


def _cell(line: Line, version_id: str, *, baseline: str) -> str:
    value = line.values.get(version_id)
    if value is None:
        return ":gray[—]"
    best = version_id in line.best
    text = f"**{_number(line, value)}** :green[:material/trophy:]" if best else _number(line, value)
    return f"{text} {_change(line, version_id, baseline=baseline)}".strip()


def _number(line: Line, value: float) -> str:
    return numbers.figure(round(value, 1)) if line.unit else metric_value("", value)


def _change(line: Line, version_id: str, *, baseline: str) -> str:
    """Against the baseline in percent: green when surely better, red when surely worse, gray when it may be chance."""
    delta, before = line.deltas.get(version_id), line.values.get(baseline)
    if delta is None or not before:
        return ""
    share = delta.value / abs(before)
    if abs(share) < SAME:
        same = _("same")
        return f":gray[{same}]"
    text = numbers.change(share)
    if delta.low <= 0 <= delta.high or not line.judges:
        return f":gray[{text}]"
    return f":{'green' if (share > 0) == line.up else 'red'}[{text}]"


def parameter_table(comparison: Comparison, *, only: bool) -> None:
    """Parameters as code, those that differ first."""
    differing = [row for row in comparison.parameters if row.differs]
    rows = differing if only else [*differing, *(row for row in comparison.parameters if not row.differs)]
    rows = sorted(rows, key=lambda row: row.name in AROUND)
    hint = _("{n} of {total} differ").format(n=len(differing), total=len(comparison.parameters))
    frame.section(_("Parameters"), hint=hint)
    if not rows:
        st.caption(_("They are the same."))
        return
    labels = labels_of(comparison.versions)
    columns = {_("Parameter"): [links.escape(row.name.replace("_", " ")) for row in rows]}
    for version in comparison.versions:
        columns[links.escape(labels[version.id])] = [_parameter(row, version.id) for row in rows]
    reading(columns, alt=_("Parameters by version"))


def _parameter(row: ParameterRow, version_id: str) -> str:
    value = row.values.get(version_id)
    return ":gray[—]" if value is None else links.code(plain(value))


def decisions(comparison: Comparison) -> None:
    """Which rows would be decided otherwise, for one version against the baseline; nothing where the task decides
    nothing."""
    if comparison.holdout and not comparison.flips:
        return
    flips = {flip.version_id: flip for flip in comparison.flips}
    labels = labels_of(comparison.versions)
    with frame.section(_("Changed decisions"), hint=_("against {label}").format(label=labels[comparison.baseline])):
        chosen = next(iter(flips), None)
        if len(flips) > 1:
            chosen = st.segmented_control(
                _("Version"),
                list(flips),
                default=chosen,
                required=True,
                format_func=labels.__getitem__,
                key="flips",
                label_visibility="collapsed",
            )
    if chosen is None:
        is_common = bool(comparison.holdout)
        st.caption(_("What these models say is no decision.") if is_common else _("There are no rows in common."))
        return
    _flips(flips[chosen], label=labels[chosen], before=labels[comparison.baseline])


def _flips(flip: Flip, *, label: str, before: str) -> None:
    if not flip.rows:
        st.caption(_("No decision differs."))
        return
    right = sum(_is_right(row[3], row[1], flip) for row in flip.rows)
    st.markdown(
        _(
            "**{label} decides {share} of the rows differently.** Of the {n} with the widest gap it is right in "
            "{right}."
        ).format(label=links.escape(label), share=numbers.percent(flip.share), n=len(flip.rows), right=right)
    )
    rows = flip.rows[:SHOWN_FLIPS]
    columns = {
        _("Row"): [links.code(row[0]) for row in rows],
        _("Outcome"): [_outcome(row[1]) for row in rows],
        links.escape(before): [_side(row[2], row[1], flip) for row in rows],
        links.escape(label): [_side(row[3], row[1], flip) for row in rows],
    }
    reading(columns, alt=_("Rows with the widest gap"))
    if not isinstance(flip.rows[0][3], str):
        share = numbers.percent(flip.threshold)
        st.caption(_("A row is flagged from {share} on, the share of positives.").format(share=share))


def _is_right(answer: float | str, label: float | str, flip: Flip) -> bool:
    """Classes are right or wrong; a probability decides from the threshold on."""
    if isinstance(answer, str) or isinstance(label, str):
        return answer == label
    return (answer >= flip.threshold) == bool(label)


def _outcome(label: float | str) -> str:
    if isinstance(label, str):
        return links.escape(label)
    return _("yes") if label else _("no")


def _side(answer: float | str, label: float | str, flip: Flip) -> str:
    """An answer with whether its decision was right."""
    right = ":green[:material/check:]" if _is_right(answer, label, flip) else ":red[:material/close:]"
    return f"{links.escape(answer) if isinstance(answer, str) else numbers.percent(answer)} {right}"
