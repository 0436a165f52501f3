"""Tables whose cells are texts, in two passes over them: the first finds the type of every column, the second reads the
rows in the types that were proposed or chosen. Neither holds more than a part of the table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from core.foundation.errors import Invalid
from core.foundation.text import _, thousands
from core.lake.column_types import type_name
from core.lake.import_values import ImportChoices, Unfit
from core.lake.readers.casting import chosen_type
from core.lake.readers.table_stream import REASONS_SHOWN, Reading
from core.lake.texts.survey import USUAL, Candidate, Cell, Loss, Survey, survey_of
from core.lake.texts.types import Proposal, holds, values
from core.lake.values import UnfitCells

if TYPE_CHECKING:
    import pyarrow as pa

MOST_SHOWN = 60


class TextTable(Protocol):
    """A table of texts by the names of its columns."""

    names: tuple[str, ...]

    @property
    def rejected(self) -> int:
        """How many rows the newest pass left out."""

    @property
    def reasons(self) -> list[str]:
        """Why, for the first of them."""

    def batches(self, stage: str) -> "Iterator[pa.RecordBatch]":
        """All rows, cells without a value null. Can be called again."""

    def lines(self, rows: Iterable[int]) -> dict[int, int]:
        """The lines of the file in which some rows stand, counted from 1; the rows of `batches` are counted from 0."""

    def proposals(self, name: str) -> Sequence[Proposal]:
        """The types that may be proposed for a column."""

    def missing(self, choices: ImportChoices) -> tuple[str, ...]:
        """The texts that are missing values in every column."""


@dataclass(frozen=True)
class _Column:
    """How a column is read: the words that are missing, and what becomes of cells that do not fit its type."""

    name: str
    target: "pa.DataType"
    missing: tuple[str, ...]
    unfit: Unfit | None = None


@dataclass
class _Rejects:
    """The rows left out because of a cell that does not fit, with the first of these cells."""

    count: int = 0
    cells: list[tuple[_Column, Cell]] = field(default_factory=list)


def read_texts(table: TextTable, choices: ImportChoices) -> Reading:
    """Invalid names the line of the first value that the type that was chosen for its column does not hold."""
    import pyarrow as pa

    surveys = _surveys(table, choices)
    unfit = {name: candidate for name, survey in surveys.items() if (candidate := _unfit(survey, name, choices))}
    lines = table.lines(candidate.first.row for candidate in unfit.values() if candidate.first)
    reports = [_report(surveys[name], name, candidate, lines) for name, candidate in unfit.items()]
    for report in reports:
        _check_chosen(report, choices)
    columns = [_column(survey, name, choices) for name, survey in surveys.items()]
    schema = pa.schema([(column.name, column.target) for column in columns])
    reading = Reading(schema, (), unfit=tuple(reports), is_text=True)
    reading.choices = [sentence for column in columns for sentence in _words(surveys[column.name], column, choices)]
    for report in reports:
        action = choices.unfit.get(report.column)
        (reading.choices if action else reading.warnings).append(_unfit_words(report, action))
    _propose(reading, surveys, columns)
    reading.tables = _tables(table, columns, reading)
    return reading


def _surveys(table: TextTable, choices: ImportChoices) -> dict[str, Survey]:
    surveys = {
        name: survey_of(
            table.proposals(name),
            missing=table.missing(choices),
            chosen=chosen_type(choices, name),
            has_limit=name not in choices.unfit,
        )
        for name in table.names
    }
    row = 0
    for batch in table.batches(_("Finding types")):
        for survey, column in zip(surveys.values(), batch, strict=True):
            survey.add(column, row)
        row += batch.num_rows
    return surveys


def _unfit(survey: Survey, name: str, choices: ImportChoices) -> Candidate | None:
    """The type of a column that some of its cells do not fit."""
    import pyarrow as pa

    if survey.chosen:
        return survey.chosen if survey.chosen.unfit else None
    if survey.proposed != pa.string():
        return None
    return survey.most_fit() if name in choices.unfit else survey.nearest()


def _report(survey: Survey, name: str, candidate: Candidate, lines: dict[int, int]) -> UnfitCells:
    assert candidate.first is not None, "cells that do not fit were counted"
    return UnfitCells(
        column=name,
        type=type_name(candidate.target),
        count=candidate.unfit,
        values=survey.values,
        text=candidate.first.text[:MOST_SHOWN],
        line=lines[candidate.first.row],
    )


def _check_chosen(report: UnfitCells, choices: ImportChoices) -> None:
    if report.column not in choices.types or report.column in choices.unfit:
        return
    sentence = _("{column} has values that are no {type} ({where})")
    raise Invalid(
        sentence.format(column=report.column, type=report.type, where=_where(report)),
        hint=_("Choose another type for it, or name the texts that stand for nothing."),
        field="choices.types",
    )


def _column(survey: Survey, name: str, choices: ImportChoices) -> _Column:
    import pyarrow as pa

    unfit = choices.unfit.get(name)
    most_fit = survey.most_fit() if unfit and survey.proposed == pa.string() else None
    target = survey.chosen.target if survey.chosen else most_fit.target if most_fit else survey.proposed
    words = survey.missing if target == pa.string() else ("", *survey.missing, *USUAL)
    return _Column(name, target, words, None if target == pa.string() else unfit)


def _tables(table: TextTable, columns: Sequence[_Column], reading: Reading) -> "Iterator[pa.Table]":
    import pyarrow as pa

    rejects, row = _Rejects(), 0
    for batch in table.batches(_("Reading rows")):
        cells = [_present(column, part) for column, part in zip(columns, batch, strict=True)]
        rejected = _unfit_rows(columns, cells, rejects, row)
        row += batch.num_rows
        arrays = [_values(column, part, rejected) for column, part in zip(columns, cells, strict=True)]
        yield pa.table(arrays, schema=reading.schema)
    if row == rejects.count:
        raise Invalid(_("Every row has a cell that does not fit the type of its column"), field="choices.unfit")
    reading.rejected = table.rejected + rejects.count
    lines = table.lines(cell.row for _column, cell in rejects.cells)
    reading.reasons = [*table.reasons, *(_reason(column, cell, lines) for column, cell in rejects.cells)]
    reading.reasons = reading.reasons[:REASONS_SHOWN]


def _present(column: _Column, cells: "pa.Array") -> "pa.Array":
    """The texts of a column, null where they are missing. In text white space around a word is part of it, but not of
    one that means missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(cells)
    missing = pc.is_in(trimmed, value_set=pa.array(column.missing, pa.string()))
    if column.target != pa.string():
        return pc.if_else(missing, None, trimmed)
    is_blank = pc.and_(pc.equal(trimmed, ""), pc.not_equal(cells, ""))
    return pc.if_else(pc.and_(missing, pc.invert(is_blank)), None, cells)


