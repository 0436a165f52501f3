"""The types that a column could have, and which of its cells do not fit them: counted, so that what is found does not
depend on where one part of a file ends and the next begins."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from core.lake.texts.types import SURE_DIGITS, Proposal, holds

if TYPE_CHECKING:
    import pyarrow as pa

# The widths of decimals: the first that holds all digits.
WIDTHS = (18, 38)


class Cell(NamedTuple):
    """A cell by the number of its row, from 0 on, and its text."""

    row: int
    text: str


class Part(NamedTuple):
    """Some rows of a column: its different texts in the order in which they come, how often each does, and the row and
    the text without trimming of each."""

    texts: "pa.Array"
    counts: "pa.Array"
    raw: "pa.Array"
    column: "pa.Array"
    row: int

    def chosen(self, mask: "pa.Array") -> "Part":
        return self._replace(texts=self.texts.filter(mask), counts=self.counts.filter(mask), raw=self.raw.filter(mask))

    def slice(self, begin: int, length: int | None = None) -> "Part":
        texts, counts, raw = (array.slice(begin, length) for array in (self.texts, self.counts, self.raw))
        return self._replace(texts=texts, counts=counts, raw=raw)

    def first(self) -> Cell:
        import pyarrow.compute as pc

        return Cell(self.row + pc.index(self.column, self.raw[0]).as_py(), self.texts[0].as_py())

    def total(self) -> int:
        import pyarrow.compute as pc

        return pc.sum(self.counts).as_py() or 0


class Loss(StrEnum):
    """What would not come back of a text that was read as a number."""

    ZEROS = "leading zeros"
    PLUS = "plus signs"
    DIGITS = "digits"


LOST = {Loss.ZEROS: r"^[+-]?0[0-9]", Loss.PLUS: r"^\+"}


@dataclass
class Candidate:
    """A type and the cells that do not fit it. `loses` says what some would have lost after it, if any would."""

    target: "pa.DataType"
    proposal: Proposal | None = None
    unfit: int = 0
    first: Cell | None = None
    loses: "set[Loss]" = field(default_factory=set)

    @property
    def is_number(self) -> bool:
        """Whether it is proposed for whole numbers of few digits."""
        return self.proposal is not None and bool(self.proposal.loose)

    @property
    def fits(self) -> bool:
        """Whether it gives back all texts."""
        return not (self.unfit or self.loses)

    def narrow(self, part: Part, plain: "pa.Array") -> None:
        """The next texts, and these as their notation writes them plainly: null where they are not of it."""
        import pyarrow.compute as pc

        fits = self.proposal.fits(plain) if self.proposal else holds(plain, self.target)
        fits = pc.fill_null(fits, False)
        if fits.true_count == len(fits):
            return
        others = pc.invert(fits)
        if self.proposal and self.proposal.loose:
            lost = pc.and_(others, pc.fill_null(self.proposal.loses(plain), False))
            self.loses |= _losses(plain.filter(lost)) if lost.true_count else set()
            others = pc.and_(others, pc.invert(lost))
        if others.true_count:
            self.refuse(part.chosen(others))

    def refuse(self, part: Part) -> None:
        """Texts that do not fit."""
        self.first = self.first or part.first()
        self.unfit += part.total()


@dataclass
class Digits:
    """How many digits the numbers of a column have before and after the point."""

    whole: int = 0
    least_scale: int = 99
    most_scale: int = 0
    has_exponent: bool = False

    def add(self, texts: "pa.Array") -> None:
        """All texts are numerals."""
        import pyarrow.compute as pc

        plain = pc.utf8_ltrim(texts, "+-")
        point, length = pc.find_substring(plain, "."), pc.utf8_length(plain)
        has_point = pc.greater_equal(point, 0)
        scales = pc.min_max(pc.if_else(has_point, pc.subtract(pc.subtract(length, point), 1), 0)).as_py()
        self.least_scale = min(self.least_scale, scales["min"])
        self.most_scale = max(self.most_scale, scales["max"])
        self.whole = max(self.whole, pc.max(pc.if_else(has_point, point, length)).as_py())
        self.has_exponent |= is_any(texts, "[eEfF]")

    def add_whole(self) -> None:
        """The texts are whole numbers of few digits."""
        self.whole, self.least_scale = max(self.whole, SURE_DIGITS), 0

    def decimal(self) -> "pa.DataType | None":
        """The decimal that holds all of the numbers, where they have fractions."""
        import pyarrow as pa

        fits = [width for width in WIDTHS if self.whole + self.most_scale <= width]
        return pa.decimal128(fits[0], self.most_scale) if fits and self.most_scale and not self.has_exponent else None


def is_any(texts: "pa.Array", pattern: str) -> bool:
    """Whether a pattern stands in any of the texts."""
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())


def _losses(texts: "pa.Array") -> set[Loss]:
    losses = {loss for loss, pattern in LOST.items() if is_any(texts, pattern)}
    return losses or {Loss.DIGITS}
