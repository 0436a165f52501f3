"""What a name is seen as: the skeleton of Unicode Technical Standard 39, the same for two names that no reader tells
apart, whatever letters they are written in."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("confusables.txt")
# Unicode's property Default_Ignorable_Code_Point: nothing is drawn for them, assigned or not.
IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
BRAILLE_BLANK = "\u2800"
# The letters whose own dot gives way to one above them: both are drawn as one.
DOTTED = re.compile("(?<=[ij])\u0307")


def skeleton(name: str) -> str:
    """The same for two names that look the same; nothing that anybody should read. A page draws spaces that follow each
    other as one."""
    if name.isascii():
        return " ".join(name.translate(_seen_as()).split())
    plain = IGNORABLE.sub("", unicodedata.normalize("NFKD", name)).replace(BRAILLE_BLANK, " ")
    seen = unicodedata.normalize("NFD", plain.translate(_seen_as()))
    return " ".join(DOTTED.sub("", seen).split())


@cache
def _seen_as() -> Mapping[int, str]:
    lines = TABLE.read_text(encoding="utf-8").split("\n")
    pairs = (line.split("\t") for line in lines if "\t" in line)
    return {ord(letter): prototype for prototype, letters in pairs for letter in letters}
