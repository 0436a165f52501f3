"""How the columns of an import were read: a card for each with cells before and after, and a question where their texts
fit two readings. Every column is reached, by its name, by what it wants, by its type, or page by page."""

from collections.abc import Sequence

import streamlit as st

from app.lake.imports.answers import chosen, keep, reading_key
from app.ui import frame, links, numbers
from app.ui.fields.address import one_of
from app.ui.tables import choice, no_match, offset_of, pager, search, shown_of
from core.foundation.text import N_, _
from core.lake.column_types import TEXT
from core.lake.import_values import ColumnOutcome, Import
from core.lake.texts.numbers import DECIMAL_POINT
from core.lake.texts.registry import notation_of
from core.lake.values import CellExample, ColumnReading, NotationReading

PAGE = 30
SHOWN = {
    "": N_("All"),
    "decision": N_("To decide"),
    "look": N_("Worth a look"),
    "changed": N_("Changed"),
    "clear": N_("Clear"),
}
FILTERS = {"column": "", "shown": "", "type": ""}
ICONS = {"decision": ":orange[:material/help:] ", "look": ":orange[:material/warning:] ", "": ""}


def column_cards(data_import: Import, *, asks: bool) -> None:
    """The columns, first those that want something of a person."""
    if data_import.report is None:
        return
    keep(data_import)
    frame.section(_("How columns are read"), hint=_("cells as they stand in the file, and as they were read"))
    columns = sorted(_columns(data_import), key=_rank)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        wanted = _filtered(columns, has_needs=data_import.outcome is not None)
    if asks:
        _answer_all(data_import, wanted)
    if not wanted:
        no_match(_("No column matches"), FILTERS)
        return
    key = f"columns_{len(wanted)}"
    begin = offset_of(key, size=PAGE)
    part = wanted[begin : begin + PAGE]
    readings = {item.column: item for item in data_import.report.readings}
    if len(wanted) > len(part):
        # Above the cards: these are of different heights, and what one pressed would be elsewhere then.
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.caption(shown_of(len(part), len(wanted)), width="content")
            pager(len(wanted), key=key, size=PAGE)
    with st.container(key="grid_columns", gap="small"):
        for column in part:
            _card(data_import, column, readings.get(column.column), asks=asks)


def _columns(data_import: Import) -> Sequence[ColumnOutcome]:
    """What would become of each column; what an import has become says the same of it in its snapshot."""
    if data_import.outcome:
        return data_import.outcome.columns
    specs = data_import.report.columns if data_import.report else ()
    plain = {"type_before": "", "name_before": "", "missing": 0, "need": "", "is_changed": False}
    return [ColumnOutcome.model_validate({"column": spec.name, "type": spec.type, **plain}) for spec in specs]


def _rank(column: ColumnOutcome) -> int:
    return [*SHOWN].index(_kind(column))


def _kind(column: ColumnOutcome) -> str:
    return column.need or ("changed" if column.is_changed else "clear")


def _filtered(columns: Sequence[ColumnOutcome], *, has_needs: bool) -> list[ColumnOutcome]:
    name = search(_("Column"), key="column", width=200).casefold()
    types = sorted({column.type for column in columns})
    kind = choice(_("Type"), {"": N_("Any type")} | {of: of.lower() for of in types}, key="type", width=150)
    shown = _shown(columns) if has_needs else ""
    return [
        column
        for column in columns
        if name in f"{column.column}\n{column.name_before}".casefold()
        and kind in ("", column.type)
        and _is_shown(column, shown)
    ]


def _is_shown(column: ColumnOutcome, shown: str) -> bool:
    return {"": True, "changed": column.is_changed}.get(shown, _kind(column) == shown)


def _shown(columns: Sequence[ColumnOutcome]) -> str:
    counts = {shown: sum(_is_shown(column, shown) for column in columns) for shown in SHOWN}
    labels = {shown: " ".join([_(word), numbers.number(counts[shown])]) for shown, word in SHOWN.items()}
    chosen = st.segmented_control(
        _("Shown"),
        list(SHOWN),
        required=True,
        format_func=lambda shown: labels[shown],
        label_visibility="collapsed",
        **one_of("shown", SHOWN),
    )
    return chosen or ""


def _card(data_import: Import, column: ColumnOutcome, reading: ColumnReading | None, *, asks: bool) -> None:
    kind = "decide" if asks and column.need == "decision" else "reading"
    with frame.card(f"{kind}_{column.column}", tight=True, height="stretch"):
        title = _title(reading.reading, reading) if reading and reading.is_asked else column.type.lower()
        st.markdown(f"{ICONS[column.need]}**{links.escape(column.column)}** · {title}")
        if reading and (lines := _examples(reading)):
            st.markdown("  \n".join(lines))
        if facts := list(_facts(data_import, column)):
            st.caption(" · ".join(facts))
        for note in _notes(data_import, column):
            st.caption(note)
        if asks and reading and reading.others:
            _choose(data_import, reading)


def _answer_all(data_import: Import, columns: Sequence[ColumnOutcome]) -> None:
    """One answer for many columns, where it is the proposed one."""
    names = {column.column for column in columns}
    pending = [item for item in _open_readings(data_import) if item.column in names]
    label = _("Take what is proposed for all {n}").format(n=numbers.number(len(pending)))
    if len(pending) > 1:
        st.button(label, icon=":material/done_all:", key="propose_all", on_click=_propose, args=(data_import, pending))


def _open_readings(data_import: Import) -> list[ColumnReading]:
    readings = data_import.report.readings if data_import.report else ()
    return [item for item in readings if item.is_asked and item.column not in chosen(data_import)]


def _propose(data_import: Import, pending: Sequence[ColumnReading]) -> None:
    for item in pending:
        st.session_state[reading_key(data_import, item.column)] = item.reading


def _choose(data_import: Import, item: ColumnReading) -> None:
    st.radio(
        _("Read {column} as").format(column=links.escape(item.column)),
        [item.reading, *item.others],
        index=None if item.is_asked else 0,
        format_func=lambda way: _choice(way, item),
        key=reading_key(data_import, item.column),
        label_visibility="collapsed",
    )


def _facts(data_import: Import, column: ColumnOutcome) -> list[str]:
    """What else is to be known of a column."""
    is_replaced = data_import.outcome is not None and data_import.outcome.version_before > 0
    before = column.type_before.lower()
    facts = [
        _("{name} in the file").format(name=links.code(column.name_before)) if column.name_before else "",
        _("new") if is_replaced and not before else "",
        _("was {type}").format(type=before) if before and column.type_before != column.type else "",
        _("{n} missing").format(n=numbers.number(column.missing)) if column.missing else "",
    ]
    return [fact for fact in facts if fact]


def _notes(data_import: Import, column: ColumnOutcome) -> list[str]:
    """What was decided about a column, and what may be wrong with it; of one that is asked about only why."""
    report = data_import.report
    notes = report.notes.get(column.column, ()) if report else ()
    is_asked = column.need == "decision"
    return [links.escape(note) for note in notes if report and (not is_asked or note in report.warnings)]


def _examples(item: ColumnReading) -> list[str]:
    """Cells before and after; one that reads as it stands is there once."""
    return [" → ".join(dict.fromkeys([links.code(cell.before), _after(cell)])) for cell in item.reading.examples]


def _after(cell: CellExample) -> str:
    return links.code(cell.after) if cell.after is not None else _("does not fit")


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
