"""The one table of all catalogs: every name in it is a link, rows are chosen and sorted in the browser, and more of a
long list is read when it is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from app.ui import links, numbers
from app.ui.cells import Cell, Column, Row
from app.ui.tables import shown_of
from core.foundation.text import _

FOLDER = Path(__file__).parent
STEP = 25
MOST = 200
# What stands beside a card with the chosen row scrolls under its head: 18 rows.
BESIDE = 682
Choice = Literal["none", "one", "first", "several"]
HTML = '<div class="rows"></div>'
# One module; only the last file exports.
SCRIPTS = ("widths.js", "toggles.js", "rows.js")
_rows = st.components.v2.component(
    "causeway_rows",
    html=HTML,
    css=(FOLDER / "rows.css").read_text(encoding="utf-8"),
    js="\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS),
)


@dataclass(frozen=True)
class Window:
    """The part of a list that is shown: read `limit` rows from `offset`."""

    offset: int
    limit: int


@dataclass(frozen=True)
class Sorting:
    """How the list itself is sorted, by the name of a column, and what happens when another is wanted."""

    name: str
    descending: bool
    choose: Callable[[str], object]


def window(key: str, *scope: object) -> Window:
    """What part of the list `rows(key=...)` shows: its first rows, and more each time they were asked for. At most the
    last 200 are drawn, so that the cost of a page does not grow. Other filters (`scope`) begin anew."""
    shown = _shown(key, scope)
    st.session_state[_window_key(key)] = (scope, shown)
    limit = min(shown, MOST)
    return Window(offset=shown - limit, limit=limit)


def _shown(key: str, scope: tuple[object, ...]) -> int:
    before, shown = st.session_state.get(_window_key(key)) or (scope, STEP)
    return int(shown) if before == scope else STEP


def rows(
    columns: Sequence[Column],
    lines: Sequence[Row],
    *,
    key: str,
    label: str,
    total: int | None = None,
    choice: Choice = "none",
    chosen: str = "",
    height: int = 0,
    sorting: Sorting | None = None,
    press: Callable[[str], object] | None = None,
    shown: int | None = None,
) -> tuple[str, ...]:
    """Draws the table; returns the ids of the chosen rows. `label` names the table to those who cannot see it. `total`
    is the length of the whole list, where `window(key)` shows a part of it. With `choice` "first" one row is always
    chosen, at first `chosen` or the first one. Above `height` pixels the rows scroll under their head. `press` is
    called with what a toggle sends; `shown` is how many rows there are among the lines where heads stand between."""
    picked = _picked(key, [line.id for line in lines], choice=choice, first=chosen)
    data = drawing(columns, lines, label=label, choice=choice, height=height)
    data |= _place(key, len(lines) if shown is None else shown, total) | {"chosen": list(picked), "key": key}
    if sorting:
        data["sorted"] = {"name": sorting.name, "down": sorting.descending}
    _rows(
        key=key,
        data=data,
        on_open_change=lambda: _opened(key),
        on_choose_change=lambda: _chosen(key),
        on_more_change=lambda: _turned(key),
        on_press_change=lambda: _handed(key, "press", press),
        on_sort_change=lambda: _handed(key, "sort", sorting.choose if sorting else None),
    )
    # A part of the page that is drawn on its own does not pass the entry, which opens it otherwise.
    links.open_requested()
    return picked


def drawing(
    columns: Sequence[Column], lines: Sequence[Row], *, label: str, choice: Choice = "none", height: int = 0
) -> dict[str, Any]:
    """What the browser draws: heads, and each row's cells without what is empty in them."""
    return {
        "label": label,
        "columns": [asdict(column) for column in columns],
        "rows": [_row(line) for line in lines],
        "choice": choice,
        "height": height,
        "words": {
            "choose": _("Choose"),
            "sort": _("Sort by"),
            "actions": _("Actions"),
            "among": _("sorted among those shown"),
            "more": _("Show {n} more").format(n=STEP),
            "before": _("Show {n} earlier ones").format(n=STEP),
            "reading": _("Reading"),
        },
    }


def _row(line: Row) -> dict[str, Any]:
    look = {name: True for name, is_so in (("group", line.is_group), ("quiet", line.is_quiet)) if is_so}
    return {"id": line.id, **look, **_linked(line.target), "cells": [_cell(cell) for cell in line.cells]}


def _cell(cell: Cell) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(cell).items() if value not in ("", None, ()) and name != "target"}
    return shown | _linked(cell.target)


def _linked(target: str) -> dict[str, str]:
    address = links.address_of(target)
    return {"target": target, "href": address} if address else {}


def _place(key: str, count: int, total: int | None) -> dict[str, Any]:
    """Where the rows stand in the whole list, in words and as what more there is on either side."""
    whole = count if total is None else total
    _scope, end = st.session_state.get(_window_key(key)) or ((), count)
    first = max(0, int(end) - MOST) if total is not None else 0
    counted = (
        shown_of(count, whole)
        if not first
        else _("{first} to {last} of {total}").format(
            first=numbers.number(first + 1), last=numbers.number(first + count), total=numbers.number(whole)
        )
    )
    return {"foot": counted if total is not None else "", "hasMore": first + count < whole, "hasBefore": first > 0}


def _picked(key: str, ids: Sequence[str], *, choice: Choice, first: str) -> tuple[str, ...]:
    """The chosen rows among those that are there. Another `first`, as a link names it, is chosen anew."""
    if st.session_state.get(_first_key(key), first) != first:
        st.session_state.pop(_chosen_key(key), None)
    st.session_state[_first_key(key)] = first
    chosen = tuple(row_id for row_id in st.session_state.get(_chosen_key(key), ()) if row_id in ids)
    if choice == "none":
        return ()
    if choice == "first" and not chosen and ids:
        return (first if first in ids else ids[0],)
    return chosen if choice == "several" else chosen[:1]


def _opened(key: str) -> None:
    links.request_open(str(_sent(key, "open") or ""))


def _chosen(key: str) -> None:
    value = _sent(key, "choose")
    if isinstance(value, list):
        st.session_state[_chosen_key(key)] = tuple(str(row) for row in value)


def _handed(key: str, what: str, handler: Callable[[str], object] | None) -> None:
    value = _sent(key, what)
    if value and handler:
        handler(str(value))


def _turned(key: str) -> None:
    wanted = _sent(key, "more")
    if not wanted:
        return
    scope, shown = st.session_state.get(_window_key(key)) or ((), STEP)
    step = STEP if wanted == "more" else -STEP
    st.session_state[_window_key(key)] = (scope, max(STEP, int(shown) + step))


def _sent(key: str, what: str) -> Any:
    """What was pressed; nothing where another page has taken the table's place meanwhile."""
    return st.session_state[key][what] if key in st.session_state else None


def _window_key(key: str) -> str:
    return f"{key}_window"


def _chosen_key(key: str) -> str:
    return f"{key}_chosen"


def _first_key(key: str) -> str:
    return f"{key}_first"
