"""How much each row counts while a model learns: what its training set says, and what makes classes weigh the same."""

from typing import TYPE_CHECKING, Any

from core.compute.process import JobFailed
from core.features.training_sets.job_spec import WEIGHT
from core.foundation.text import _

if TYPE_CHECKING:
    import pyarrow as pa


def weights_of(table: "pa.Table") -> Any:
    """float64 [rows], none below 0; None where the training set has no weights. JobFailed where all of them are 0."""
    if WEIGHT not in table.column_names:
        return None
    weights = table[WEIGHT].to_numpy().astype("float64")
    if not weights.sum() > 0:
        raise JobFailed(_("data: all rows of a split have the weight 0"))
    return weights


def balanced_weights(labels: Any, *, weights: Any = None) -> Any:
    """float64 with which every class that there is weighs the same; in all they weigh what they did before. [rows] of
    the numbers of classes, [rows, labels] of 0 and 1 for each label."""
    import numpy as np

    given = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=np.float64)
    if labels.ndim == 2:
        return np.stack([balanced_weights(column, weights=given) for column in labels.T], axis=1)
    classes, places = np.unique(labels, return_inverse=True)
    totals = np.bincount(places, weights=given, minlength=len(classes))
    return given * (given.sum() / (len(classes) * np.where(totals > 0, totals, 1)))[places]
