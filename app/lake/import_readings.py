"""How the columns of an import were read: cells before and after, and a question where their texts fit two readings."""

import streamlit as st

from app.ui import frame, links, numbers
from core.foundation.text import _
from core.lake.column_types import TEXT
from core.lake.import_values import Import, ImportState
from core.lake.texts.numbers import DECIMAL_POINT
from core.lake.texts.registry import notation_of
from core.lake.values import ColumnReading, ImportReport, NotationReading

IN_A_ROW, MOST_CARDS = 3, 30


def readings(data_import: Import, *, writes: bool) -> None:
    """A card for each column that is written in some other way than plainly, or could be; questions come first."""
    report = data_import.report
    cards = [item for item in report.readings if _is_worth(item)] if report else []
    if not cards:
        return
    asks = writes and data_import.state is ImportState.READY
    frame.section(_("How columns are read"), hint=_("cells as they stand in the file, and as they were read"))
    cards.sort(key=lambda item: not item.is_asked)
    for begin in range(0, min(len(cards), MOST_CARDS), IN_A_ROW):
        for place, item in zip(st.columns(IN_A_ROW, gap="small"), cards[begin : begin + IN_A_ROW], strict=False):
            with place:
                _card(data_import, item, asks=asks)
    if len(cards) > MOST_CARDS:
        st.caption(_("and {n} more").format(n=len(cards) - MOST_CARDS))


def renamed(report: ImportReport) -> None:
    """The names that were changed, as they were and as they are."""
    if not report.renamed:
        return
    with st.popover(_("Changed names"), icon=":material/swap_horiz:"):
        pairs = [(before, after) for after, before in report.renamed.items()]
        st.dataframe(
            {_("In the file"): [before for before, _after in pairs], _("Column"): [after for _before, after in pairs]},
            hide_index=True,
        )


def chosen(data_import: Import) -> dict[str, NotationReading]:
    """The readings that a person chose in the cards, by their columns, where that says more than what was read."""
    report = data_import.report
    ways = [
        (item, st.session_state.get(_key(data_import, item.column))) for item in (report.readings if report else ())
    ]
    return {item.column: way for item, way in ways if way is not None and (item.is_asked or way != item.reading)}


def time_question(data_import: Import) -> None:
    """Whether the times without a zone are UTC, where there are such."""
    if _without_zone(data_import):
        st.checkbox(_("Read the times without a zone as UTC"), key=_utc(data_import))


def answers(data_import: Import) -> tuple[bool, tuple[str, ...]]:
    """Whether somebody said that the times without a zone are UTC; and the columns for which the reading that is
    proposed was chosen, with the sheet if that was."""
    report = data_import.report
    if report is None:
        return False, ()
    ways, sheet = chosen(data_import), st.session_state.get(sheet_key(data_import))
    columns = [item.column for item in report.readings if item.is_asked and ways.get(item.column) == item.reading]
    is_utc = _without_zone(data_import) and bool(st.session_state.get(_utc(data_import)))
    return is_utc, (*columns, *(name for name in report.sheets[:1] if name == sheet))


def sheet_key(data_import: Import) -> str:
    return f"import_sheet_{data_import.job_id}"


def _without_zone(data_import: Import) -> bool:
    columns = data_import.report.columns if data_import.report else ()
    return any(spec.type == "TIMESTAMP" and spec.name in data_import.unanswered for spec in columns)


def _utc(data_import: Import) -> str:
    return f"import_utc_{data_import.job_id}"


def _is_worth(item: ColumnReading) -> bool:
    return item.is_asked or bool(item.reading.notation or item.others)


def _key(data_import: Import, column: str) -> str:
    """What is read again asks again."""
    return f"import_reading_{data_import.job_id}_{column}"


def _card(data_import: Import, item: ColumnReading, *, asks: bool) -> None:
    with frame.card(f"reading_{item.column}", tight=True):
        icon = ":orange[:material/help:] " if item.is_asked else ""
        st.markdown(f"{icon}**{links.escape(item.column)}** · {_title(item.reading, item)}")
        st.markdown("  \n".join(_examples(item.reading)))
        if asks and item.others:
            st.radio(
                _("Read {column} as").format(column=links.escape(item.column)),
                [item.reading, *item.others],
                index=None if item.is_asked else 0,
                format_func=lambda way: _choice(way, item),
                key=_key(data_import, item.column),
                label_visibility="collapsed",
            )


def _examples(way: NotationReading) -> list[str]:
    return [
        f"{links.code(cell.before)} → " + (links.code(cell.after) if cell.after is not None else _("does not fit"))
        for cell in way.examples
    ]


def _title(way: NotationReading, item: ColumnReading) -> str:
    """Plain numbers are said to have a point where they could be meant otherwise."""
    name = way.notation or (DECIMAL_POINT.name if item.is_asked and way.type != TEXT else "")
    title = _(notation_of(name).title)
    return f"{way.type.lower()} ({title})" if name else way.type.lower()


def _choice(way: NotationReading, item: ColumnReading) -> str:
    """A reading, what it makes of the first cell, and how many cells fit it."""
    first = way.examples[0]
    shown = links.escape(f"{first.before} → {first.after}") if first.after is not None else ""
    fit = "" if way.fit == item.values else _("{n} fit").format(n=numbers.number(way.fit))
    return " · ".join(filter(None, [_title(way, item), shown, fit]))
