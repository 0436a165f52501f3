"""In which encoding a file of text is: surely where it is UTF-8 or says so by its first bytes, and else the one that
makes words of its bytes, which a person confirms. The other readers know of none: they read a copy in UTF-8."""

import codecs
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkstemp

from core.foundation.errors import Invalid
from core.foundation.text import _, thousands
from core.lake.readers.words_of_bytes import ONE_BYTE, Candidate, candidates_of, examples_of
from core.lake.values import EncodingReading, FileEncoding

UTF_16 = "utf-16"
MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Every letter of ASCII has an empty byte in UTF-16, and other texts have none.
LEAST_EMPTY = 1 / 16
CHUNK, START = 2**20, 2**14
MOST_LINE = 4 * 2**20
SAMPLE_LINES, SAMPLE_BYTES = 500, 4096
MOST_OTHERS = 4
# So many bytes of a line are UTF-8 by no accident, where letters have one byte and where they have several.
SURELY_UTF8 = {True: 2, False: 6}


@dataclass
class LinesBeyondAscii:
    """How many lines have bytes beyond ASCII, the first different ones of them, and of those that are UTF-8 how many
    bytes beyond ASCII the longest has."""

    count: int = 0
    sample: dict[bytes, None] = field(default_factory=dict)
    most_utf8: int = 0


def encoding_of(path: Path, *, chosen: str = "") -> FileEncoding | None:
    """None for UTF-8, whatever was chosen. Raises Invalid where the chosen one is not that of the bytes, and for two
    encodings in one file."""
    if wide := _wide(path, is_chosen=chosen == UTF_16):
        return wide
    if _line_beyond(path, "utf-8") is None:
        return None
    return _chosen(path, chosen) if chosen else _proposed(path)


def in_utf8(path: Path, encoding: str, *, folder: Path | None) -> Path:
    """The same text in a file of its own."""
    descriptor, name = mkstemp(dir=folder)
    target = Path(name)
    codec = _codec(_start(path), is_chosen=True) if encoding == UTF_16 else encoding
    try:
        with os.fdopen(descriptor, "wb") as file:
            for text in _texts(path, codec):
                file.write(text.encode())
    except BaseException:
        target.unlink()
        raise
    return target


def doubt(encoding: FileEncoding) -> str:
    """What the proposal rests on."""
    name, texts = encoding.reading.encoding, ", ".join(map(repr, encoding.reading.examples))
    if name == UTF_16:
        sentence = _("The file does not say its encoding. It has empty bytes between letters, as UTF-16 has: {texts}.")
        return sentence.format(texts=texts)
    sentence = _(
        "The file is not UTF-8. It is read as {encoding}, for the {count} lines with letters beyond ASCII: {texts}."
    )
    return sentence.format(encoding=name, count=thousands(encoding.lines), texts=texts)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(START)


def _codec(start: bytes, *, is_chosen: bool) -> str:
    """How UTF-16 has its bytes, by the mark or by where there are lines and no empty letters; empty for all else."""
    if marked := next((name for mark, name in MARKS.items() if start.startswith(mark)), ""):
        return marked
    if not is_chosen and start.count(0) < LEAST_EMPTY * len(start):
        return ""
    texts = {name: codecs.getincrementaldecoder(name)("replace").decode(start) for name in MARKS.values()}
    return next((name for name, text in texts.items() if "\n" in text and not {"\0", "\ufffd"} & set(text)), "")


def _wide(path: Path, *, is_chosen: bool) -> FileEncoding | None:
    start = _start(path)
    codec = _codec(start, is_chosen=is_chosen)
    if not codec:
        return None
    if line := _line_beyond(path, codec):
        raise _not_in(UTF_16, line)
    lines = codecs.getincrementaldecoder(codec)().decode(start).removeprefix("\ufeff").splitlines()
    examples = examples_of([line for line in lines[1:] if line.strip()] or lines)
    is_marked = start.startswith(tuple(MARKS))
    return FileEncoding(
        reading=EncodingReading(encoding=UTF_16, examples=examples), is_asked=not (is_marked or is_chosen)
    )


