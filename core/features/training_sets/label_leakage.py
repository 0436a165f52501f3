"""How well a single column predicts the label. A column that predicts it too well is more often the outcome itself than
a discovery, so it is shown to a person before anything is learned from it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_ROWS = 200_000
BINS = 64
# A value seen this often counts half for itself and half for the average.
PRIOR_ROWS = 20


def columns_auc(table: "pa.Table", *, label: str, columns: tuple[str, ...]) -> dict[str, float]:
    """The AUC of each column alone, between 0.5 and 1; of long tables an even part of the rows decides. Nothing when
    the label has one class only."""
    import numpy as np

    step = max(1, -(-table.num_rows // MOST_ROWS))
    part = table.take(np.arange(0, table.num_rows, step)) if step > 1 else table
    outcome = part.column(label).to_numpy().astype("int64")
    if outcome.min() == outcome.max():
        return {}
    return {name: round(column_auc(part.column(name), outcome), 4) for name in columns}


def column_auc(column: "pa.ChunkedArray", outcome: "np.ndarray") -> float:
    """The AUC of the rate of outcomes among rows of the same value (numbers in 64 bins of equal size, missing as a
    value of its own), each half of the rows judged by the rates of the other half: so neither a value that occurs once
    nor the order of a scale decides."""
    import numpy as np

    codes = _codes(column)
    halves = np.arange(len(outcome)) % 2
    score = np.empty(len(outcome))
    for half in (0, 1):
        seen = halves != half
        score[~seen] = _rates(codes[seen], outcome[seen], size=int(codes.max()) + 1)[codes[~seen]]
    return max(0.5, auc(score, outcome))


def auc(score: "np.ndarray", outcome: "np.ndarray") -> float:
    """The probability that a positive row scores above a negative one, ties counting half (Mann and Whitney)."""
    import numpy as np

    _distinct, place = np.unique(score, return_inverse=True)
    positive = np.bincount(place, weights=outcome)
    negative = np.bincount(place) - positive
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))


def _codes(column: "pa.ChunkedArray") -> "np.ndarray":
    """Every value as a small whole number; 0 is missing."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        codes = column.combine_chunks().dictionary_encode().indices
        shifted: np.ndarray = pc.add(pc.fill_null(codes.cast(pa.int64()), -1), 1).to_numpy(zero_copy_only=False)
        return shifted
    numbers = pc.fill_null(column, float("nan")).to_numpy()
    known = numbers[~np.isnan(numbers)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.array([])
    return np.where(np.isnan(numbers), 0, np.searchsorted(edges, numbers, side="right") + 1)


def _rates(codes: "np.ndarray", outcome: "np.ndarray", *, size: int) -> "np.ndarray":
    """The share of outcomes for each code, drawn to the average where there are few rows."""
    import numpy as np

    rows = np.bincount(codes, minlength=size)
    positive = np.bincount(codes, weights=outcome, minlength=size)
    rates: np.ndarray = (positive + PRIOR_ROWS * outcome.mean()) / (rows + PRIOR_ROWS)
    return rates
