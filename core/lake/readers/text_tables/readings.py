"""How a column of texts was read, and how else it could be, by examples of its cells before and after."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from core.lake.cells import shown, value_of
from core.lake.column_types import type_name
from core.lake.readers.text_tables.decisions import Column
from core.lake.texts.notations import PLAIN, Notation
from core.lake.texts.numbers import DECIMAL_POINT
from core.lake.texts.survey import EXAMPLES, Survey
from core.lake.texts.types import holds, values
from core.lake.values import CellExample, ColumnReading, NotationReading

if TYPE_CHECKING:
    import pyarrow as pa

MOST_LETTERS = 60
MOST_OTHERS = 4


def reading_of(survey: Survey, column: Column) -> ColumnReading:
    texts = _texts(survey, column)
    unfit = column.partial.candidate.unfit if column.partial and not column.is_text else 0
    others = [
        NotationReading(
            notation=notation.name,
            type=type_name(target),
            fit=survey.values - unfit_cells,
            examples=_examples(texts, notation, target),
        )
        for notation, target, unfit_cells in _others(survey, column)
    ]
    return ColumnReading(
        column=column.name,
        values=survey.values,
        reading=NotationReading(
            notation=column.notation.name,
            type=type_name(column.target),
            fit=survey.values - unfit,
            examples=_examples(texts, column.notation, column.target),
        ),
        others=tuple(others),
        is_asked=column.is_asked,
    )


def _texts(survey: Survey, column: Column) -> list[str]:
    """Three cells: those of which readings say different things, those that change by being read, the first ones."""
    differing = [text for rival in column.rivals for text in survey.difference(column.notation, rival.notation)]
    samples = list(survey.samples)
    changed = [text for text in samples if column.is_text or not _is_same(text, column)]
    return list(dict.fromkeys([*differing, *changed, *samples]))[:EXAMPLES]


def _is_same(text: str, column: Column) -> bool:
    (example,) = _examples([text], column.notation, column.target)
    return example.after == text


def _others(survey: Survey, column: Column) -> "list[tuple[Notation, pa.DataType, int]]":
    """Text last; first the readings that fit the most cells."""
    import pyarrow as pa

    ways = list(_ways(survey, column))[:MOST_OTHERS]
    is_open = not column.is_text and (ways or column.is_asked)
    return [*ways, (PLAIN, pa.string(), 0)] if is_open else ways


def _ways(survey: Survey, column: Column) -> "Iterator[tuple[Notation, pa.DataType, int]]":
    known = [] if column.is_text else [column.notation]
    for item in [*column.rivals, *survey.interpretations]:
        closest = item.closest()
        if closest is None or closest.unfit >= survey.values or not _is_another(survey, item.notation, known):
            continue
        known.append(item.notation)
        # A person chooses how plain numbers are read by the notation that reads them alike.
        notation = DECIMAL_POINT if item.notation is PLAIN and known[1:] else item.notation
        yield notation, closest.target, closest.unfit


def _is_another(survey: Survey, notation: Notation, known: Sequence[Notation]) -> bool:
    """Whether a notation reads the column as none of those that are known."""
    if notation.is_offered:
        return notation not in known
    return all(survey.difference(notation, other) for other in known)


def _examples(texts: Sequence[str], notation: Notation, target: "pa.DataType") -> tuple[CellExample, ...]:
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pa.array(texts, pa.string())
    plain = notation.plain(cells) if notation.name else cells
    fits = pc.fill_null(holds(plain, target), False)
    after = values(pc.if_else(fits, plain, pa.scalar(None, pa.string())), target)
    return tuple(
        CellExample(before=text[:MOST_LETTERS], after=_letters(value) if fit.as_py() else None)
        for text, value, fit in zip(texts, after, fits, strict=True)
    )


def _letters(scalar: "pa.Scalar") -> str:
    value: Any = shown(value_of(scalar))
    return str(value).lower() if isinstance(value, bool) else str(value)[:MOST_LETTERS]
