"""A column as one notation reads it: the types that its plain texts could have, and what stands beside its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.lake.texts.candidates import Candidate, Digits, Loss, Part
from core.lake.texts.notations import PLAIN, Family, Notation
from core.lake.texts.numbers import DECIMAL_COMMA, DECIMAL_POINT, units
from core.lake.texts.types import NUMERAL, Proposal

if TYPE_CHECKING:
    import pyarrow as pa

# Types that this many cells do not fit are given up.
MOST_UNFIT = 1000
# More signs beside numbers are no units.
MOST_UNITS = 20
# Numbers in groups that are all of this length or longer are names of things: telephones, accounts.
CODE_LENGTH = 11


@dataclass
class Interpretation:
    """`chosen` is the type that a person wants; `is_chosen` says that the notation is what a person chose; `has_limit`
    gives up types that fit only some of the texts."""

    notation: Notation
    candidates: list[Candidate]
    chosen: Candidate | None = None
    is_chosen: bool = False
    has_limit: bool = True
    digits: Digits = field(default_factory=Digits)
    units: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    lengths: set[int] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        return not self.candidates and self.chosen is None

    def add(self, part: Part, *, are_small: bool, are_plain: bool) -> "pa.Array | None":
        """The next texts, as they are plainly, where that was looked at. `are_small` says that they are whole numbers
        of few digits, of which every notation of numbers says the same, `are_plain` that they are plain numbers."""
        if are_small and self.chosen is None and self.notation in (DECIMAL_POINT, DECIMAL_COMMA):
            self._note_plain()
            self.digits.add_whole()
            return None
        if are_plain and self.chosen is None and self.notation is DECIMAL_POINT:
            return self._add_plain(part)
        plain = self.notation.plain(part.texts, is_chosen=self.is_chosen)
        for candidate in (*self.candidates, *filter(None, [self.chosen])):
            if not (are_small and candidate.is_number):
                candidate.narrow(part, plain)
        self._prune()
        self._note(part, plain, are_small=are_small)
        return plain if self.notation is not PLAIN else self._numerals(plain)

    def _add_plain(self, part: Part) -> "pa.Array":
        """Plain numbers, which are known to be doubles, are read as they are."""
        import pyarrow as pa

        for candidate in self.candidates:
            if candidate.target != pa.float64():
                candidate.narrow(part, part.texts)
        self._prune()
        self._note_plain()
        if self.number():
            self.digits.add(part.texts)
        return part.texts

    def _note_plain(self) -> None:
        self.units.add("")
        self.lengths.add(0)

    def _numerals(self, plain: "pa.Array") -> "pa.Array | None":
        """The texts that are plain numbers, where there may be some."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not any(candidate.is_number for candidate in self.candidates):
            return None
        return pc.if_else(pc.match_substring_regex(plain, NUMERAL), plain, pa.scalar(None, pa.string()))

    def refuse(self, part: Part) -> None:
        """The next texts, of which none is of the notation."""
        for candidate in (*self.candidates, *filter(None, [self.chosen])):
            candidate.refuse(part)
        self._prune()

    def _prune(self) -> None:
        if self.has_limit:
            self.candidates = [candidate for candidate in self.candidates if candidate.unfit <= MOST_UNFIT]

    def _note(self, part: Part, plain: "pa.Array", *, are_small: bool) -> None:
        import pyarrow.compute as pc

        if are_small:
            self.digits.add_whole()
        elif self.number():
            self.digits.add(plain)
        if self.notation.family is Family.WORD:
            self.words |= set(pc.unique(plain).to_pylist())
        if self.notation.family is Family.NUMBER and len(self.units) < MOST_UNITS:
            written = part.texts.filter(pc.is_valid(plain))
            self.units |= units(written)
            self.lengths |= set(pc.min_max(pc.utf8_length(written)).as_py().values()) - {None}

    def number(self) -> Candidate | None:
        """The loosest type of numbers, where all texts are numbers."""
        import pyarrow as pa

        doubles = (candidate for candidate in self.candidates if candidate.target == pa.float64())
        return next((candidate for candidate in doubles if not candidate.unfit), None)

    @property
    def is_consistent(self) -> bool:
        """Whether its values can stand in one column: numbers of one unit, both of two words."""
        if self.notation.family is Family.WORD:
            return self.is_chosen or {"true", "false"} <= self.words
        if self.notation.family is not Family.NUMBER:
            return True
        if self.is_chosen:
            return len(self.several_units) <= 1
        is_code = len(self.lengths) == 1 and min(self.lengths) >= CODE_LENGTH and self.digits.most_scale == 0
        are_all_bracketed = all("(" in unit for unit in self.units)
        return len({_unit(text) for text in self.units}) <= 1 and not (is_code or (are_all_bracketed and self.units))

    @property
    def several_units(self) -> list[str]:
        """The currencies and signs that stand beside its numbers."""
        return sorted(filter(None, {_unit(text) for text in self.units}))

    @property
    def fitting(self) -> list[Candidate]:
        """What gives back all of the texts, from the strictest on."""
        if not self.is_consistent:
            return []
        fits = [candidate for candidate in self.candidates if candidate.fits]
        decimal = self.exact_decimal
        is_even = self.digits.least_scale == self.digits.most_scale
        return fits or ([Candidate(decimal)] if decimal is not None and is_even else [])

    @property
    def exact_decimal(self) -> "pa.DataType | None":
        """The decimal that holds what a double does not."""
        number = self.number()
        return self.digits.decimal() if number and number.loses == {Loss.DIGITS} else None

    def closest(self) -> Candidate | None:
        """The type that the most texts fit: the chosen one where there is one."""
        if self.chosen:
            return self.chosen
        if not self.is_consistent:
            return None
        whole = self.fitting
        partly = [candidate for candidate in self.candidates if candidate.unfit and not candidate.loses]
        return whole[0] if whole else min(partly, key=lambda candidate: candidate.unfit, default=None)


def interpretation_of(
    notation: Notation, proposals: Sequence[Proposal], *, chosen: "pa.DataType | None", has_limit: bool, is_chosen: bool
) -> Interpretation:
    candidates = [Candidate(proposal.target, proposal) for proposal in proposals]
    wanted = Candidate(chosen) if chosen is not None and notation.is_of(chosen) else None
    return Interpretation(notation, candidates, wanted, is_chosen, has_limit)


def _unit(text: str) -> str:
    return text.strip("()")
