"""What a name is seen as: the skeleton of Unicode Technical Standard 39, the same for two names that no reader tells
apart, whatever letters they are written in."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("confusables.txt")


def skeleton(name: str) -> str:
    """The same for two names that look the same; nothing that anybody should read."""
    if name.isascii():
        return name.translate(_seen_as())
    plain = unicodedata.normalize("NFKD", name)
    return unicodedata.normalize("NFD", plain.translate(_seen_as()))


@cache
def _seen_as() -> Mapping[int, str]:
    lines = TABLE.read_text(encoding="utf-8").split("\n")
    pairs = (line.split("\t") for line in lines if "\t" in line)
    return {ord(letter): prototype for prototype, letters in pairs for letter in letters}
