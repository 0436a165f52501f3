"""All notations by their names, in the order in which they are preferred."""

from collections.abc import Mapping

from core.lake.texts.days import DAYS
from core.lake.texts.notations import PLAIN, Notation
from core.lake.texts.numbers import NUMBERS
from core.lake.texts.words import WORDS

NOTATIONS: Mapping[str, Notation] = {notation.name: notation for notation in (*NUMBERS, *DAYS, *WORDS)}


def notation_of(name: str) -> Notation:
    """The notation of a name; the plain one has none."""
    return NOTATIONS.get(name, PLAIN)
