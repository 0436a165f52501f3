"""What no figure can be computed from."""

from __future__ import annotations

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.tasks.predictions import Array

# One row has no spread, so nothing can be said about how sure a figure of it is.
LEAST_ROWS = 2
# The square of what is larger has no place in memory.
LARGEST_NUMBER = 1e100


def refuse_few(rows: int) -> None:
    if rows < LEAST_ROWS:
        hint = _("Judge on at least {n} rows.").format(n=LEAST_ROWS)
        raise Invalid(_("There are too few rows to judge by"), hint=hint, field="labels")


def refuse_numbers(numbers: Array, *, rows: int) -> None:
    """Invalid when they are not as many as the labels, or one is none that can be squared."""
    import numpy as np

    refuse_few(rows)
    if numbers.shape != (rows,):
        raise Invalid(_("Labels and answers are not equally many"), field="labels")
    if not (np.abs(numbers) < LARGEST_NUMBER).all():
        raise Invalid(_("An answer is missing, infinite, or too large to reckon with"), field="labels")


def refuse_probabilities(probabilities: Array, *, rows: int, classes: int) -> None:
    """Invalid when they are not [rows, classes], or one is no probability."""
    refuse_few(rows)
    if probabilities.shape != (rows, classes):
        raise Invalid(_("There is not one probability for each class of each row"), field="probabilities")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise Invalid(_("A probability is missing, or lies outside 0 and 1"), field="probabilities")
