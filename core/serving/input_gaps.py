"""What a model was asked that it never learned, counted: by input and by view, out of how many rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# Names that are counted by themselves; those of a model with more of them share the last place, so that the labels of
# figures are bounded whatever a model takes.
MOST_NAMES, OTHERS = 100, "others"


@dataclass(frozen=True)
class InputGaps:
    """Of so many rows, by input (the event time is one) how many had a value that is unknown, and by view how many it
    had no row for, or only one that has expired."""

    rows: int = 0
    unknown: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.unknown or self.missing)

    def since(self, before: "InputGaps") -> "InputGaps":
        """What was counted after an earlier count."""
        return InputGaps(
            self.rows - before.rows,
            {name: count - before.unknown.get(name, 0) for name, count in self.unknown.items()},
            {name: count - before.missing.get(name, 0) for name, count in self.missing.items()},
        )


@dataclass(frozen=True)
class GapNames:
    """The inputs and views of a model, in the order in which their counts are written down after that of the rows."""

    inputs: tuple[str, ...] = ()
    views: tuple[str, ...] = ()

    @classmethod
    def of(cls, inputs: Sequence[str], views: Sequence[str]) -> "GapNames":
        return cls(_bounded(inputs), _bounded(views))

    @property
    def cells(self) -> int:
        return 1 + len(self.inputs) + len(self.views)

    def gaps(self, cells: Sequence[int]) -> InputGaps:
        """The counts that were written down in that order."""
        views = 1 + len(self.inputs)
        return InputGaps(
            cells[0],
            dict(zip(self.inputs, cells[1:views], strict=True)),
            dict(zip(self.views, cells[views:], strict=True)),
        )


def _bounded(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(names) if len(names) <= MOST_NAMES else (*names[: MOST_NAMES - 1], OTHERS)
