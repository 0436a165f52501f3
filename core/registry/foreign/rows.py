"""Rows that the project has already, in place of an example that somebody would have to export first."""

from typing import Protocol

from core.foundation.actions.call import Call


class ProjectRows(Protocol):
    """Reads the first rows of a split of a training set, or of a snapshot of a dataset. What knows those stands above
    the registry."""

    def read(self, call: Call, *, project: str, training_set_id: str, split: str, snapshot_id: str) -> bytes:
        """An Arrow file. Invalid where they belong to another project or there is no such split, Conflict where nothing
        may be made of them."""
        ...
