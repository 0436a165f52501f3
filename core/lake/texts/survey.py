"""What the texts of a column could be, counted over all of them: what a type is decided by never depends on where one
part of a file ends and the next begins."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from core.lake.texts.types import SURE_DIGITS, Proposal, holds

if TYPE_CHECKING:
    import pyarrow as pa

# Words that mean "missing" wherever they stand among numbers and times; among texts each may be a word.
USUAL = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-", "?")
# Types that this many cells do not fit are given up.
MOST_UNFIT = 1000
FEW = 0.05
# The widths of decimals: the first that holds all digits.
WIDTHS = (18, 38)
# Whole numbers that every type of numbers gives back.
SMALL_WHOLE = rf"^(0|-?[1-9][0-9]{{0,{SURE_DIGITS - 1}}})$"


class Cell(NamedTuple):
    """A cell by the number of its row, from 0 on, and its text."""

    row: int
    text: str


class _Part(NamedTuple):
    """Some rows of a column: its different texts in the order in which they come, how often each does, and the row and
    the text without trimming of each."""

    texts: "pa.Array"
    counts: "pa.Array"
    raw: "pa.Array"
    column: "pa.Array"
    row: int

    def chosen(self, mask: "pa.Array") -> "_Part":
        return self._replace(texts=self.texts.filter(mask), counts=self.counts.filter(mask), raw=self.raw.filter(mask))

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

    def narrow(self, part: _Part) -> None:
        import pyarrow.compute as pc

        fits = self.proposal.fits(part.texts) if self.proposal else holds(part.texts, self.target)
        if fits.true_count == len(fits):
            return
        others = part.chosen(pc.invert(fits))
        if self.proposal and (lost := self.proposal.loses(others.texts)).true_count:
            self.loses |= _losses(others.texts.filter(lost))
            others = others.chosen(pc.invert(lost))
        if len(others.texts):
            self.first = self.first or others.first()
            self.unfit += others.total()


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
        self.has_exponent |= _any(texts, "[eEfF]")

    def add_whole(self) -> None:
        """The texts are whole numbers of few digits."""
        self.whole, self.least_scale = max(self.whole, SURE_DIGITS), 0

    def decimal(self) -> "pa.DataType | None":
        """The decimal that holds all of the numbers, where they have fractions."""
        import pyarrow as pa

        fits = [width for width in WIDTHS if self.whole + self.most_scale <= width]
        return pa.decimal128(fits[0], self.most_scale) if fits and self.most_scale and not self.has_exponent else None


@dataclass
class Survey:
    """A column as its texts are: `values` counts those that are not `missing`, `usual` the words that usually mean it.
    `chosen` is the type that a person wants, `has_limit` gives up types that fit only some of the texts."""

    candidates: list[Candidate]
    missing: tuple[str, ...]
    chosen: Candidate | None = None
    has_limit: bool = True
    values: int = 0
    usual: "Counter[str]" = field(default_factory=Counter)
    digits: Digits = field(default_factory=Digits)

    def add(self, column: "pa.Array", row: int) -> None:
        """The next rows, of which the first has the number `row`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        counted = pc.value_counts(column)
        raw, counts = counted.field("values"), counted.field("counts")
        part = _Part(pc.utf8_trim_whitespace(raw), counts, raw, column, row)
        words = pa.array(("", *self.missing), pa.string())
        part = part.chosen(pc.and_(pc.is_valid(raw), pc.invert(pc.is_in(part.texts, value_set=words))))
        is_usual = pc.is_in(part.texts, value_set=pa.array(USUAL))
        usual = part.chosen(is_usual)
        self.usual.update(dict(zip(usual.texts.to_pylist(), usual.counts.to_pylist(), strict=True)))
        part = part.chosen(pc.invert(is_usual))
        self.values += part.total()
        if len(part.texts):
            self._narrow(part)

    def _narrow(self, part: _Part) -> None:
        import pyarrow.compute as pc

        are_small = self._takes_whole() and pc.all(pc.match_substring_regex(part.texts, SMALL_WHOLE)).as_py()
        for candidate in (*self.candidates, *filter(None, [self.chosen])):
            if not (are_small and candidate.is_number):
                candidate.narrow(part)
        if self.has_limit:
            self.candidates = [candidate for candidate in self.candidates if candidate.unfit <= MOST_UNFIT]
        if are_small:
            self.digits.add_whole()
        elif self._number():
            self.digits.add(part.texts)

    @property
    def proposed(self) -> "pa.DataType":
        """The strictest type that gives back all of the texts."""
        import pyarrow as pa

        if not self.values:
            return pa.string()
        fits = [candidate for candidate in self.candidates if not (candidate.unfit or candidate.loses)]
        if fits:
            return fits[0].target
        decimal = self.exact_decimal
        is_even = self.digits.least_scale == self.digits.most_scale
        return decimal if decimal is not None and is_even else pa.string()

    @property
    def others(self) -> list["pa.DataType"]:
        """The types that give back all of the texts but are not the strictest."""
        fits = [candidate.target for candidate in self.candidates if not (candidate.unfit or candidate.loses)]
        return fits[1:] if self.values else []

    @property
    def exact_decimal(self) -> "pa.DataType | None":
        """The decimal that holds what a double does not."""
        number = self._number()
        return self.digits.decimal() if number and number.loses == {Loss.DIGITS} else None

    @property
    def loss(self) -> Loss | None:
        """What texts that are all numbers would lose by being numbers."""
        import pyarrow as pa

        number = self._number()
        if number is None or self.proposed != pa.string() or self.nearest():
            return None
        return next((loss for loss in Loss if loss in number.loses), None)

    def nearest(self) -> Candidate | None:
        """The type that all texts but a few fit."""
        candidate = self._best()
        is_few = candidate and candidate.unfit <= max(1, FEW * self.values) and candidate.unfit * 2 < self.values
        return candidate if is_few else None

    def most_fit(self) -> Candidate | None:
        """The type that the most texts fit, where any does."""
        candidate = self._best()
        return candidate if candidate and candidate.unfit < self.values else None

    def _best(self) -> Candidate | None:
        partly = [candidate for candidate in self.candidates if candidate.unfit and not candidate.loses]
        return min(partly, key=lambda candidate: candidate.unfit, default=None)

    def _number(self) -> Candidate | None:
        """The loosest type of numbers, where all texts are numbers."""
        import pyarrow as pa

        doubles = (candidate for candidate in self.candidates if candidate.target == pa.float64())
        return next((candidate for candidate in doubles if self.values and not candidate.unfit), None)

    def _takes_whole(self) -> bool:
        import pyarrow as pa

        return any(candidate.target == pa.int64() for candidate in self.candidates)


def survey_of(
    proposals: Sequence[Proposal], *, missing: tuple[str, ...], chosen: "pa.DataType | None", has_limit: bool
) -> Survey:
    """A survey that begins."""
    candidates = [Candidate(proposal.target, proposal) for proposal in proposals]
    return Survey(candidates, missing, Candidate(chosen) if chosen is not None else None, has_limit)


def _any(texts: "pa.Array", pattern: str) -> bool:
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())


def _losses(texts: "pa.Array") -> set[Loss]:
    losses = {loss for loss, pattern in LOST.items() if _any(texts, pattern)}
    return losses or {Loss.DIGITS}
