"""What may stand in a text that people write and others read: names, notes, cards, reasons. It says to its reader what
was written, so nothing in it is unseen, turns the text around it, or passes one alphabet off as another. What only
reads texts needs no database for it."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from core.foundation.naming.skeletons import BRAILLE_BLANK, IGNORABLE
from core.foundation.text import _

# Marks, embeddings, overrides and isolates of Unicode Standard Annex 9: "Trojan Source", CVE-2021-42574.
DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What is drawn as nothing though Unicode does not say so: a note without a head, a filler, a space among Braille.
EMPTY = frozenset(f"\U0001d159\U00016fe4{BRAILLE_BLANK}")
# The flags of England, Scotland and Wales end in unseen letters; nothing else is spelled with them.
TAGGED = tuple("".join(chr(0xE0000 + ord(letter)) for letter in place) for place in ("gbeng", "gbsct", "gbwls"))
FLAGS = re.compile(f"\U0001f3f4(?:{'|'.join(TAGGED)})\U000e007f")
NON_JOINER, JOINER = "\u200c", "\u200d"
# Written languages in which joining or not joining two letters is spelling: Persian and its neighbors, and those of
# India. Names of characters begin with the script.
JOINING = (
    *("ARABIC", "SYRIAC", "NKO", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU"),
    *("KANNADA", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR"),
)
ALPHABETS = ("LATIN", "CYRILLIC", "GREEK")
BREAKS = "\n\r\t"
# So much of a word is repeated where it is refused.
LONGEST_WORD = 40
WORD = re.compile(r"[^\W\d_]+")


def fault_of(text: str, *, has_lines: bool = False) -> str:
    """What is wrong with a text, in a sentence; empty where nothing is. `has_lines` for one that may have several."""
    return next(_faults(text, BREAKS if has_lines else ""), "")


def _faults(text: str, breaks: str) -> Iterator[str]:
    if not text.isascii() or not text.isprintable():
        yield from _characters(text, breaks)
        yield from _words(text)


def _characters(text: str, breaks: str) -> Iterator[str]:
    for at, character in enumerate(text):
        code, place = f"U+{ord(character):04X}", at + 1
        if character in DIRECTION:
            yield _("character {place} changes the direction of the text; remove {code}").format(place=place, code=code)
        elif _is_break(character) and character not in breaks:
            yield _("character {place} is no part of a line; remove {code}").format(place=place, code=code)
        elif _is_unseen(character) and not _is_spelling(text, at):
            yield _("character {place} is not to be seen; remove {code}").format(place=place, code=code)


def _is_break(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _is_unseen(character: str) -> bool:
    is_ignorable = IGNORABLE.match(character) is not None
    return unicodedata.category(character) == "Cf" or is_ignorable or character in EMPTY


def _is_spelling(text: str, at: int) -> bool:
    """Whether an unseen character belongs to what stands beside it: it joins emoji or chooses their look, or is a part
    of how a word is spelled."""
    before, character, after = text[at - 1 : at], text[at], text[at + 1 : at + 2]
    if character in (NON_JOINER, JOINER) and _is_of(before, *JOINING) and _is_of(after, *JOINING):
        return True
    if character == JOINER:
        return _is_picture(before) and _is_picture(after)
    if "\ufe00" <= character <= "\ufe0f":
        return _is_picture(before) and before != "\ufe0f"
    if "\U000e0020" <= character <= "\U000e007f":
        return any(flag.start() < at < flag.end() for flag in FLAGS.finditer(text))
    if character == BRAILLE_BLANK:
        return _is_of(before, "BRAILLE PATTERN")
    return "\U000e0100" <= character <= "\U000e01ef" and _is_of(before, "CJK")


def _is_of(character: str, *scripts: str) -> bool:
    """Whether a character, where there is one, is of one of these scripts."""
    return bool(character) and unicodedata.name(character, "").startswith(scripts)


def _is_picture(character: str) -> bool:
    """Symbols, skin tones among them, and what chooses their look; the digits of key caps."""
    is_symbol = bool(character) and unicodedata.category(character) in ("So", "Sk", "Sm", "Po", "Cn")
    return is_symbol or character == "\ufe0f" or (bool(character) and character in "0123456789#*")


def _words(text: str) -> Iterator[str]:
    for word in WORD.findall(unicodedata.normalize("NFC", text)):
        alphabets = {alphabet for letter in word for alphabet in [_alphabet(letter)] if alphabet}
        if len(alphabets) > 1:
            names = _(" and ").join(sorted(alphabet.capitalize() for alphabet in alphabets))
            words = _("“{word}” mixes {alphabets} letters; write the word in one alphabet, or part it with a hyphen")
            yield words.format(word=word[:LONGEST_WORD], alphabets=names)


def _alphabet(letter: str) -> str:
    name = "" if letter.isascii() else unicodedata.name(letter, "")
    first = "LATIN" if letter.isascii() else name.partition(" ")[0]
    return first if first in ALPHABETS else ""


def _checked(*, has_lines: bool) -> Callable[[str], str]:
    def check(text: str) -> str:
        if fault := fault_of(text, has_lines=has_lines):
            raise ValueError(fault)
        return text

    return check


ONE_LINE = AfterValidator(_checked(has_lines=False))
MANY_LINES = AfterValidator(_checked(has_lines=True))

# A few words that stand in a list or a sentence; empty ones say nothing.
Words = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), ONE_LINE]
# What something is, in some sentences.
Description = Annotated[str, StringConstraints(max_length=4_000), MANY_LINES]
# Why somebody did something: it is kept in the log.
Reason = Annotated[str, StringConstraints(min_length=3, max_length=4_000, strip_whitespace=True), MANY_LINES]
# Pages of text, as cards and notes are.
Prose = Annotated[str, StringConstraints(max_length=20_000), MANY_LINES]
