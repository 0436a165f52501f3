"""What a reader of texts gives: the same rows as often as they are asked for, and where they stand in the file."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from core.lake.import_values import ImportChoices
from core.lake.readers.table_stream import Reject
from core.lake.texts.notations import Notation
from core.lake.texts.types import Proposal

if TYPE_CHECKING:
    import pyarrow as pa


class TextTable(Protocol):
    """A table of texts by the names of its columns."""

    names: tuple[str, ...]

    @property
    def rejected(self) -> int:
        """How many rows the newest pass left out."""

    @property
    def rejects(self) -> list[Reject]:
        """Why, for the first of them."""

    def batches(self, stage: str) -> "Iterator[pa.RecordBatch]":
        """All rows, cells without a value null. Can be called again."""

    def lines(self, rows: Iterable[int]) -> dict[int, int]:
        """The lines of the file in which some rows stand, counted from 1; the rows of `batches` are counted from 0."""

    def proposals(self, name: str) -> Sequence[Proposal]:
        """The types that may be proposed for a column whose texts are written plainly."""

    def notations(self, name: str) -> Sequence[Notation]:
        """How else the texts of a column may be written."""

    def missing(self, choices: ImportChoices) -> tuple[str, ...]:
        """The texts that are missing values in every column."""
