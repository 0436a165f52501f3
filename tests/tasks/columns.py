"""Columns, and predictions of rows without names, as the tests of tasks need them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from core.tasks.predictions import Predictions
from core.tasks.task import task_of
from core.tasks.values import Target


def column(values: Sequence[Any], kind: Any = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


def predictions(
    labels: Sequence[Any], *, outputs: dict[str, Any], target: Target, groups: Sequence[int] | None = None
) -> Predictions:
    return Predictions(
        rows=[f"r{row}" for row in range(len(labels))],
        labels=task_of(target).labels_of(column(labels), target=target),
        outputs=outputs,
        target=target,
        groups=None if groups is None else np.array(groups),
    )
