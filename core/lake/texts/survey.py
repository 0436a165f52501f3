"""What the texts of a column could be, counted over all of them: what a type is decided by never depends on where one
part of a file ends and the next begins."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from core.lake.texts.candidates import Candidate, Loss, Part, is_any
from core.lake.texts.interpretation import Interpretation, interpretation_of
from core.lake.texts.notations import PLAIN, Family, Notation
from core.lake.texts.types import SURE_DIGITS, Proposal
from core.lake.texts.words import ANY_WORD

if TYPE_CHECKING:
    import pyarrow as pa

# Words that mean "missing" wherever they stand among numbers and times; among texts each may be a word.
USUAL = ("NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None", "-", "?")
FEW = 0.05
# Whole numbers that every type of numbers gives back.
SMALL_WHOLE = rf"^(0|-?[1-9][0-9]{{0,{SURE_DIGITS - 1}}})$"
# What is given up is given up after a few texts.
FIRST_TEXTS = 2048
# What every text of a family has.
SIGNS = {Family.NUMBER: "[0-9]", Family.TIME: "[0-9]", Family.WORD: ANY_WORD}
EXAMPLES, SAMPLES = 3, 60


@dataclass
class Survey:
    """A column as its texts are: `values` counts those that are not `missing`, `usual` the words that usually mean it,
    `samples` are the first of them. `differences` are texts of which two notations say different things, by the names
    of the two."""

    interpretations: list[Interpretation]
    missing: tuple[str, ...]
    values: int = 0
    usual: "Counter[str]" = field(default_factory=Counter)
    samples: dict[str, None] = field(default_factory=dict)
    differences: dict[frozenset[str], list[str]] = field(default_factory=dict)

    def add(self, column: "pa.Array", row: int) -> None:
        """The next rows, of which the first has the number `row`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        counted = pc.value_counts(column)
        raw, counts = counted.field("values"), counted.field("counts")
        part = Part(pc.utf8_trim_whitespace(raw), counts, raw, column, row)
        words = pa.array(("", *self.missing), pa.string())
        part = part.chosen(pc.and_(pc.is_valid(raw), pc.invert(pc.is_in(part.texts, value_set=words))))
        is_usual = pc.is_in(part.texts, value_set=pa.array(USUAL))
        usual = part.chosen(is_usual)
        self.usual.update(dict(zip(usual.texts.to_pylist(), usual.counts.to_pylist(), strict=True)))
        part = part.chosen(pc.invert(is_usual))
        self.values += part.total()
        for texts in (part.slice(0, FIRST_TEXTS), part.slice(FIRST_TEXTS)):
            if len(texts.texts):
                self._narrow(texts)

    def _narrow(self, part: Part) -> None:
        import pyarrow.compute as pc

        if len(self.samples) < SAMPLES:
            self.samples |= dict.fromkeys(part.texts.slice(0, SAMPLES).to_pylist())
        are_small = self._takes_whole() and pc.all(pc.match_substring_regex(part.texts, SMALL_WHOLE)).as_py()
        going = [item for item in self.interpretations if not item.is_over]
        families = {item.notation.family for item in going} & SIGNS.keys()
        lacking = {family for family in families if not is_any(part.texts, SIGNS[family])}
        before, plain = self._unlike_numbers(), []
        for item in going:
            if item.notation.family in lacking:
                item.refuse(part)
                continue
            are_plain = before is not None and before == self._unlike_numbers()
            if (texts := item.add(part, are_small=are_small, are_plain=are_plain)) is not None:
                plain.append((item.notation, texts))
        if not are_small:
            self._compare(part, plain)

    def _unlike_numbers(self) -> int | None:
        """How many texts are no plain numbers, where most are and none would lose anything."""
        import pyarrow as pa

        doubles = (candidate for candidate in self.plain.candidates if candidate.target == pa.float64())
        return next((candidate.unfit for candidate in doubles if not candidate.loses), None)

    def _compare(self, part: Part, plain: "Sequence[tuple[Notation, pa.Array]]") -> None:
        import pyarrow.compute as pc

        for (left, of_left), (right, of_right) in combinations(plain, 2):
            if not _are_rivals(left, right):
                continue
            differs = pc.fill_null(pc.not_equal(of_left, of_right), False)
            if differs.true_count:
                texts = self.differences.setdefault(frozenset({left.name, right.name}), [])
                texts += part.texts.filter(differs)[: EXAMPLES - len(texts)].to_pylist()

    def reading(self, *, takes_unfit: bool = False, preferred: Collection[str] = ()) -> "Reading":
        """How it is read, by what was chosen and by what its texts are; `takes_unfit` says that some may not fit, and
        `preferred` names notations that other columns of the table show."""
        rivals = self._rivals(takes_unfit=takes_unfit)
        first = next((rival for rival in rivals if rival.notation.name in preferred), rivals[0] if rivals else None)
        if first is None:
            return Reading(PLAIN, self.plain.chosen or Candidate(_text()))
        others = [rival for rival in rivals if rival is not first]
        closest = first.closest()
        assert closest is not None, "a rival has a type"
        return Reading(first.notation, closest, tuple(others))

    def _rivals(self, *, takes_unfit: bool) -> list[Interpretation]:
        """The interpretations that fit best and say different things of a text."""
        fits: list[tuple[int, Interpretation]] = []
        for interpretation in self._deciding():
            closest = interpretation.closest()
            if closest and (not closest.unfit or interpretation.chosen or (takes_unfit and self._is_some(closest))):
                fits.append((closest.unfit, interpretation))
        rivals: list[Interpretation] = []
        for unfit, interpretation in fits:
            if unfit == min(fits, key=lambda pair: pair[0])[0] and all(
                self.difference(rival.notation, interpretation.notation) for rival in rivals
            ):
                rivals.append(interpretation)
        return rivals

    def _deciding(self) -> Iterator[Interpretation]:
        """The interpretations of which one is what is chosen or proposed. What a type that was chosen does not hold of
        plain numbers is not looked for in other notations of them."""
        chosen = [item for item in self.interpretations if item.is_chosen]
        typed = [item for item in self.interpretations if item.chosen]
        if self.plain.number() and self.plain.chosen and self.plain.chosen.unfit:
            typed = [item for item in typed if item.notation.family is not Family.NUMBER]
        for item in chosen or typed or self.interpretations:
            if self.values and (item.is_chosen or item.chosen or not item.notation.is_offered):
                yield item

    def difference(self, first: Notation, other: Notation) -> list[str]:
        """Texts of which two notations say different things."""
        return self.differences.get(frozenset({first.name, other.name}), [])

    def _is_some(self, candidate: Candidate) -> bool:
        return candidate.unfit < self.values

    @property
    def plain(self) -> Interpretation:
        """The column as it stands."""
        return self.interpretations[0]

    @property
    def proposed(self) -> "pa.DataType":
        """The strictest type that gives back all of the texts, by a notation that keeps what they mean."""
        fits = (item for item in self.interpretations if not item.notation.is_offered)
        return next((item.fitting[0].target for item in fits if self.values and item.fitting), _text())

    @property
    def offered(self) -> list[tuple[Notation, "pa.DataType"]]:
        """What all texts would be too, if somebody said so."""
        if not self.values:
            return []
        offered = [item for item in self.interpretations if item.notation.is_offered and not item.is_chosen]
        others = [(PLAIN, candidate.target) for candidate in self.plain.fitting[1:]]
        return others + [(item.notation, item.fitting[0].target) for item in offered if item.fitting]

    @property
    def exact_decimal(self) -> "pa.DataType | None":
        """The decimal that holds what a double does not."""
        return self.plain.exact_decimal if self.values else None

    @property
    def loss(self) -> Loss | None:
        """What texts that are all numbers would lose by being numbers."""
        number = self.plain.number() if self.values else None
        if number is None or self.proposed != _text() or self.nearest():
            return None
        return next((loss for loss in Loss if loss in number.loses), None)

    def nearest(self) -> "Reading | None":
        """The type that all texts but a few fit."""
        if self.proposed != _text():
            return None
        reading = self.reading(takes_unfit=True)
        unfit = reading.candidate.unfit
        return reading if unfit and unfit <= max(1, FEW * self.values) and unfit * 2 < self.values else None

    def units(self) -> list[str]:
        """The units of a column whose texts would all be numbers if there were not several of these."""
        numbers = (item for item in self.interpretations if item.notation.family is Family.NUMBER and item.number())
        return next((item.several_units for item in numbers if len(item.several_units) > 1), []) if self.values else []

    def _takes_whole(self) -> bool:
        import pyarrow as pa

        return any(candidate.target == pa.int64() for candidate in self.plain.candidates)


