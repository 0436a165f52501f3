"""What changed between two snapshots."""

from typing import Any, Literal

from core.foundation.values import Value
from core.lake.comparison.distance_values import Distance
from core.lake.schema_changes import SchemaChange

Verdict = Literal["identical", "appended", "corrected", "drifted", "breaking"]


class RowExample(Value):
    """A row that differs: its values on either side (empty where it is not there), in the order of the diff's common
    columns, and the names of those that changed."""

    how: Literal["added", "removed", "changed"]
    left: tuple[Any, ...]
    right: tuple[Any, ...]
    changed: tuple[str, ...] = ()


class SnapshotDiff(Value):
    """The right snapshot against the left one, which came first. Rows are matched by `key`; without one they are
    compared as a whole, and none is "changed". `duplicates` count the rows of each side that share their key with
    another; `shifts` hold a distance for every common column, the largest first; `changed_cells` count, by column, the
    rows whose value changed. `labels` are columns of zeros and ones with the share of ones on each side;
    `timely` columns only tell when, so that how far they moved decides nothing."""

    left_id: str
    right_id: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    left_rows: int
    right_rows: int
    added: int
    removed: int
    changed: int
    duplicates: tuple[int, int]
    changed_cells: tuple[tuple[str, int], ...]
    schema_changes: tuple[SchemaChange, ...]
    shifts: tuple[Distance, ...]
    labels: tuple[tuple[str, float, float], ...]
    timely: tuple[str, ...]
    examples: tuple[RowExample, ...]
    verdict: Verdict
    sentence: str