def _unfit_rows(columns: Sequence[_Column], cells: "list[pa.Array]", rejects: _Rejects, row: int) -> "pa.Array | None":
    """Which rows are left out; cells that do not fit and are to be missing become so on the way."""
    import pyarrow.compute as pc

    rejected = None
    for number, column in enumerate(columns):
        if column.unfit is None:
            continue
        unfit = pc.fill_null(pc.invert(holds(cells[number], column.target)), False)
        if column.unfit == "reject" and unfit.true_count:
            _note(rejects, column, cells[number], unfit, row)
            rejected = unfit if rejected is None else pc.or_(rejected, unfit)
        cells[number] = pc.if_else(unfit, None, cells[number])
    rejects.count += rejected.true_count if rejected is not None else 0
    return rejected


def _note(rejects: _Rejects, column: _Column, cells: "pa.Array", unfit: "pa.Array", row: int) -> None:
    import pyarrow.compute as pc

    for place in pc.indices_nonzero(unfit)[: REASONS_SHOWN - len(rejects.cells)].to_pylist():
        rejects.cells.append((column, Cell(row + place, cells[place].as_py())))


def _values(column: _Column, cells: "pa.Array", rejected: "pa.Array | None") -> "pa.Array":
    import pyarrow.compute as pc

    return values(cells if rejected is None else cells.filter(pc.invert(rejected)), column.target)