def _chosen(path: Path, name: str) -> FileEncoding:
    beyond, line = _beyond(path), 1 if name == UTF_16 else _line_beyond(path, name)
    if name == "utf-8" and beyond.most_utf8:
        raise _mixed(path)
    if line:
        raise _not_in(name, line)
    _check_one(path, beyond, name)
    lines = [line.decode(name, "replace") for line in beyond.sample]
    reading = EncodingReading(encoding=name, examples=examples_of(lines))
    return FileEncoding(reading=reading, lines=beyond.count, others=_others(reading, candidates_of(beyond.sample)))


def _proposed(path: Path) -> FileEncoding:
    """The encoding that makes the fewest odd words of the bytes, of those in which the file can be."""
    beyond = _beyond(path)
    candidates = candidates_of(beyond.sample)
    best = next(candidate for candidate in candidates if _line_beyond(path, candidate.encoding) is None)
    _check_one(path, beyond, best.encoding)
    reading = EncodingReading(encoding=best.encoding, examples=examples_of(best.lines))
    return FileEncoding(reading=reading, lines=beyond.count, others=_others(reading, candidates), is_asked=True)


def _others(reading: EncodingReading, candidates: Sequence[Candidate]) -> tuple[EncodingReading, ...]:
    """Encodings that read the examples differently."""
    readings = {reading.examples: reading}
    for candidate in candidates:
        examples = examples_of(candidate.lines)
        readings.setdefault(examples, EncodingReading(encoding=candidate.encoding, examples=examples))
    return tuple(readings.values())[1 : MOST_OTHERS + 1]


def _beyond(path: Path) -> LinesBeyondAscii:
    beyond = LinesBeyondAscii()
    with path.open("rb") as file:
        for line in iter(lambda: file.readline(MOST_LINE), b""):
            if not line.isascii():
                _add(beyond, line)
    return beyond


def _add(beyond: LinesBeyondAscii, line: bytes) -> None:
    beyond.count += 1
    if len(beyond.sample) < SAMPLE_LINES:
        short = line if len(line) <= SAMPLE_BYTES else line[:SAMPLE_BYTES].rpartition(b" ")[0]
        beyond.sample.setdefault(short.rstrip(b"\r\n"))
    try:
        letters = line.decode()
    except UnicodeDecodeError:
        return
    beyond.most_utf8 = max(beyond.most_utf8, len(line) - sum(map(str.isascii, letters)))


def _not_in(name: str, line: int) -> Invalid:
    return Invalid(
        _("Line {line} is not {encoding}").format(line=line, encoding="UTF-8" if name == "utf-8" else name),
        hint=_("Choose another encoding, or none: then one is proposed. Or save the file as UTF-8."),
        field="choices.encoding",
    )


def _check_one(path: Path, beyond: LinesBeyondAscii, name: str) -> None:
    if beyond.most_utf8 >= SURELY_UTF8[name in ONE_BYTE]:
        raise _mixed(path)


def _mixed(path: Path) -> Invalid:
    where = _("Line {line} is not {encoding}").format(line=_line_beyond(path, "utf-8"), encoding="UTF-8")
    return Invalid(
        f"{where}: " + _("the file mixes encodings"), hint=_("Save the file as CSV in UTF-8."), field="content"
    )


def _line_beyond(path: Path, encoding: str) -> int | None:
    """The first line that is not in an encoding, if there is one."""
    decoder, lines = codecs.getincrementaldecoder(encoding)(), 1
    for chunk in (*_chunks(path), b""):
        try:
            lines += decoder.decode(chunk, not chunk).count("\n")
        except UnicodeDecodeError as error:
            return lines + error.object[: error.start].decode(encoding, "ignore").count("\n")
    return None


def _texts(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for chunk in _chunks(path):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", True)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(CHUNK), b"")
