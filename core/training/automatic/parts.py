"""Few held-out rows tell candidates apart badly. Then those of training and validation together judge, in parts: what
is said of a part comes from a fit that has not seen it. Rows of the test are in none."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.tasks.kinds.multi_class import MultiClassTask
from core.tasks.prediction_files import codes_of
from core.tasks.task import task_of
from core.tasks.values import BINARY, Target
from core.training.recipe import Tables
from core.training.splits import LABEL, TRAIN, VALIDATION

if TYPE_CHECKING:
    import pyarrow as pa

PARTS = 5
# So many rows of validation tell candidates apart by themselves.
ENOUGH = 500
# Splits that were drawn row by row, so that parts may be drawn so too. Others keep apart what belongs together: groups,
# or what comes later.
DRAWN = ("random", "stratified")
CLASSES = (BINARY, MultiClassTask.name)


@dataclass(frozen=True)
class Parts:
    """`numbers` is the part of each of the rows."""

    rows: "pa.Table"
    numbers: Any

    def tables(self, part: int) -> Tables:
        """What a fit learns from that is judged by this part; the next one is its validation."""
        after = (part + 1) % PARTS
        is_train = (self.numbers != part) & (self.numbers != after)
        return {TRAIN: self._of(is_train), VALIDATION: self._of(self.numbers == after)}

    def judged(self, part: int) -> "pa.Table":
        return self._of(self.numbers == part)

    def in_order(self, values: list[Any]) -> Any:
        """Values of the judged rows of every part, in the order of the rows."""
        order = np.argsort(np.concatenate([np.flatnonzero(self.numbers == part) for part in range(PARTS)]))
        return np.concatenate(values)[order]

    def _of(self, mask: Any) -> "pa.Table":
        import pyarrow as pa

        return self.rows.filter(pa.array(mask))


def parts_of(tables: Tables, *, target: Target, seed: int, drawn_by: str) -> Parts | None:
    """The rows of training and validation in parts, with the labels alike in each and no group in two. None where the
    rows of validation are enough, where splits were not drawn row by row, or a class has too few rows for it."""
    import pyarrow as pa

    if drawn_by not in DRAWN or tables[VALIDATION].num_rows >= ENOUGH:
        return None
    rows = pa.concat_tables([tables[TRAIN], tables[VALIDATION]])
    if target.group:
        codes = codes_of(rows[target.group])
        return Parts(rows, _dealt(np.zeros(int(codes.max()) + 1), seed=seed)[codes])
    labels = task_of(target).labels_of(rows[LABEL], target=target)
    if labels.ndim > 1:
        labels = np.zeros(len(labels))
    elif target.task in CLASSES and np.unique(labels, return_counts=True)[1].min() < PARTS:
        return None
    return Parts(rows, _dealt(labels, seed=seed))


def _dealt(labels: Any, *, seed: int) -> Any:
    """The part of each row: equal labels, or those that are near, go to one part after the other."""
    order = np.lexsort((np.random.default_rng(seed).permutation(len(labels)), labels))
    numbers = np.empty(len(labels), dtype=np.int64)
    numbers[order] = np.arange(len(labels)) % PARTS
    return numbers