def _propose(reading: Reading, surveys: dict[str, Survey], columns: Sequence[_Column]) -> None:
    """What a person may want to choose: words that mean missing, and types that hold all digits."""
    import pyarrow as pa

    texts = [surveys[column.name] for column in columns if column.target == pa.string()]
    reading.missing_words = tuple(dict.fromkeys(word for survey in texts for word in survey.usual))
    decimals = [survey.exact_decimal for survey in texts]
    reading.exact_types = tuple(dict.fromkeys(type_name(decimal) for decimal in decimals if decimal is not None))
    sentence = _("{name} has texts that often mean missing, and they were kept: {words}.")
    for column in columns:
        if column.target == pa.string() and (usual := surveys[column.name].usual):
            reading.warnings.append(sentence.format(name=column.name, words=_counted(usual)))


def _words(survey: Survey, column: _Column, choices: ImportChoices) -> Iterator[str]:
    """What was decided about a column, where a person may have meant something else."""
    import pyarrow as pa

    proposed, given = type_name(survey.proposed), type_name(column.target)
    if column.name in choices.types and proposed != given:
        sentence = _("{name} is {type}, as was chosen; its values proposed {before}.")
        yield sentence.format(name=column.name, type=given, before=proposed)
    elif (loss := survey.loss) and column.name not in choices.types:
        yield _loss_words(survey, column.name, loss)
    elif {"DATE", "TIMESTAMP"} & {type_name(other) for other in survey.others}:
        others = ", ".join(map(type_name, survey.others))
        sentence = _("{name} is {type}; its values would also fit {others}.")
        yield sentence.format(name=column.name, type=given, others=others)
    if column.target != pa.string() and survey.usual:
        yield _("Read as missing in {name}: {words}.").format(name=column.name, words=_counted(survey.usual))


def _loss_words(survey: Survey, name: str, loss: Loss) -> str:
    sentences = {
        Loss.ZEROS: _("{name} is text: as numbers its values would lose their leading zeros."),
        Loss.PLUS: _("{name} is text: as numbers its values would lose their plus signs."),
        Loss.DIGITS: _("{name} is text: as numbers its values would lose digits."),
    }
    decimal = survey.exact_decimal
    exact = _("{type} holds all of them.").format(type=type_name(decimal)) if decimal is not None else ""
    return f"{sentences[loss].format(name=name)} {exact}".strip()


def _unfit_words(report: UnfitCells, action: Unfit | None) -> str:
    sentences = {
        None: _("{column} is text because of {where}. The others are {type}."),
        "missing": _("{column} is {type}; what does not fit is missing: {where}."),
        "reject": _("{column} is {type}; rows in which it does not fit are left out: {where}."),
    }
    return sentences[action].format(column=report.column, type=report.type, where=_where(report))


def _where(report: UnfitCells) -> str:
    sentence = _("{count} of {values} values: {text} in line {line}")
    numbers = {"count": thousands(report.count), "values": thousands(report.values), "line": thousands(report.line)}
    return sentence.format(text=repr(report.text), **numbers)


def _reason(column: _Column, cell: Cell, lines: dict[int, int]) -> str:
    sentence = _("Line {line}: {text} in {column} is no {type}")
    text = repr(cell.text[:MOST_SHOWN])
    return sentence.format(line=lines[cell.row], text=text, column=column.name, type=type_name(column.target))


def _counted(words: dict[str, int]) -> str:
    return ", ".join(_("{word} ({count})").format(word=repr(word), count=thousands(words[word])) for word in words)
