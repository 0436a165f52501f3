"""What the best trial is worth. The best of many is best partly by luck, so it is trained again with fresh seeds, and
judged also on rows that no trial was ever chosen by."""

import math
from collections.abc import Sequence
from statistics import mean, stdev

from core.registry.values import Evaluation
from core.sweeps.values import Confirmation, Direction
from core.tasks.measures.scales import UNBOUNDED, Scale
from core.tasks.task import all_metrics
from core.tasks.values import Interval
from core.training.splits import TRAIN, VALIDATION
from core.training.values import Run

# Two-sided 95 % of Student's t for 1 to 9 degrees of freedom.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


def confirm(runs: Sequence[Run], *, metric: str, direction: Direction) -> Confirmation:
    """The confirmation by runs that have succeeded; `run_ids` has the best first. Without one there is no value."""
    sign = 1 if direction == "minimize" else -1
    ordered = sorted(runs, key=lambda run: sign * _of(run, VALIDATION).metrics[metric].value)
    untouched = _untouched(ordered)
    return Confirmation(
        run_ids=tuple(run.id for run in ordered),
        value=together([_of(run, VALIDATION).metrics[metric] for run in ordered], scale=_scale_of(metric))
        if ordered
        else None,
        untouched={
            name: together([evaluation.metrics[name] for evaluation in untouched], scale=_scale_of(name))
            for name in (untouched[0].metrics if untouched else ())
        },
    )


def together(figures: Sequence[Interval], *, scale: Scale) -> Interval:
    """One figure from several seeds on the same rows: their mean. Its 95 % interval adds two independent chances in
    squares: that of the rows, which more seeds do not make smaller (from the mean low end to the mean high end), and
    that of the seeds (Student's t for the mean of so few). Both are taken on the scale of the measure (the logit for
    a share, the logarithm for a loss; `core/tasks/measures/scales.py` has the sources), so that few seeds that disagree
    make the interval wide and never absurd. With a single seed only the rows are covered."""
    values = [figure.value for figure in figures]
    return scale.interval(
        mean(values),
        spread=STUDENT[len(values) - 2] * stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0,
        low=mean(figure.low for figure in figures),
        high=mean(figure.high for figure in figures),
    )


def _scale_of(metric: str) -> Scale:
    """What a metric can be; one that is not known here has no ends."""
    known = all_metrics().get(metric)
    return known.scale if known else UNBOUNDED


def _untouched(runs: Sequence[Run]) -> list[Evaluation]:
    """The evaluations on `test`, else on the last split that is neither trained on nor looked at."""
    if not runs:
        return []
    names = [
        evaluation.holdout_name
        for evaluation in runs[0].evaluations
        if evaluation.holdout_name not in (TRAIN, VALIDATION)
    ]
    if not names:
        return []
    name = "test" if "test" in names else names[-1]
    return [_of(run, name) for run in runs]


def _of(run: Run, split: str) -> Evaluation:
    return next(evaluation for evaluation in run.evaluations if evaluation.holdout_name == split)
