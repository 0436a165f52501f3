"""Which run leads, in words, and how good a run is so far."""

from app.registry.evaluations import value_of
from app.session import actor, portal
from app.ui import links, numbers
from app.ui.numbers import metric_in_words
from app.ui.tasks import leading_metrics
from core.compute.values import JobState
from core.foundation.text import _
from core.training.values import Run, RunOrder


def figure(run: Run, metric: str) -> float | None:
    """A metric on the validation rows: of the finished model, else as it stands now."""
    interval = value_of(run.evaluations, metric, split="validation")
    return interval if interval is not None else run.metrics.get(f"validation_{metric}")


def best_run(training_set_id: str) -> Run | None:
    """The best finished run on a training set, wherever it stands in the list; without one, on that of the newest run:
    runs on different rows cannot be compared."""
    newest = () if training_set_id else portal().training.list_runs(actor(), state=JobState.SUCCEEDED, limit=1).items
    learned_from = training_set_id or next((run.training_set_id for run in newest), "")
    if not learned_from:
        return None
    best = (
        portal()
        .training.list_runs(
            actor(), state=JobState.SUCCEEDED, training_set_id=learned_from, order_by=RunOrder.BEST, limit=1
        )
        .items
    )
    return next((run for run in best if run.evaluations), None)


def best_sentence(best: Run | None) -> str:
    """Which run is the best on the validation rows, as Markdown."""
    if best is None:
        return _(":gray[:material/hourglass_empty:] **No run has finished yet.**")
    figures = _(" and ").join(_figure_words(best, metric) for metric in leading_metrics([best.task]))
    return _(
        ":green[:material/trophy:] **{run} leads on the validation rows of {training_set}:** {figures}. "
        "Its lead may be chance."
    ).format(
        run=f"[{links.escape(best.title)}]({links.address_of(best.id)})",
        training_set=links.escape(links.title_of(best.training_set_id)),
        figures=figures,
    )


def _figure_words(run: Run, metric: str) -> str:
    return f"{metric_in_words(metric)} {numbers.number(figure(run, metric))}"
