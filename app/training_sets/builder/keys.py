"""In which columns of the rows the keys of a feature view lie: guessed by name and type, each guess with its reason."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.features.columns import KEYS
from core.features.training_sets.proposals.values import ColumnProposal
from core.foundation.text import _

WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
# Two names are alike from this share of their words on.
ALIKE = 0.5
NAMELESS = frozenset({"id", "key", "code", "name", "no", "nr"})


@dataclass(frozen=True)
class KeyGuess:
    """A column, or None where no column can be the key, and why."""

    column: ColumnProposal | None
    reason: str


def candidates(columns: Iterable[ColumnProposal]) -> tuple[ColumnProposal, ...]:
    """The columns that can be keys."""
    return tuple(column for column in columns if column.type in KEYS and column.role not in ("moment", "label"))


def guessed_keys(keys: Sequence[str], columns: Sequence[ColumnProposal]) -> dict[str, KeyGuess]:
    """A guess for every key of a view."""
    able = candidates(columns)
    return {key: _guess(key, able) for key in keys}


def _guess(key: str, able: Sequence[ColumnProposal]) -> KeyGuess:
    by_name = {name.casefold(): column for column in able for name in (column.source, column.name)}
    if same := by_name.get(key.casefold()):
        return KeyGuess(same, _("It has the same name."))
    scored = sorted(((likeness(key, column.source), number) for number, column in enumerate(able)), reverse=True)
    if scored and scored[0][0] >= ALIKE:
        best = [able[number] for score, number in scored if score == scored[0][0]]
        column = min(best, key=able.index)
        others = ", ".join(other.source for other in best if other is not column)
        reason = _("Its name is like {key}.").format(key=key)
        return KeyGuess(column, f"{reason} " + _("So is {names}.").format(names=others) if others else reason)
    return KeyGuess(None, _("No column is called like {key}: choose one.").format(key=key))


def likeness(first: str, second: str) -> float:
    """How many words two names share, of all the words that they have; what says nothing alone counts less."""
    left, right = _words(first), _words(second)
    shared = left & right
    if not shared - NAMELESS:
        return 0.0
    return len(shared) / len((left | right) - (NAMELESS - shared))


def _words(name: str) -> frozenset[str]:
    return frozenset(word.casefold().removesuffix("s") or word for word in WORDS.findall(name))
