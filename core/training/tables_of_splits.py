"""The tables of a training set's splits: read with their checksums, and checked for what nobody can learn from."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.values import FeatureContract
from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquet
from core.foundation.text import _
from core.tasks.task import task_of
from core.tasks.values import Target
from core.training.splits import (
    EVENT_TIME,
    LABEL,
    ROW_ID,
    refuse_few_rows,
    refuse_future,
    refuse_missing_splits,
    refuse_no_features,
    refused,
)

if TYPE_CHECKING:
    import pyarrow as pa


def load_tables(
    inputs: Mapping[str, Path], *, contract: FeatureContract, target: Target, now: datetime
) -> "dict[str, pa.Table]":
    """The tables of the splits. Invalid says why one cannot be learned from, Unavailable that a file is damaged."""
    refuse_missing_splits(set(inputs))
    tables = {name: read_parquet(path) for name, path in inputs.items()}
    for name, table in tables.items():
        check_table(table, split=name, contract=contract, target=target, now=now)
    return tables


def check_table(table: "pa.Table", *, split: str, contract: FeatureContract, target: Target, now: datetime) -> None:
    """Invalid when nothing can be learned from these rows or judged by them."""
    refuse_no_features(contract)
    times = [EVENT_TIME] if contract.event_time else []
    groups = [target.group] if target.group else []
    for name in (ROW_ID, *times, LABEL, *groups, *contract.inputs()):
        if name not in table.column_names:
            raise refused(_("the split {split} has no column {name}").format(split=split, name=name))
    refuse_few_rows(split, rows=table.num_rows)
    _check_labels(table[LABEL], split=split, target=target)
    if times:
        _check_times(table[EVENT_TIME], split=split, now=now)


def _check_labels(column: Any, *, split: str, target: Target) -> None:
    task = task_of(target)
    try:
        labels = task.labels_of(column, target=target)
    except Invalid as error:
        raise refused(_in(split, error.message)) from error
    if reason := task.refuse_labels(task.spread_of(labels, target=target)):
        raise refused(_in(split, reason))


def _in(split: str, reason: str) -> str:
    return _("in the split {split}, {reason}").format(split=split, reason=reason)


def _check_times(column: Any, *, split: str, now: datetime) -> None:
    import pyarrow.compute as pc

    newest = pc.max(column).as_py()
    refuse_future(split, newest=newest if newest is not None and newest.tzinfo is not None else None, now=now)
