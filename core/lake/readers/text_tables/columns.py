"""Tables whose cells are texts, in two passes over them: the first finds the type of every column, the second reads the
rows in the types that were proposed or chosen. Neither holds more than a part of the table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.column_types import type_name
from core.lake.import_values import ImportChoices
from core.lake.readers.casting import chosen_type
from core.lake.readers.table_stream import MOST_LETTERS, MOST_LISTED, Reading
from core.lake.readers.text_tables import words
from core.lake.readers.text_tables.decisions import Column, columns_of
from core.lake.readers.text_tables.readings import reading_of
from core.lake.readers.text_tables.table import TextTable
from core.lake.texts.candidates import Cell
from core.lake.texts.registry import NOTATIONS
from core.lake.texts.survey import Survey, survey_of
from core.lake.texts.types import holds, values
from core.lake.values import UnfitCells

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class _Rejects:
    """The rows left out because of a cell that does not fit, with these cells."""

    count: int = 0
    cells: list[tuple[Column, Cell]] = field(default_factory=list)


def read_texts(table: TextTable, choices: ImportChoices) -> Reading:
    """Invalid names the line of the first value that the type or the notation that was chosen for its column does not
    hold."""
    import pyarrow as pa

    surveys = _surveys(table, choices)
    columns = columns_of(surveys, choices)
    reports = _unfit_cells(table, surveys, columns)
    for report in reports:
        _check_chosen(report, choices)
    _check_notations(surveys, columns, choices)
    schema = pa.schema([(column.name, column.target) for column in columns])
    reading = Reading(schema, (), unfit=tuple(reports), is_text=True)
    named = {column.name: column for column in columns}
    reading.notes = {
        name: list(words.decided(surveys[name], column, choices=choices)) for name, column in named.items()
    }
    reading.choices = list(chain(*reading.notes.values()))
    for report in reports:
        action = choices.unfit.get(report.column)
        sentence = words.unfit(report, action)
        (reading.choices if action else reading.warnings).append(sentence)
        reading.notes[report.column].append(sentence)
    _propose(reading, surveys, columns)
    reading.tables = _tables(table, columns, reading)
    return reading


def _surveys(table: TextTable, choices: ImportChoices) -> dict[str, Survey]:
    surveys = {
        name: survey_of(
            table.proposals(name),
            table.notations(name),
            missing=table.missing(choices),
            chosen=chosen_type(choices, name),
            notation=NOTATIONS.get(choices.notations.get(name, "")),
            has_limit=name not in choices.unfit and name not in choices.notations,
        )
        for name in table.names
    }
    row = 0
    for batch in table.batches(_("Finding types")):
        for survey, column in zip(surveys.values(), batch, strict=True):
            survey.add(column, row)
        row += batch.num_rows
    return surveys


def _unfit_cells(table: TextTable, surveys: dict[str, Survey], columns: Sequence[Column]) -> list[UnfitCells]:
    partial = [(column.name, column.partial) for column in columns if column.partial]
    first = {name: reading.candidate.first for name, reading in partial}
    lines = table.lines(cell.row for cell in first.values() if cell)
    return [
        UnfitCells(
            column=name,
            type=type_name(reading.target),
            count=reading.candidate.unfit,
            values=surveys[name].values,
            text=cell.text[: words.MOST_SHOWN],
            line=lines[cell.row],
            notation=reading.notation.name,
        )
        for name, reading in partial
        if (cell := first[name])
    ]


def _check_chosen(report: UnfitCells, choices: ImportChoices) -> None:
    is_chosen = report.column in choices.types or report.column in choices.notations
    if not is_chosen or report.column in choices.unfit:
        return
    sentence = _("{column} has values that are no {type} ({where})")
    kind = words.written_type(report) if report.column in choices.notations else report.type
    raise Invalid(
        sentence.format(column=report.column, type=kind, where=words.where(report)),
        hint=_("Choose another type for it, or name the texts that stand for nothing."),
        field="choices.types" if report.column in choices.types else "choices.notations",
    )


def _check_notations(surveys: dict[str, Survey], columns: Sequence[Column], choices: ImportChoices) -> None:
    """Invalid for a notation that says nothing of the texts of its column."""
    for column in columns:
        name, survey = column.name, surveys[column.name]
        if column.notation.name or name not in choices.notations or not survey.values or name in choices.types:
            continue
        units = ", ".join(survey.units())
        several = _("its numbers have several units, {units}").format(units=units)
        plain = _("they are no plain numbers, times or words written so")
        raise Invalid(
            _("The values of {column} cannot be read as {notation}: {why}").format(
                column=name, notation=choices.notations[name], why=several if units else plain
            ),
            hint=_("Choose its type, too, or another notation."),
            field="choices.notations",
        )


def _tables(table: TextTable, columns: Sequence[Column], reading: Reading) -> "Iterator[pa.Table]":
    import pyarrow as pa

    rejects, row = _Rejects(), 0
    for batch in table.batches(_("Reading rows")):
        cells = [_present(column, part) for column, part in zip(columns, batch, strict=True)]
        plain = [
            column.notation.plain(part) if column.notation.name else part
            for column, part in zip(columns, cells, strict=True)
        ]
        rejected = _unfit_rows(columns, cells, plain, rejects, row)
        row += batch.num_rows
        arrays = [_values(column, part, rejected) for column, part in zip(columns, plain, strict=True)]
        yield pa.table(arrays, schema=reading.schema)
    if row == rejects.count:
        raise Invalid(_("Every row has a cell that does not fit the type of its column"), field="choices.unfit")
    reading.rejected = table.rejected + rejects.count
    lines = table.lines(cell.row for _column, cell in rejects.cells)
    unfit = (words.reject(column, cell, line=lines[cell.row]) for column, cell in rejects.cells)
    reading.rejects = sorted([*table.rejects, *unfit], key=lambda reject: reject.line or 0)[:MOST_LISTED]


def _present(column: Column, cells: "pa.Array") -> "pa.Array":
    """The texts of a column, null where they are missing. In text white space around a word is part of it, but not of
    one that means missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(cells)
    missing = pc.is_in(trimmed, value_set=pa.array(column.missing, pa.string()))
    if not column.is_text:
        return pc.if_else(missing, None, trimmed)
    is_blank = pc.and_(pc.equal(trimmed, ""), pc.not_equal(cells, ""))
    return pc.if_else(pc.and_(missing, pc.invert(is_blank)), None, cells)


