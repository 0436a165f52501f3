"""Names of columns that people take for one another: letters of another alphabet that look the same."""

import unicodedata
from collections.abc import Iterable, Iterator

from core.foundation.text import _

# Cyrillic and Greek letters with the Latin ones that they look like, by their numbers: they are not told apart here.
LETTERS = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
    "\u03bf\u03bd\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "aeopcyxijshdABEKMHOPCTXIJSovABEZHIKMNOPTYX",
)


def look_alikes(names: Iterable[str]) -> Iterator[str]:
    """A sentence for each name that looks like one before it, with the letters that differ."""
    before: dict[str, str] = {}
    for name in names:
        other = before.setdefault(_looks(name), name)
        if other != name:
            odd = name if not name.isascii() else other
            letters = ", ".join(dict.fromkeys(unicodedata.name(letter, "") for letter in odd if not letter.isascii()))
            sentence = _("The columns {other} and {name} look alike and are two: {letters}.")
            difference = letters or _("white space")
            yield sentence.format(other=repr(other), name=repr(name), letters=difference)


def _looks(name: str) -> str:
    """Without the white space around and in it, in one alphabet."""
    return "".join(unicodedata.normalize("NFKC", name).translate(LETTERS).casefold().split())
