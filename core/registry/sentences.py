"""A comparison in words: what wins, by how much, and what speaks against it."""

from collections.abc import Mapping

from core.foundation.text import _
from core.registry.statistics import METRICS, gain, outcome
from core.registry.values import Interval

Figures = Mapping[str, Interval]


def title_of(metric: str) -> str:
    """A metric's name as people say it."""
    titles = {"auc": _("AUC"), "log_loss": _("log loss"), "brier": _("Brier score"), "ece": _("calibration error")}
    return titles.get(metric, metric)


def verdict_in_words(*, candidate: str, baseline: str, figures: Figures, deltas: Figures) -> str:
    """For instance "v2 wins 3 of 4 metrics. It is 1.2 % better in log loss than v1, but 8.0 % worse in calibration
    error." `figures` are the baseline's; a win or a loss is claimed only where the interval excludes 0."""
    outcomes = {metric: outcome(deltas[metric], better=better) for metric, better in METRICS.items()}
    won, lost = ([metric for metric, judged in outcomes.items() if judged == word] for word in ("better", "worse"))
    names = {"candidate": candidate, "baseline": baseline, "total": len(METRICS)}
    if not won and not lost:
        return _("{candidate} and {baseline} cannot be told apart: no metric differs significantly.").format(**names)
    lead = _("{candidate} wins {won} of {total} metrics.") if won else _("{candidate} loses {lost} of {total} metrics.")
    details = _details(_leading(won), _leading(lost), figures=figures, deltas=deltas, baseline=baseline)
    return f"{lead.format(won=len(won), lost=len(lost), **names)} {details}"


def _leading(metrics: list[str]) -> str:
    """Log loss says most about probabilities, then the order, then calibration."""
    order = ("log_loss", "auc", "ece", "brier")
    return next((metric for metric in order if metric in metrics), "")


def _details(best: str, worst: str, *, figures: Figures, deltas: Figures, baseline: str) -> str:
    better = _in_percent(best, figures=figures, deltas=deltas) if best else ""
    worse = _in_percent(worst, figures=figures, deltas=deltas) if worst else ""
    if better and worse:
        text = _("It is {better} better in {best} than {baseline}, but {worse} worse in {worst}.")
    elif better:
        text = _("It is {better} better in {best} than {baseline}.")
    else:
        text = _("It is {worse} worse in {worst} than {baseline}.")
    names = {"best": title_of(best), "worst": title_of(worst), "baseline": baseline}
    return text.format(better=better, worse=worse, **names)


def _in_percent(metric: str, *, figures: Figures, deltas: Figures) -> str:
    difference = abs(gain(deltas[metric], better=METRICS[metric]).value)
    share = 100 * difference / abs(figures[metric].value) if figures[metric].value else 100.0
    return _("under 0.1 %") if share < 0.1 else f"{share:.1f} %"
