"""Which encodings make words of bytes. A wrong one makes letters of several scripts in one word, capitals in the middle
of it, words of accents alone, or signs between letters; the right one makes few of these."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# The likeliest first: of those that make words alike it is proposed.
ONE_BYTE = ("windows-1252", "windows-1250", "windows-1251", "iso-8859-15", "iso-8859-1", "macintosh", "ibm850")
CANDIDATES = (*ONE_BYTE[:3], "shift_jis", "gb18030", *ONE_BYTE[3:])
EXAMPLES, MOST_LETTERS = 3, 60
WORD = re.compile(r"[^\W\d_]+")
LETTER = r"[^\W\d_]"
# What no text has, and signs that stand between letters or at letters beyond ASCII. Apostrophes and dashes may.
CONTROLS = re.compile("[\x80-\x9f\ue000-\uf8ff]")
SIGN = r"[^\w\s\x00-\x7f\u2010-\u2015\u2018\u2019\u201c\u201d\u00ab\u00bb\u2026\u3000-\u303f\uff00-\uff60]"
BEYOND = r"[^\W\d_\x00-\x7f]"
SIGNS = re.compile(
    rf"(?<={LETTER}){SIGN}(?={LETTER})|(?<={BEYOND}){SIGN}|{SIGN}(?={BEYOND})"
    rf"|\u00a4|[\u00a6\u00a8\u00b4\u00b8\u00bc-\u00be](?={LETTER})|(?<={LETTER})[\u00a6\u00a8\u00b4\u00b8]"
)
CELL = re.compile(r"[^,;\t|\"\r\n]*[^\x00-\x7f][^,;\t|\"\r\n]*")
# Where the letters of a script end. Those without a name stand in no word, nor do Japanese letters of half the width.
SCRIPTS = {
    0x24F: "Latin",
    0x36F: "",
    0x3FF: "Greek",
    0x52F: "Cyrillic",
    0x2E7F: "",
    0xFF60: "East Asian",
    0xFF9F: "",
    0x10FFFF: "East Asian",
}
# Words of more letters beyond ASCII than others are no words of Latin, unless they are short.
SHORT = 2


class Candidate(NamedTuple):
    """An encoding with what it makes of some lines, and how much of that is odd."""

    encoding: str
    lines: tuple[str, ...]
    odd: int


def candidates_of(lines: Iterable[bytes]) -> list[Candidate]:
    """The encodings in which all of these lines can be, those that make the fewest odd words of them first."""
    sample = list(lines)
    candidates = [candidate for name in CANDIDATES if (candidate := _candidate(name, sample))]
    return sorted(candidates, key=lambda candidate: candidate.odd)


def examples_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Three different cells, those with letters beyond ASCII where there are such."""
    cells: dict[str, None] = {}
    for line in lines:
        match = CELL.search(line)
        cells.setdefault((match[0] if match else line).strip()[:MOST_LETTERS])
        if len(cells) == EXAMPLES:
            break
    return tuple(cells)


def _candidate(name: str, lines: Sequence[bytes]) -> Candidate | None:
    try:
        texts = tuple(line.decode(name) for line in lines)
    except UnicodeDecodeError:
        return None
    return Candidate(name, texts, sum(map(_oddities, texts)))


def _oddities(text: str) -> int:
    words = sum(not _is_word(word) for word in WORD.findall(text) if not word.isascii())
    return words + len(CONTROLS.findall(text)) + len(SIGNS.findall(text))


def _is_word(letters: str) -> bool:
    scripts = {_script(letter) for letter in letters}
    if len(scripts) > 1 or not all(scripts):
        return False
    accents = sum(letter > "\x7f" for letter in letters)
    is_dense = scripts == {"Latin"} and len(letters) > SHORT and 2 * accents > len(letters)
    return not is_dense and (letters == letters.upper() or letters[1:] == letters[1:].lower())


def _script(letter: str) -> str:
    return next(script for end, script in SCRIPTS.items() if ord(letter) <= end)
