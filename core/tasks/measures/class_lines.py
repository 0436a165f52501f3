"""What pictures of classes show: the confusion matrix, and figures by class. Of many classes those with most rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.foundation.text import N_, _
from core.tasks.measures.classes import Counts, confusion
from core.tasks.values import Line, Picture

if TYPE_CHECKING:
    from numpy import float64, int64
    from numpy.typing import NDArray

    Floats = NDArray[float64]
    Integers = NDArray[int64]

MOST_DRAWN = 30
RECALL = Picture(
    name="recall",
    title=N_("Recall"),
    x=N_("class"),
    y=N_("recall"),
    hint=N_("the share of a class's rows that are predicted to have it"),
    form="bars",
)
PRECISION = Picture(
    name="precision",
    title=N_("Precision"),
    x=N_("class"),
    y=N_("precision"),
    hint=N_("the share of the rows predicted to have a class that do"),
    form="bars",
)


def matrix(labels: Integers, *, predicted: Integers, names: Sequence[str]) -> Line:
    """Rows by class, and by predicted class across; of more than 30 classes the others are drawn as one."""
    import numpy as np

    drawn = most_frequent(np.bincount(labels, minlength=len(names)))
    others = len(names) - drawn.size
    places = np.full(len(names), drawn.size)
    places[drawn] = np.arange(drawn.size)
    size = drawn.size + (others > 0)
    cells = confusion(places[labels], predicted=places[predicted], classes=size)
    titles = [names[place] for place in drawn.tolist()] + ([_("{n} others").format(n=others)] if others else [])
    return Line(
        name="confusion",
        x=tuple(float(place) for place in range(size)),
        y=tuple(cells.astype("float64").reshape(-1).tolist()),
        names=tuple(titles),
    )


def by_class(counts: Counts, *, names: Sequence[str]) -> tuple[Line, Line]:
    """Recall and precision."""
    drawn = most_frequent(counts.labels)
    titles = tuple(names[place] for place in drawn.tolist())
    x = tuple(float(place) for place in range(drawn.size))
    return (
        Line(name="recall", x=x, y=tuple(counts.recall[drawn].tolist()), names=titles),
        Line(name="precision", x=x, y=tuple(counts.precision[drawn].tolist()), names=titles),
    )


def most_frequent(rows: Floats | Integers) -> Integers:
    """The places of the classes to draw, in their order."""
    import numpy as np

    return np.sort(np.argsort(-rows, kind="stable")[:MOST_DRAWN])