@dataclass(frozen=True)
class Reading:
    """How a column is read: its notation, its type with the cells that do not fit that, and the interpretations between
    which only a person can choose."""

    notation: Notation
    candidate: Candidate
    rivals: tuple[Interpretation, ...] = ()

    @property
    def target(self) -> "pa.DataType":
        return self.candidate.target

    @property
    def is_doubtful(self) -> bool:
        """Whether a person has to say which reading is right."""
        return bool(self.rivals) or self.notation.is_doubtful


def survey_of(
    proposals: Sequence[Proposal],
    notations: Sequence[Notation] = (),
    *,
    missing: tuple[str, ...],
    chosen: "pa.DataType | None" = None,
    notation: Notation | None = None,
    has_limit: bool = True,
) -> Survey:
    """A survey that begins. `notations` may be proposed beside the plain reading; `chosen` and `notation` are the type
    and the notation that a person chose."""
    plain = interpretation_of(PLAIN, proposals, chosen=chosen, has_limit=has_limit, is_chosen=False)
    others = [
        interpretation_of(item, item.proposals(), chosen=chosen, has_limit=has_limit, is_chosen=item is notation)
        for item in ([notation] if notation else notations)
        if chosen is None or item.is_of(chosen)
    ]
    return Survey([plain, *others], missing)


def _are_rivals(left: Notation, right: Notation) -> bool:
    families = {left.family, right.family} - {Family.PLAIN}
    return families == {Family.NUMBER} or (families == {Family.TIME} and not (left.is_offered or right.is_offered))


def _text() -> "pa.DataType":
    import pyarrow as pa

    return pa.string()