def _unfit_rows(
    columns: Sequence[Column], cells: "list[pa.Array]", plain: "list[pa.Array]", rejects: _Rejects, row: int
) -> "pa.Array | None":
    """Which rows are left out; cells that do not fit and are to be missing become so on the way."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rejected = None
    for number, column in enumerate(columns):
        if column.unfit is None:
            continue
        fits = pc.fill_null(holds(plain[number], column.target), False)
        unfit = pc.and_(pc.is_valid(cells[number]), pc.invert(fits))
        if column.unfit == "reject" and unfit.true_count:
            _note(rejects, column, cells[number], unfit, row)
            rejected = unfit if rejected is None else pc.or_(rejected, unfit)
        plain[number] = pc.if_else(unfit, pa.scalar(None, pa.string()), plain[number])
    rejects.count += rejected.true_count if rejected is not None else 0
    return rejected


def _note(rejects: _Rejects, column: Column, cells: "pa.Array", unfit: "pa.Array", row: int) -> None:
    import pyarrow.compute as pc

    for place in pc.indices_nonzero(unfit)[: MOST_LISTED - len(rejects.cells)].to_pylist():
        rejects.cells.append((column, Cell(row + place, cells[place].as_py()[:MOST_LETTERS])))


def _values(column: Column, cells: "pa.Array", rejected: "pa.Array | None") -> "pa.Array":
    import pyarrow.compute as pc

    return values(cells if rejected is None else cells.filter(pc.invert(rejected)), column.target)


def _propose(reading: Reading, surveys: dict[str, Survey], columns: Sequence[Column]) -> None:
    """What a person may want to choose: words that mean missing, types that hold all digits, and other readings."""
    texts = [surveys[column.name] for column in columns if column.is_text]
    reading.missing_words = tuple(dict.fromkeys(word for survey in texts for word in survey.usual))
    decimals = [survey.exact_decimal for survey in texts]
    reading.exact_types = tuple(dict.fromkeys(type_name(decimal) for decimal in decimals if decimal is not None))
    reading.readings = tuple(reading_of(surveys[column.name], column) for column in columns)
    for column in columns:
        doubts = list(words.doubts(surveys[column.name], column))
        reading.warnings += doubts
        reading.notes[column.name] += doubts
