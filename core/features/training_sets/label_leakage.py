"""How well a single column predicts the label. A column that predicts it too well is more often the outcome itself than
a discovery, so it is shown to a person before anything is learned from it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.features.training_sets.job_spec import LABEL
from core.foundation.text import _
from core.tasks.task import task_of
from core.tasks.values import BINARY, Target

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

Judge = Callable[["np.ndarray", "np.ndarray"], float]
MOST_ROWS, MOST_CLASSES = 200_000, 20
# Of few rows a bin of 64 has next to none, and says nothing of the half that it did not see.
BINS, FEWEST_BINS, ROWS_OF_A_BIN = 64, 4, 40
# A value seen this often counts half for itself and half for the average.
PRIOR_ROWS = 20
# In so few rows that the labels themselves reach less of their own order, nothing is taken for them.
LEAST_REACH = 0.9


def columns_auc(table: "pa.Table", *, target: Target, columns: tuple[str, ...]) -> dict[str, float]:
    """The AUC of each column alone, between 0.5 and 1; of long tables an even part of the rows decides. Of several
    classes it is the largest of one against the others; of numbers it is (1 + rank correlation) / 2, which is 0.5 for
    nothing and 1 for as much of their order as the labels themselves reach, too. Nothing when all labels are the
    same."""
    import numpy as np

    step = max(1, -(-table.num_rows // MOST_ROWS))
    part = table.take(np.arange(0, table.num_rows, step)) if step > 1 else table
    outcomes = _outcomes(part.column(LABEL), target)
    if not outcomes:
        return {}
    judge, reach = (rank_auc, _reach(outcomes[0])) if _is_ordered(target) else (auc, 1.0)
    values = {
        name: max(column_auc(own, outcome, judge=judge) for own in _alone(part.column(name)) for outcome in outcomes)
        for name in columns
    }
    return {name: round(min(1.0, 0.5 + (value - 0.5) / reach), 4) for name, value in values.items()}


def _reach(places: "np.ndarray") -> float:
    """How much of their own order the labels would tell: of few rows, in few bins, it is less than all."""
    import pyarrow as pa

    return max(LEAST_REACH, 2 * column_auc(pa.chunked_array([places]), places, judge=rank_auc) - 1)


def _alone(column: "pa.ChunkedArray") -> "list[pa.ChunkedArray]":
    """The column, or the columns that a vector consists of."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_list(column.type):
        return [column]
    return [pc.list_element(column, place) for place in range(len(column[0]))]


def suspicion(value: float, *, limit: float, target: Target) -> str:
    """Why such a column has to be looked at; `limit` is that of the target's task."""
    words = _("Alone it predicts the label with an AUC of {auc}, above {limit}: it seems to contain the outcome.")
    if target.classes:
        words = _(
            "Alone it tells a class of the label with an AUC of {auc}, above {limit}: it seems to contain the outcome."
        )
    if _is_ordered(target):
        words = _(
            "Alone it orders the labels with a rank correlation of {correlation}, above {least}: it seems to contain "
            "the outcome."
        )
    correlation, least = f"{2 * value - 1:.3f}", f"{2 * limit - 1:g}"
    return words.format(auc=f"{value:.3f}", limit=limit, correlation=correlation, least=least)


def _is_ordered(target: Target) -> bool:
    """Whether labels are numbers, of which one can be nearly right."""
    return target.task != BINARY and not target.classes


def _outcomes(column: "pa.ChunkedArray", target: Target) -> "list[np.ndarray]":
    """What a column may tell: whether a row is of a class, for the most frequent ones, or its place among all."""
    import numpy as np

    labels = task_of(target).labels_of(column, target=target)
    if _is_ordered(target):
        places = _places(labels)
        return [places] if places.min() < places.max() else []
    if target.task == BINARY:
        labels = labels[:, None]
    elif labels.ndim == 1:
        labels = labels[:, None] == np.argsort(-np.bincount(labels.astype(np.int64)), kind="stable")[:MOST_CLASSES]
    rows = labels.sum(axis=0)
    frequent = [at for at in np.argsort(-rows, kind="stable")[:MOST_CLASSES] if 0 < rows[at] < len(labels)]
    return [labels[:, at].astype(np.int64) for at in frequent]


def column_auc(column: "pa.ChunkedArray", outcome: "np.ndarray", *, judge: "Judge | None" = None) -> float:
    """The AUC of the rate of outcomes among rows of the same value (numbers in 64 bins of equal size, missing as a
    value of its own, and of few rows in fewer bins too), each half of the rows judged by the rates of the other half:
    so neither a value that occurs once nor the order of a scale decides."""
    bins = {BINS, min(BINS, max(FEWEST_BINS, len(outcome) // ROWS_OF_A_BIN))}
    return max(0.5, *((judge or auc)(_score(_codes(column, bins=most), outcome), outcome) for most in sorted(bins)))


def _score(codes: "np.ndarray", outcome: "np.ndarray") -> "np.ndarray":
    """For each row the rate of outcomes among those of the other half with the same code."""
    import numpy as np

    halves = np.arange(len(outcome)) % 2
    score = np.empty(len(outcome))
    for half in (0, 1):
        seen = halves != half
        score[~seen] = _rates(codes[seen], outcome[seen], size=int(codes.max()) + 1)[codes[~seen]]
    return score


def auc(score: "np.ndarray", outcome: "np.ndarray") -> float:
    """The probability that a positive row scores above a negative one, ties counting half (Mann and Whitney)."""
    import numpy as np

    _distinct, place = np.unique(score, return_inverse=True)
    positive = np.bincount(place, weights=outcome)
    negative = np.bincount(place) - positive
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))


def rank_auc(score: "np.ndarray", outcome: "np.ndarray") -> float:
    """The rank correlation (Spearman) on the scale of an AUC."""
    import numpy as np

    ranks = _places(score)
    if ranks.min() == ranks.max():
        return 0.5
    return float((1 + np.corrcoef(ranks, _places(outcome))[0, 1]) / 2)


def _places(values: "np.ndarray") -> "np.ndarray":
    """The place of each value among all, from 0 to 1, equal ones in the middle of theirs."""
    import numpy as np

    _distinct, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles = np.cumsum(counts) - (counts + 1) / 2
    places: np.ndarray = middles[codes] / max(1, len(values) - 1)
    return places


def _codes(column: "pa.ChunkedArray", *, bins: int) -> "np.ndarray":
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
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.array([])
    return np.where(np.isnan(numbers), 0, np.searchsorted(edges, numbers, side="right") + 1)


def _rates(codes: "np.ndarray", outcome: "np.ndarray", *, size: int) -> "np.ndarray":
    """The share of outcomes for each code, drawn to the average where there are few rows."""
    import numpy as np

    rows = np.bincount(codes, minlength=size)
    positive = np.bincount(codes, weights=outcome, minlength=size)
    rates: np.ndarray = (positive + PRIOR_ROWS * outcome.mean()) / (rows + PRIOR_ROWS)
    return rates
