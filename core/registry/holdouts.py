"""The rows on which versions can be compared, and what each version said about them. A comparison is only as good as
the rows are the same ones, so they are matched by id, never by position."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from core.foundation.errors import Invalid
from core.foundation.storage import Store
from core.foundation.text import _
from core.registry.values import Evaluation, ModelVersion
from core.tasks.prediction_files import predictions_in
from core.tasks.predictions import Predictions
from core.tasks.task import task_of
from core.tasks.values import Target

# Training has seen these: a model is chosen and calibrated on validation rows.
SEEN = frozenset({"train", "validation"})
JUDGED_FIRST = "test"


def common_holdout(
    versions: Sequence[ModelVersion], *, wanted: str = "", unseen_only: bool = False
) -> tuple[Evaluation, ...] | None:
    """The evaluation of every version, in order, on rows that all were judged on; None when there are none. `wanted` is
    the digest or the name of a holdout; else rows that training has not seen come first."""
    for first in sorted(versions[0].evaluations, key=_preference):
        is_eligible = wanted in ("", first.holdout, first.holdout_name) and not (unseen_only and is_seen(first))
        evaluations = [_matching(first, version=version) for version in versions] if is_eligible else [None]
        if all(evaluations):
            return tuple(evaluation for evaluation in evaluations if evaluation)
    return None


def is_seen(evaluation: Evaluation) -> bool:
    """Whether the rows took part in training or in choosing the model."""
    return evaluation.seen or evaluation.holdout_name in SEEN


def read_predictions(store: Store, *, digest: str, target: Target) -> Predictions:
    """Hashes and reads a file of predictions, in the order of row ids. Invalid when a row stands in it twice or labels
    are none of the target's, Unavailable when it is damaged."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(store.read(digest)))
    table = table.set_column(0, "row_id", pc.cast(table.column("row_id"), "string")).sort_by("row_id")
    rows = table.column("row_id").to_pylist()
    if len(set(rows)) != len(rows):
        raise Invalid(_("The predictions hold a row twice"), field="holdout")
    return predictions_in(table, rows=rows, target=target)


def are_same_rows(first: Predictions, *, second: Predictions) -> bool:
    """Whether both are about the same rows with the same labels, said by models of the same classes."""
    if first.rows != second.rows or not first.knows_the_same(second):
        return False
    aligned = task_of(first.target).aligned(second, target=first.target)
    return bool((first.labels == aligned.labels).all())


def _preference(evaluation: Evaluation) -> Any:
    return is_seen(evaluation), evaluation.holdout_name != JUDGED_FIRST, -evaluation.rows


def _matching(wanted: Evaluation, *, version: ModelVersion) -> Evaluation | None:
    """By digest; else one that looks like the same rows with other columns, as it is when a feature was added. Whether
    it is so shows when the predictions are read."""
    same = [evaluation for evaluation in version.evaluations if evaluation.holdout == wanted.holdout]
    alike = [evaluation for evaluation in version.evaluations if _looks_alike(evaluation, wanted=wanted)]
    return next(iter((*same, *alike)), None)


def _looks_alike(evaluation: Evaluation, *, wanted: Evaluation) -> bool:
    first, second = (it.positive_share or 0.0 for it in (evaluation, wanted))
    is_close = abs(first - second) < 1e-9 and evaluation.spread == wanted.spread
    return evaluation.holdout_name == wanted.holdout_name and evaluation.rows == wanted.rows and is_close
