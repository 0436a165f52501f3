"""What a model says of rows whose labels are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.tasks.values import Target

# Arrays of numpy, which is imported only where they are made.
Array = Any
Outputs = Mapping[str, Array]


@dataclass(frozen=True)
class Predictions:
    """`labels` are as the task encodes them, `outputs` the model's by name, each [rows] or [rows, width]; `rows` are
    the ids. `groups` has for each row the number of its group, where the task ranks within groups."""

    rows: Sequence[str]
    labels: Array
    outputs: Outputs
    target: Target
    groups: Array | None = None

    def knows_the_same(self, other: "Predictions") -> bool:
        """Whether two models say the same kind of thing."""
        targets = (self.target, other.target)
        return len({(target.task, frozenset(target.classes)) for target in targets}) == 1

    def __len__(self) -> int:
        return len(self.labels)
