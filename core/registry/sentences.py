"""A comparison in words: what wins, by how much, and what speaks against it."""

from collections.abc import Mapping, Sequence

from core.foundation.text import _
from core.foundation.values import Value
from core.tasks.measures.claims import gain, outcome
from core.tasks.metrics import in_words
from core.tasks.task import Task, all_metrics
from core.tasks.values import Better, Interval

Figures = Mapping[str, Interval]


class Measure(Value):
    """A figure of the baseline, and by how much the other version's differs from it; no interval, no claim."""

    metric: str
    title: str
    better: Better
    baseline: float | None
    delta: Interval | None

    @property
    def outcome(self) -> str:
        return outcome(self.delta, better=self.better) if self.delta else ""


def title_of(metric: str) -> str:
    """A metric's name as people say it."""
    known = all_metrics().get(metric)
    return in_words(known) if known else metric


def measures_of(task: type[Task], figures: Figures, *, deltas: Figures) -> tuple[Measure, ...]:
    """The metrics of an evaluation, those that say most first; `figures` are the baseline's."""
    metrics = sorted(task.metrics, key=lambda metric: task.leading.index(metric.name))
    return tuple(
        Measure(
            metric=metric.name,
            title=title_of(metric.name),
            better=metric.better,
            baseline=figures[metric.name].value if metric.name in figures else None,
            delta=deltas.get(metric.name),
        )
        for metric in metrics
        if metric.name in figures or metric.name in deltas
    )


def verdict_in_words(measures: Sequence[Measure], *, candidate: str, baseline: str) -> str:
    """For instance "v2 wins 3 of 4 metrics. It is 1.2 % better in log loss than v1, but 8.0 % worse in calibration
    error." Of measures in the order of how much they say. It counts all that it is given; a win or a loss is claimed
    only where the interval excludes 0."""
    won, lost = ([measure for measure in measures if measure.outcome == word] for word in ("better", "worse"))
    names = {"candidate": candidate, "baseline": baseline, "total": len(measures)}
    if not won and not lost:
        return _("{candidate} and {baseline} cannot be told apart: no metric differs significantly.").format(**names)
    lead = _("{candidate} wins {won} of {total} metrics.") if won else _("{candidate} loses {lost} of {total} metrics.")
    details = _details(next(iter(won), None), next(iter(lost), None), baseline=baseline)
    return f"{lead.format(won=len(won), lost=len(lost), **names)} {details}"


def _details(best: Measure | None, worst: Measure | None, *, baseline: str) -> str:
    if best and worst:
        text = _("It is {better} better in {best} than {baseline}, but {worse} worse in {worst}.")
    elif best:
        text = _("It is {better} better in {best} than {baseline}.")
    else:
        text = _("It is {worse} worse in {worst} than {baseline}.")
    return text.format(
        better=_in_percent(best),
        worse=_in_percent(worst),
        best=best.title if best else "",
        worst=worst.title if worst else "",
        baseline=baseline,
    )


def _in_percent(measure: Measure | None) -> str:
    if measure is None or measure.delta is None:
        return ""
    difference = abs(gain(measure.delta, better=measure.better).value)
    share = 100 * difference / abs(measure.baseline) if measure.baseline else 100.0
    return _("under 0.1 %") if share < 0.1 else f"{share:.1f} %"
