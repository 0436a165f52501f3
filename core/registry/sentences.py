"""A comparison in words: what wins, by how much, and what speaks against it."""

from collections.abc import Iterable, Mapping, Sequence

from core.foundation.text import _
from core.foundation.values import Value
from core.registry.statistics import METRICS, Better, gain, outcome
from core.registry.values import Interval

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
    titles = {
        "auc": _("AUC"),
        "log_loss": _("log loss"),
        "brier": _("Brier score"),
        "ece": _("calibration error"),
        "p99_ms": _("p99 latency"),
        "error_rate": _("error rate"),
        "capacity_rps": _("capacity"),
        "parity_mismatches": _("parity mismatches"),
    }
    return titles.get(metric, metric)


def measures_of(figures: Figures, *, deltas: Figures) -> tuple[Measure, ...]:
    """The metrics of an evaluation; `figures` are the baseline's."""
    return tuple(
        Measure(
            metric=metric,
            title=title_of(metric),
            better=better,
            baseline=figures[metric].value if metric in figures else None,
            delta=deltas.get(metric),
        )
        for metric, better in METRICS.items()
    )


def verdict_in_words(measures: Sequence[Measure], *, candidate: str, baseline: str) -> str:
    """For instance "v2 wins 3 of 4 metrics. It is 1.2 % better in log loss than v1, but 8.0 % worse in calibration
    error." It counts all that it is given; a win or a loss is claimed only where the interval excludes 0."""
    won, lost = ([measure for measure in measures if measure.outcome == word] for word in ("better", "worse"))
    names = {"candidate": candidate, "baseline": baseline, "total": len(measures)}
    if not won and not lost:
        return _("{candidate} and {baseline} cannot be told apart: no metric differs significantly.").format(**names)
    lead = _("{candidate} wins {won} of {total} metrics.") if won else _("{candidate} loses {lost} of {total} metrics.")
    details = _details(_leading(won), _leading(lost), baseline=baseline)
    return f"{lead.format(won=len(won), lost=len(lost), **names)} {details}"


def _leading(measures: Iterable[Measure]) -> Measure | None:
    """Log loss says most about probabilities, then the order, then calibration, then what it costs."""
    order = ("log_loss", "auc", "ece", "brier")
    ranks = {metric: rank for rank, metric in enumerate(order)}
    return min(measures, key=lambda measure: ranks.get(measure.metric, len(order)), default=None)


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
