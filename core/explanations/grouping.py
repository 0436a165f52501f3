"""What is shuffled as one: the inputs of a feature view, and numbers that go up and down together."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

HIGH_CORRELATION = 0.9


def correlated(columns: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """The names of those that are correlated above 0.9 either way, each with whoever of the group it is most like. A
    missing value stands for the mean; a column of one value goes with none."""
    names = [name for name, values in columns.items() if np.nanstd(values) > 0] if columns else []
    if len(names) < 2:
        return ()
    standard = np.stack([_standard(columns[name]) for name in names])
    close = np.abs(standard @ standard.T / standard.shape[1]) > HIGH_CORRELATION
    groups: list[tuple[str, ...]] = []
    free = set(range(len(names)))
    while free:
        group = _reached(min(free), close)
        free -= group
        if len(group) > 1:
            groups.append(tuple(names[place] for place in sorted(group)))
    return tuple(groups)


def numbers_among(table: "pa.Table", names: Sequence[str]) -> dict[str, Any]:
    """Those of the columns that are numbers, with some value in them, as float64."""
    import pyarrow as pa

    kinds = {name: table[name].type for name in names}
    numbers = [name for name, kind in kinds.items() if pa.types.is_integer(kind) or pa.types.is_floating(kind)]
    columns = {name: table[name].cast(pa.float64()).to_numpy() for name in numbers}
    return {
        name: np.where(np.isinf(values), np.nan, values)
        for name, values in columns.items()
        if np.isfinite(values).any()
    }


def _standard(values: Any) -> Any:
    filled = np.where(np.isnan(values), np.nanmean(values), values)
    return (filled - filled.mean()) / (filled.std() or 1.0)


def _reached(start: int, close: Any) -> set[int]:
    reached, fresh = {start}, [start]
    while fresh:
        near = set(np.flatnonzero(close[fresh.pop()]).tolist()) - reached
        reached |= near
        fresh += near
    return reached
