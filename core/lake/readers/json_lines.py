"""JSON lines: one object on each line. Numbers are read as the digits that stand there, never as binary ones, and all
values go as texts into a file, by columns, before types are looked for."""

import codecs
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid
from core.foundation.json_text import object_of
from core.foundation.text import N_, _
from core.lake.column_types import MOST_COLUMNS, column_names, refusal_of_type
from core.lake.import_values import ImportChoices
from core.lake.readers.csv_dialect import MOST_LINE, line_too_long
from core.lake.readers.reader import FileReader, Workspace
from core.lake.readers.table_stream import Reading, Reject
from core.lake.readers.text_tables.columns import read_texts
from core.lake.readers.text_tables.spilled import SpilledTexts
from core.lake.texts.notations import Family, Notation
from core.lake.texts.registry import NOTATIONS
from core.lake.texts.survey import USUAL
from core.lake.texts.types import Proposal, proposals

if TYPE_CHECKING:
    import pyarrow as pa

PART_BYTES = 4 * 2**20
# The share of the progress until all lines are texts.
PARSED = 0.7
NESTED = {dict: "struct", list: "list"}


class Number(str):
    """A number as it stands in the file."""

    __slots__ = ()


KINDS = {Number: N_("a number"), str: N_("a text"), bool: N_("true or false")}
Row = dict[str, Any]
# Some rows with their lines.
Part = list[tuple[int, Row]]


