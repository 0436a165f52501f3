"""What was decided about columns of texts, in words."""

from collections.abc import Iterator, Mapping

from core.foundation.text import _, thousands
from core.lake.column_types import type_name
from core.lake.import_values import ImportChoices, Unfit
from core.lake.readers.table_stream import Reject
from core.lake.readers.text_tables.decisions import Column
from core.lake.texts.candidates import Cell, Loss
from core.lake.texts.days import ways_of_days
from core.lake.texts.numbers import DECIMAL_POINT
from core.lake.texts.survey import Survey
from core.lake.values import UnfitCells

MOST_SHOWN = 60


def decided(survey: Survey, column: Column, *, choices: ImportChoices) -> Iterator[str]:
    """What was decided about a column, where a person may have meant something else."""
    proposed, given = type_name(survey.proposed), type_name(column.target)
    if column.name in choices.types and proposed != given:
        sentence = _("{name} is {type}, as was chosen; its values proposed {before}.")
        yield sentence.format(name=column.name, type=given, before=proposed)
    elif (loss := survey.loss) and not column.is_chosen:
        yield _loss(survey, column.name, loss)
    elif offers := _offers(survey):
        sentence = _("{name} is {type}; its values would also fit {others}.")
        yield sentence.format(name=column.name, type=given, others=offers)
    if column.notation.name:
        sentence = _("{name} is {type}, written as {notation}: {title}.")
        words = {"notation": column.notation.name, "title": _(column.notation.title)}
        yield sentence.format(name=column.name, type=given, **words)
    if not column.is_text and survey.usual:
        yield _("Read as missing in {name}: {words}.").format(name=column.name, words=counted(survey.usual))


def doubts(survey: Survey, column: Column) -> Iterator[str]:
    """What a person has to look at in a column."""
    if column.is_asked:
        yield _doubt(survey, column)
    if column.is_text and not column.is_chosen and (units := survey.units()):
        sentence = _("{name} is text: its numbers have several units, {units}.")
        yield sentence.format(name=column.name, units=", ".join(units))
    if (
        column.is_text
        and not (column.is_chosen or column.partial)
        and len(ways := ways_of_days(list(survey.samples))) > 1
    ):
        sentence = _("{name} is text: its days are written in several ways, {ways}.")
        yield sentence.format(name=column.name, ways="; ".join(ways))
    if column.is_text and survey.usual:
        sentence = _("{name} has texts that often mean missing, and they were kept: {words}.")
        yield sentence.format(name=column.name, words=counted(survey.usual))


def unfit(report: UnfitCells, action: Unfit | None) -> str:
    """What becomes of cells that do not fit."""
    sentences = {
        None: _("{column} is text because of {where}. The others are {type}."),
        "missing": _("{column} is {type}; what does not fit is missing: {where}."),
        "reject": _("{column} is {type}; rows in which it does not fit are left out: {where}."),
    }
    return sentences[action].format(column=report.column, type=written_type(report), where=where(report))


def where(report: UnfitCells) -> str:
    sentence = _("{count} of {values} values: {text} in line {line}")
    numbers = {"count": thousands(report.count), "values": thousands(report.values), "line": thousands(report.line)}
    return sentence.format(text=repr(report.text), **numbers)


def reject(column: Column, cell: Cell, *, line: int) -> Reject:
    """Why a row was left out."""
    return Reject(line, column.name, cell.text, _("is no {type}").format(type=type_name(column.target)))


def counted(words: Mapping[str, int]) -> str:
    return ", ".join(_("{word} ({count})").format(word=repr(word), count=thousands(words[word])) for word in words)


def written_type(report: UnfitCells) -> str:
    """A type with how its values are written, where that is not plainly."""
    if not report.notation:
        return report.type
    return _("{type} written as {notation}").format(type=report.type, notation=report.notation)


def _offers(survey: Survey) -> str:
    """The types of times that all values would be, too."""
    offers = [(notation, type_name(target)) for notation, target in survey.offered]
    times = [(notation, kind) for notation, kind in offers if kind.startswith(("DATE", "TIMESTAMP"))]
    return ", ".join(f"{kind} ({notation.name})" if notation.name else kind for notation, kind in times)


def _doubt(survey: Survey, column: Column) -> str:
    ways = (column.notation, *(rival.notation for rival in column.rivals))
    names = [notation.name or DECIMAL_POINT.name for notation in ways]
    if not column.rivals:
        sentence = _("{name} is read as {notation}, and its texts do not tell that it is: {text}.")
        return sentence.format(name=column.name, notation=names[0], text=repr(next(iter(survey.samples))))
    texts = survey.difference(column.notation, column.rivals[0].notation)
    sentence = _("{name} can be read in more than one way ({notations}), for instance {text}.")
    return sentence.format(name=column.name, notations="; ".join(names), text=repr(texts[0][:MOST_SHOWN]))


def _loss(survey: Survey, name: str, loss: Loss) -> str:
    sentences = {
        Loss.ZEROS: _("{name} is text: as numbers its values would lose their leading zeros."),
        Loss.PLUS: _("{name} is text: as numbers its values would lose their plus signs."),
        Loss.DIGITS: _("{name} is text: as numbers its values would lose digits."),
    }
    decimal = survey.exact_decimal
    exact = _("{type} holds all of them.").format(type=type_name(decimal)) if decimal is not None else ""
    return f"{sentences[loss].format(name=name)} {exact}".strip()
