"""Predictions as a Parquet file has them: row_id, label, for a task that ranks the group, and a column for each output,
which holds lists where the output is [rows, width]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.tasks.predictions import Array, Outputs, Predictions
from core.tasks.task import task_of
from core.tasks.values import Target

if TYPE_CHECKING:
    import pyarrow as pa

ROW_ID, LABEL, GROUP = "row_id", "label", "group"


def predictions_in(table: pa.Table, *, rows: Sequence[str], target: Target) -> Predictions:
    """The predictions of a table whose rows have these ids. Invalid when a label is none of the target's, KeyError when
    a column is missing."""
    task = task_of(target)
    return Predictions(
        rows=rows,
        labels=task.labels_of(table.column(LABEL), target=target),
        outputs={spec.name: _array(table.column(spec.name)) for spec in task.outputs(target)},
        target=target,
        groups=codes_of(table.column(GROUP)) if GROUP in table.column_names else None,
    )


def predictions_of(table: pa.Table, *, outputs: Outputs, target: Target) -> Predictions:
    """What a model said of the rows of a split."""
    groups = table[target.group] if target.group else None
    judged = predictions_table(table[ROW_ID], labels=table[LABEL], outputs=outputs, groups=groups)
    return predictions_in(judged, rows=(), target=target)


def predictions_table(row_ids: Any, *, labels: Any, outputs: Outputs, groups: Any = None) -> pa.Table:
    """The table of these rows; `row_ids`, `labels` and `groups` are columns."""
    import pyarrow as pa

    return pa.table(
        {
            ROW_ID: row_ids,
            LABEL: labels,
            **({GROUP: groups} if groups is not None else {}),
            **{name: _column(values) for name, values in outputs.items()},
        }
    )


def _array(column: pa.ChunkedArray) -> Array:
    """[rows] or [rows, width]."""
    import numpy as np
    import pyarrow as pa

    if not pa.types.is_fixed_size_list(column.type):
        return np.asarray(column.to_numpy())
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(column), column.type.list_size)


def _column(values: Array) -> pa.Array:
    import pyarrow as pa

    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])


def codes_of(column: pa.ChunkedArray) -> Array:
    """A number for each different value: the groups of rows, for instance."""
    if column.null_count:
        raise Invalid(_("a row has no group"), field="group")
    return column.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