class JsonLinesReader(FileReader):
    """A table as text with one JSON object on each line; the names of its values are the columns."""

    name = "JSON lines"
    title = N_("JSON lines")
    suffixes = (".jsonl", ".ndjson", ".json")
    choices = ("flatten", "missing")

    @classmethod
    def recognizes(cls, start: bytes) -> bool:
        return start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{")

    def read(self, path: Path, workspace: Workspace) -> Reading:
        """A column is what all of its values fit. Invalid names the first line that is no object, or whose value is of
        another kind than those before it."""
        table = JsonTable(path, workspace)
        reading = read_texts(table, workspace.choices)
        sentence = _("The fields of {name} became columns.")
        flat = [sentence.format(name=name) for name in table.structs]
        reading.choices = [*flat, *table.changes.words, *reading.choices]
        reading.renamed = table.changes.changed
        return reading


class JsonTable:
    """The values of all objects as texts."""

    rejected = 0

    def __init__(self, path: Path, workspace: Workspace) -> None:
        self._path, self._choices, self._on_progress = path, workspace.choices, workspace.on_progress
        self._missing = frozenset({*self.missing(self._choices), *USUAL})
        # By column the line of the first value of each kind.
        self._kinds: dict[str, dict[type, int]] = {}
        self.structs: dict[str, None] = {}
        self.rejects: list[Reject] = []
        self._texts = SpilledTexts(workspace.spill)
        self._write()
        keys = [name for name, kinds in self._kinds.items() if kinds or name not in self.structs]
        if not keys:
            raise Invalid(_("The objects of the file have no values"), field="content")
        self.changes = column_names(keys)
        self.names = self.changes.names
        self._keys = dict(zip(self.names, keys, strict=True))
        self._check_kinds()

    def batches(self, stage: str) -> "Iterator[pa.RecordBatch]":
        for batch, share in self._texts.batches(tuple(self._keys.values()), names=self.names):
            yield batch
            self._on_progress(PARSED + (1 - PARSED) * share, stage)

    def lines(self, rows: Iterable[int]) -> dict[int, int]:
        wanted = set(rows)
        begun = islice(enumerate(_lines(self._path)), max(wanted, default=-1) + 1)
        return {row: line for row, (line, _text) in begun if row in wanted}

    def proposals(self, name: str) -> Sequence[Proposal]:
        """What stands in quotation marks is no number, and what does not is one."""
        import pyarrow as pa

        allowed = {Number: pa.types.is_primitive, str: pa.types.is_temporal, bool: pa.types.is_boolean}
        kinds = self._kinds[self._keys[name]]
        return [item for item in proposals() if any(allowed[kind](item.target) for kind in kinds)]

    def notations(self, name: str) -> Sequence[Notation]:
        """Where a type was chosen, every notation of it; numbers of JSON have a point and may count since 1970."""
        if name in self._choices.types:
            return tuple(NOTATIONS.values())
        kinds, times = (
            self._kinds[self._keys[name]],
            [item for item in NOTATIONS.values() if item.family is Family.TIME],
        )
        return [item for item in times if (Number if item.is_offered else str) in kinds]

    def missing(self, choices: ImportChoices) -> tuple[str, ...]:
        """An empty text is a text, unlike null."""
        return tuple(filter(None, choices.missing))

    def _write(self) -> None:
        size = self._path.stat().st_size
        for part, position in _parts(self._path):
            self._texts.append(self._batch(part))
            self._on_progress(PARSED * position / size, _("Reading rows"))

    def _batch(self, part: Part) -> "pa.RecordBatch":
        import pyarrow as pa

        rows = [self._flat(row) for _line, row in part] if self._choices.flatten else [row for _line, row in part]
        self._kinds |= {name: {} for row in rows for name in row if name not in self._kinds}
        if len(self._kinds) > MOST_COLUMNS:
            raise Invalid(_("More than {most} columns").format(most=MOST_COLUMNS), field="content")
        lines = [line for line, _row in part]
        columns = {name: [row.get(name) for row in rows] for name in self._kinds}
        return pa.record_batch({name: self._column(name, values, lines) for name, values in columns.items()})

    def _column(self, name: str, values: list[Any], lines: list[int]) -> "pa.Array":
        import pyarrow as pa

        kinds = set(map(type, values)) - {type(None)}
        for nested in NESTED.keys() & kinds:
            raise refusal_of_type(name, NESTED[nested])
        first = self._kinds[name]
        for kind in kinds - first.keys():
            places = (place for place, value in enumerate(values) if type(value) is kind and self._counts(value))
            if (place := next(places, None)) is not None:
                first[kind] = lines[place]
        if bool in kinds:
            values = [str(value).lower() if isinstance(value, bool) else value for value in values]
        nul = (place for place, value in enumerate(values) if isinstance(value, str) and "\0" in value)
        if (place := next(nul, None)) is not None:
            raise _unreadable(lines[place], _("{name} has a NUL").format(name=name))
        try:
            return pa.array(values, pa.string())
        except UnicodeEncodeError as error:
            raise _unreadable(lines[0], _("{name} has half a character").format(name=name)) from error

    def _counts(self, value: Any) -> bool:
        """Whether a value says what its column is."""
        return type(value) is not str or value not in self._missing

    def _flat(self, row: Row, prefix: str = "") -> Row:
        flat: Row = {}
        for name, value in row.items():
            if isinstance(value, dict):
                self.structs[prefix + name] = None
                flat |= self._flat(value, f"{prefix}{name}.")
            else:
                flat[prefix + name] = value
        return flat

    def _check_kinds(self) -> None:
        """Invalid where a column has values of several kinds, unless a person chose what they are."""
        for name, kinds in self._kinds.items():
            if len(kinds) > 1 and name not in self._choices.types and name not in self._choices.unfit:
                before, after = sorted(kinds, key=lambda kind: kinds[kind])[:2]
                sentence = _("{name} is {after} and was {before}")
                why = sentence.format(name=name, after=_(KINDS[after]), before=_(KINDS[before]))
                raise _unreadable(kinds[after], why)


DECODER = json.JSONDecoder(object_pairs_hook=object_of, parse_int=Number, parse_float=Number, parse_constant=Number)


def _parts(path: Path) -> Iterator[tuple[Part, int]]:
    """The rows of a few megabytes at a time, and where in the file they end."""
    part: Part = []
    position = begun = 0
    for line, text in _lines(path):
        part.append((line, _object(text, line)))
        position += len(text)
        if position - begun > PART_BYTES:
            yield part, position
            part, begun = [], position
    if part:
        yield part, position


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MOST_LINE + 1), b""), start=1):
            if len(line) > MOST_LINE:
                raise line_too_long()
            if text := (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip():
                yield number, text


def _object(text: bytes, line: int) -> Row:
    try:
        row, end = DECODER.raw_decode(letters := text.decode())
    except UnicodeDecodeError as error:
        raise _unreadable(line, _("it is not UTF-8")) from error
    except RecursionError as error:
        raise _unreadable(line, _("its values are nested too deeply")) from error
    except Invalid as error:
        raise _unreadable(line, error.message) from error
    except ValueError as error:
        raise _unreadable(line, str(getattr(error, "msg", error))) from error
    if not isinstance(row, dict) or end < len(letters):
        raise _unreadable(line, _("it is no single object"))
    return row


def _unreadable(line: int, why: str) -> Invalid:
    return Invalid(
        _("The JSON lines cannot be read: line {line}: {why}").format(line=line, why=why[:200]),
        hint=_("Every line is one object, and a name has values of one kind."),
        field="content",
    )
