"""A table on its way in, in parts, and how far it has come: what every reader gives."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from core.foundation.text import _
from core.lake.values import ColumnReading, FileEncoding, UnfitCells

if TYPE_CHECKING:
    import pyarrow as pa

# Called with the share that is done, between 0 and 1, and with what is being done, in words.
ProgressCallback = Callable[[float, str], None]
REASONS_SHOWN = 5
# Reasons are listed for so many cells, each with so many letters.
MOST_LISTED, MOST_LETTERS = 100_000, 500
LETTERS_SHOWN = 80


class Reject(NamedTuple):
    """Why a row was left out; the fields are those of `RejectedRow`."""

    line: int | None
    column: str
    value: str
    reason: str

    @property
    def sentence(self) -> str:
        value = self.value[:LETTERS_SHOWN]
        if self.line is None:
            return f"{value}: {self.reason}"
        if not self.column:
            return _("Line {line}: {reason}: {text}").format(line=self.line, reason=self.reason, text=value)
        sentence = _("Line {line}: {text} in {column} {reason}")
        return sentence.format(line=self.line, text=repr(value), column=self.column, reason=self.reason)


@dataclass
class Reading:
    """A table on its way in. `tables` gives its parts in their order, once. `rejected` counts the rows left out and
    `rejects` says why for the first of them, both right once every part was taken; `choices` says in words what was
    decided on the way, `warnings` what a person should look at. `unfit`, `missing_words`, `exact_types`, `is_text`,
    `readings`, `renamed`, `sheets`, `encoding` and `notes` are those of the report. Where the rows are an index of
    files, `items` names these in the outputs of the job."""

    schema: "pa.Schema"
    tables: "Iterable[pa.Table]"
    rejected: int = 0
    rejects: list[Reject] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unfit: tuple[UnfitCells, ...] = ()
    missing_words: tuple[str, ...] = ()
    exact_types: tuple[str, ...] = ()
    is_text: bool = False
    readings: tuple[ColumnReading, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    sheets: tuple[str, ...] = ()
    encoding: FileEncoding | None = None
    notes: dict[str, list[str]] = field(default_factory=dict)
    form: Literal["table", "files"] = "table"
    items: tuple[str, ...] = ()

    @property
    def reasons(self) -> list[str]:
        """Why the first of the rows were left out, in words."""
        return [reject.sentence for reject in self.rejects[:REASONS_SHOWN]]

    @property
    def table(self) -> "pa.Table":
        """The rows that were not taken yet, as one table."""
        import pyarrow as pa

        return pa.concat_tables([self.schema.empty_table(), *self.tables])


def ignore_progress(_share: float, _stage: str) -> None:
    """Reports nothing."""


def with_progress(
    parts: "Iterable[pa.Table]", *, rows: int, on_progress: ProgressCallback, stage: str
) -> "Iterator[pa.Table]":
    """The parts; after each the share of `rows` that has gone by is reported."""
    gone = 0
    for part in parts:
        yield part
        gone += part.num_rows
        on_progress(gone / max(rows, gone, 1), stage)
