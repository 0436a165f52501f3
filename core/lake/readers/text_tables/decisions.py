"""How each column of a table of texts is read: by what a person chose, by what its texts are, and, where these leave it
open, by what the other columns of the table show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.lake.import_values import ImportChoices, Unfit
from core.lake.texts.interpretation import Interpretation
from core.lake.texts.notations import PLAIN, Notation
from core.lake.texts.survey import USUAL, Reading, Survey

if TYPE_CHECKING:
    import pyarrow as pa

# Where numbers have a comma the day stands first.
BESIDE = {"1.234,5": ("dd.mm.yyyy",)}


@dataclass(frozen=True)
class Column:
    """How a column is read: the words that are missing, and what becomes of cells that do not fit its type. `partial`
    is the reading that some cells do not fit: its own, or the one that it would have but for a few; `rivals` are the
    other ways to read it that its texts leave open."""

    name: str
    target: "pa.DataType"
    notation: Notation
    missing: tuple[str, ...]
    partial: Reading | None = None
    rivals: tuple[Interpretation, ...] = ()
    unfit: Unfit | None = None
    is_chosen: bool = False
    is_asked: bool = False

    @property
    def is_text(self) -> bool:
        import pyarrow as pa

        return bool(self.target == pa.string())


def columns_of(surveys: Mapping[str, Survey], choices: ImportChoices) -> list[Column]:
    """The columns in their order."""
    preferred = set(_shown(surveys, choices))
    return [_column(name, survey, choices, preferred) for name, survey in surveys.items()]


def _shown(surveys: Mapping[str, Survey], choices: ImportChoices) -> Iterator[str]:
    """The notations in which columns are surely written."""
    for name, survey in surveys.items():
        reading = survey.reading()
        if reading.notation.name and (not reading.is_doubtful or name in choices.notations):
            yield reading.notation.name
            yield from BESIDE.get(reading.notation.name, ())


def _column(name: str, survey: Survey, choices: ImportChoices, preferred: set[str]) -> Column:
    import pyarrow as pa

    unfit, is_chosen = choices.unfit.get(name), name in choices.types or name in choices.notations
    reading = survey.reading(takes_unfit=unfit is not None or is_chosen, preferred=preferred)
    is_text = reading.target == pa.string()
    words = survey.missing if is_text else ("", *survey.missing, *USUAL)
    return Column(
        name,
        reading.target,
        PLAIN if is_text else reading.notation,
        words,
        partial=reading if reading.candidate.unfit else None if is_chosen else survey.nearest(),
        rivals=reading.rivals,
        unfit=None if is_text else unfit,
        is_chosen=is_chosen,
        is_asked=reading.is_doubtful and name not in choices.notations,
    )
