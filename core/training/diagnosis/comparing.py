"""How a model stands on the rows that were held out, computed where it was trained."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.tasks.prediction_files import predictions_of
from core.tasks.predictions import Outputs, Predictions
from core.tasks.task import task_of
from core.tasks.values import Interval, Target
from core.training.diagnosis.values import Comparison
from core.training.splits import LABEL, TRAIN

if TYPE_CHECKING:
    import pyarrow as pa


def comparisons_of(
    outputs: Mapping[str, Outputs],
    *,
    tables: "Mapping[str, pa.Table]",
    target: Target,
    baseline: Mapping[str, Outputs],
) -> tuple[Comparison, ...]:
    """One for each split that was held out; `outputs` are the model's by split, `baseline` the baseline's where there
    is one."""
    labels = task_of(target).labels_of(tables[TRAIN][LABEL], target=target)
    comparisons = []
    for split, table in tables.items():
        if split == TRAIN:
            continue
        model = predictions_of(table, outputs=outputs[split], target=target)
        constant = task_of(target).constant(labels, rows=table.num_rows, target=target)
        before = replace(model, outputs=baseline[split], target=_plain(target)) if split in baseline else None
        comparisons.append(
            Comparison(
                split=split,
                baseline=_figures(before) if before else {},
                against_baseline=_differences(before, after=model) if before else {},
                against_constant=_differences(replace(model, outputs=constant), after=model),
            )
        )
    return tuple(comparisons)


def _plain(target: Target) -> Target:
    """That of a model which gives no interval."""
    return target.model_copy(update={"interval": None})


def _figures(predictions: Predictions) -> dict[str, Interval]:
    return task_of(predictions.target).evaluate(predictions)


def _differences(before: Predictions, *, after: Predictions) -> dict[str, Interval]:
    """None where these rows say nothing."""
    try:
        return task_of(after.target).compare(before, after=after)
    except Invalid:
        return {}
