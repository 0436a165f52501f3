"""What becomes of a dataset's columns, between two snapshots as well as by an import that waits to replace the rows."""

from collections.abc import Iterable

from core.foundation.values import Value
from core.lake.values import ColumnSpec


class SchemaChange(Value):
    """A column that was added, removed, or has another type; the type of a side that lacks it is empty."""

    column: str
    left_type: str
    right_type: str

    @property
    def is_breaking(self) -> bool:
        """Whether what reads the column fails."""
        return self.left_type != ""


def schema_changes(left: Iterable[ColumnSpec], right: Iterable[ColumnSpec]) -> tuple[SchemaChange, ...]:
    """The columns on the right against those on the left, which came first."""
    before, after = ({column.name: column.type for column in side} for side in (left, right))
    pairs = {name: (before.get(name, ""), after.get(name, "")) for name in [*before, *after]}
    return tuple(
        SchemaChange(column=name, left_type=old, right_type=new) for name, (old, new) in pairs.items() if old != new
    )
