"""Which task a column may be the label of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.tasks.task import all_tasks
from core.tasks.values import Proposal

if TYPE_CHECKING:
    import pyarrow as pa


def proposed_tasks(column: pa.ChunkedArray) -> tuple[Proposal, ...]:
    """Those that fit, the best first; none where nothing does. The others may still be chosen."""
    fitting = [task for task in all_tasks().values() if task.fits(column)]
    return tuple(
        Proposal(task=task.name, reason=task.reason_of(column))
        for task in sorted(fitting, key=lambda task: task.precedence)
    )
