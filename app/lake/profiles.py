"""Tables of data: every column with its gaps and a small picture of its distribution, and the first rows."""

from collections.abc import Collection, Sequence
from typing import Protocol

import streamlit as st

from app.ui import cells, charts, numbers
from app.ui.cells import Cell
from app.ui.components.rows import BESIDE, rows
from core.foundation.text import N_, _
from core.lake.values import ColumnProfile, TablePreview

PREVIEW_HEIGHT, IMAGE_HEIGHT = 560, 64
# The ends of bins are written with so many.
DIGITS = 5


class Column(Protocol):
    """A column of a snapshot or a feature of a version."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def null_share(self) -> float: ...


def profile_grid(columns: Sequence[Column], profiles: Sequence[ColumnProfile], *, key: str) -> None:
    """Every column with its type, its gaps and a small picture. A snapshot's columns say when they are known, features
    whether a model takes them as categories or numbers."""
    by_name = {profile.name: profile for profile in profiles}
    # Hardly any table has values that are not finite.
    is_wild = any(profile.not_finite for profile in profiles)
    heads = (
        cells.Column(_("Column")),
        cells.Column(_("Type"), "code", 98),
        *(cells.Column(title, width=width, help=_(tip)) for _name, title, width, tip in _marks(columns)),
        cells.Column(_("Distribution"), "spark", 92),
        cells.Column(_("Nulls"), "number", 66),
        *([cells.Column(_("Not finite"), "number", 78, help=_("Rows with NaN or infinity."))] if is_wild else []),
        cells.Column(_("Distinct"), "number", 72),
        cells.Column(_("From"), width=102, priority=2),
        cells.Column(_("To"), width=102, priority=2),
        cells.Column(_("Mean"), "number", 92, priority=3),
    )
    lines = [
        cells.Row(column.name, (*_cells(column, columns), *_figures(column, by_name.get(column.name), is_wild=is_wild)))
        for column in columns
    ]
    rows(heads, lines, key=key, label=_("Columns"), height=BESIDE)


def _marks(columns: Sequence[Column]) -> list[tuple[str, str, int, str]]:
    """What only some tables say of their columns: the attribute, its head, width in pixels, and help."""
    marks = [
        ("kind", _("Taken as"), 78, N_("Whether a model takes it as a number or as a category.")),
        ("known", _("Known"), 74, N_("When a value is known: at once, or only at the instant in another column.")),
    ]
    return [mark for mark in marks if any(hasattr(column, mark[0]) for column in columns)]


def _cells(column: Column, columns: Sequence[Column]) -> tuple[Cell, ...]:
    marks = (getattr(column, name, "") or _("at once") for name, *_rest in _marks(columns))
    return cells.text(column.name), cells.code(_type(column)), *(cells.text(mark) for mark in marks)


def _type(column: Column) -> str:
    """In small letters, and by its shorter name where it has two."""
    return column.type.lower().replace("timestamp with time zone", "timestamptz")


def _figures(column: Column, profile: ColumnProfile | None, *, is_wild: bool) -> tuple[Cell, ...]:
    nulls = cells.number(column.null_share, numbers.percent(column.null_share))
    not_finite = [cells.number(profile.not_finite if profile else None)] if is_wild else []
    if profile is None:
        missing = cells.number(None)
        return cells.spark(()), nulls, *not_finite, missing, cells.text(""), cells.text(""), missing
    return (
        cells.spark(
            [count for _label, count in profile.bins], title=_("Distribution of {name}").format(name=profile.name)
        ),
        nulls,
        *not_finite,
        cells.number(profile.distinct),
        _end(profile, profile.minimum),
        _end(profile, profile.maximum),
        cells.number(profile.mean, numbers.figure(profile.mean, 4)),
    )


def _end(profile: ColumnProfile, text: str) -> Cell:
    """The least or greatest value: of broken numbers as many digits as the table has room for, of whole ones those of
    the data, which may be years."""
    if profile.kind == "time":
        day, _t, clock = text.partition("T")
        return cells.text(day, detail=clock[:5])
    if profile.kind != "number" or not text:
        return cells.text(text[:24])
    return cells.number(float(text), numbers.figure(float(text)) if "." in text else numbers.grouped(text))


def _begin(label: str, kind: str) -> str:
    """Where a bin begins, which says enough below a bar. One of broken numbers is called "12.5 to 13"."""
    low, is_span, _high = label.partition(" to ")
    return numbers.figure(float(low), DIGITS) if is_span and kind == "number" else _short(label)


def _short(text: str) -> str:
    """A moment without its zone and fractions; the grid is narrow."""
    return text[:16].replace("T", " ") if len(text) > 16 and text[4:5] == "-" else text[:24]


def preview_table(preview: TablePreview, *, key: str = "preview", images: Collection[str] = ()) -> None:
    """The first rows as text, and of how many; `images` are columns of PNG files in base64."""
    import pandas as pd

    begin = ["data:image/png;base64," if name in images else "" for name in preview.columns]
    lines = [
        ["" if cell is None else f"{start}{cell}" for start, cell in zip(begin, row, strict=True)]
        for row in preview.rows
    ]
    row_height = IMAGE_HEIGHT if images else 34
    st.dataframe(
        pd.DataFrame(lines, columns=list(preview.columns)),
        key=key,
        hide_index=True,
        row_height=row_height,
        height=min(PREVIEW_HEIGHT, row_height * len(lines) + 34),
        column_config={name: st.column_config.ImageColumn(name) for name in images},
    )
    st.caption(_("The first {n} of {total} rows").format(n=len(lines), total=numbers.number(preview.total)))


def distribution(profile: ColumnProfile, *, key: str) -> None:
    """One column's distribution as a chart."""
    labels = [_begin(label, profile.kind) for label, _count in profile.bins]
    counts = [count for _label, count in profile.bins]
    alt = _("Distribution of {name}").format(name=profile.name)
    charts.bars(labels, counts, key=key, x=profile.name, y=_("rows"), alt=alt)
