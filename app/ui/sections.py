"""Facts, tables and series as evidence of any kind gives them: the one place that draws them. Every number gets its
form here, by what the value is."""

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.ui import charts, frame, links, numbers
from app.ui.tables import reading
from core.foundation.text import _
from core.promotion.evidence_kinds.content import Cell, Fact, Intervals, Lines, Section, Sentence, Table

MOST_LARGE = 4
DASH = "\u202f\u2013\u2060\u202f"  # An interval is not broken into two lines.
# How a value of each form is written, without its unit.
BARE: dict[str, Callable[[float | int | None], str]] = {
    "number": numbers.number,
    "exact": numbers.figure,
    "percent": lambda value: numbers.percent(value, 2),
    "milliseconds": lambda value: numbers.fixed(value, 1),
    "rate": lambda value: numbers.fixed(value, 0),
    "bytes": lambda value: numbers.NONE if value is None else numbers.size(int(value)),
    "difference": lambda value: f"{'+' if (value or 0) > 0 else ''}{numbers.number(value)}",
}
WITH_UNIT: dict[str, Callable[[float | None], str]] = {"milliseconds": numbers.milliseconds, "rate": numbers.rate}
TONES = {"good": ("green", "check_circle"), "bad": ("red", "cancel"), "unsure": ("orange", "warning")}


def sections(content: Sequence[Section], *, key: str = "") -> None:
    """All that the evidence says, part by part."""
    for number, section in enumerate(content):
        draw(section, key=f"{key}section_{number}")


def draw(section: Section, *, key: str) -> None:
    """One part under its heading."""
    frame.section(section.title, hint=_marked_words(section.hint), key=key)
    if section.statement:
        st.markdown(_in_tone(section.statement))
    facts(section.facts, key=key)
    for number, series in enumerate(section.series):
        chart(series, key=f"{key}_series_{number}")
    if section.tables:
        for column, table in zip(st.columns(len(section.tables), gap="medium"), section.tables, strict=True):
            with column:
                _table(table)
    if section.note:
        st.caption(links.escape(section.note))


def facts(given: Sequence[Fact], *, key: str) -> None:
    """Up to four as a strip of figures, more of them as small labels."""
    if len(given) > MOST_LARGE:
        st.markdown(" ".join(f":gray-badge[{links.escape(fact.label)} {_marked(fact.cell)}]" for fact in given))
    elif given:
        with st.container(key=f"facts_{key}"):
            for column, fact in zip(st.columns(MOST_LARGE, gap="xsmall"), given, strict=False):
                _fact(column, fact)


def _fact(column: DeltaGenerator, fact: Fact) -> None:
    basis = _words(fact.basis) if fact.basis else _interval(fact.cell)
    label = links.escape(fact.label)
    column.metric(label, _plain(fact.cell), basis or None, delta_color="off", delta_arrow="off", border=True)


def chart(series: Lines | Intervals, *, key: str) -> None:
    """A picture of a series."""
    if isinstance(series, Intervals):
        rows = [(_plain(label), value.value, value.low, value.high) for label, value in reversed(series.rows)]
        charts.intervals(rows, key=key, x=series.x, alt=series.alt, zero=series.zero, colors=[0] * len(rows))
        return
    charts.lines(
        {line.name: (line.x, line.y) for line in series.lines},
        key=key,
        x=series.x,
        y=series.y,
        alt=series.alt,
        bands={line.name: (line.x, line.low, line.high) for line in series.lines if line.low},
        limit=(series.limit[0], _words(series.limit[1])) if series.limit else None,
        markers=True,
    )


def _table(table: Table) -> None:
    columns = {name: [_marked(row[at]) for row in table.rows] for at, name in enumerate(table.columns)}
    reading(columns, alt=table.alt)


def _words(sentence: Sentence | None) -> str:
    """The words with their values, as plain text."""
    if sentence is None:
        return ""
    return sentence.text.format(**{name: _plain(cell) for name, cell in sentence.cells.items()})


def _marked_words(sentence: Sentence | None) -> str:
    """The same as Markdown."""
    if sentence is None:
        return ""
    return links.escape(sentence.text).format(**{name: _in_tone(cell) for name, cell in sentence.cells.items()})


def _plain(cell: Cell) -> str:
    """The value alone, as plain text."""
    if isinstance(cell.value, str):
        return numbers.metric_name(cell.value) if cell.form == "metric" else cell.value
    return (WITH_UNIT.get(cell.form) or BARE.get(cell.form, numbers.number))(cell.value)


def _interval(cell: Cell) -> str:
    """The ends of the interval; an open one in words."""
    bare = BARE.get(cell.form, numbers.number)
    if cell.low is None:
        return "" if cell.high is None else _("at most {high}").format(high=bare(cell.high))
    if cell.high is None:
        return _("at least {low}").format(low=bare(cell.low))
    return f"{bare(cell.low)}{DASH}{bare(cell.high)}"


def _marked(cell: Cell) -> str:
    """The value as a cell of a table shows it, as Markdown."""
    if cell.target and links.has_page(cell.target):
        return f"[{links.escape(_plain(cell))}]({links.address_of(cell.target)})"
    if cell.form == "code":
        return links.code(_plain(cell))
    if cell.form == "metric":
        arrow = "\u2193" if numbers.is_less_better(str(cell.value)) else "\u2191"
        return f"{links.escape(_plain(cell))}\u00a0{arrow}"
    if cell.form == "difference":
        return _difference(cell)
    interval = _interval(cell)
    return f"{_in_tone(cell)} :gray[{interval}]" if interval else _in_tone(cell)


def _difference(cell: Cell) -> str:
    """Green when surely better, red when surely worse, gray when it may be chance."""
    if cell.tone == "unsure":
        unsure = _("inconclusive")
        return f":gray[{_plain(cell)} {unsure}]"
    return f":{TONES[cell.tone][0]}[{_plain(cell)}]" if cell.tone else _plain(cell)


def _in_tone(cell: Cell) -> str:
    """The value behind the icon of its tone."""
    is_text = isinstance(cell.value, str)
    shown = links.escape(_plain(cell)) if is_text else _plain(cell).replace(" ", "\u00a0")
    if not cell.tone:
        return shown
    color, icon = TONES[cell.tone]
    return f":{color}[:material/{icon}:]\u00a0{shown}"
