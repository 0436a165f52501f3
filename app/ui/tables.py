"""Catalogs as grids with one look: short columns fixed, the name stretching, states as chips, selection by row."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from app.ui import status
from core.foundation.text import _

ROW_HEIGHT = 36
HEAD_HEIGHT = 34
VISIBLE_ROWS = 18
PAGE = 50
Mode = Literal["single-row", "single-row-required", "multi-row"]


def grid(
    columns: Mapping[str, Sequence[Any]],
    *,
    key: str,
    states: str = "",
    widths: Mapping[str, int] | None = None,
    numbers: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
    required: bool = False,
    selected: int = 0,
    most: int = VISIBLE_ROWS,
) -> int | None:
    """A catalog; returns the index of the chosen row. `states` names the column shown as chips, `widths` the pixels of
    short columns, `numbers` the printf format of numeric ones; with `required` a row is always chosen
    (at first `selected`), for master-detail."""
    mode: Mode = "single-row-required" if required else "single-row"
    first = (selected,) if required else ()
    settings = {**_settings(columns, states=states, widths=widths or {}, numbers=numbers or {}), **(config or {})}
    chosen = _drawn(columns, key=key, states=states, settings=settings, mode=mode, first=first, most=most)
    return chosen[0] if chosen else None


def picks(
    columns: Mapping[str, Sequence[Any]],
    *,
    key: str,
    states: str = "",
    widths: Mapping[str, int] | None = None,
    numbers: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
    first: Sequence[int] = (),
    most: int = VISIBLE_ROWS,
) -> tuple[int, ...]:
    """The same for choosing several rows; returns their indexes, at first those of `first`."""
    settings = {**_settings(columns, states=states, widths=widths or {}, numbers=numbers or {}), **(config or {})}
    return _drawn(columns, key=key, states=states, settings=settings, mode="multi-row", first=first, most=most)


def _drawn(
    columns: Mapping[str, Sequence[Any]],
    *,
    key: str,
    states: str,
    settings: dict[str, Any],
    mode: Mode,
    first: Sequence[int],
    most: int,
) -> tuple[int, ...]:
    import pandas as pd

    shown = {name: list(values) for name, values in columns.items()}
    if states:
        shown[states] = [[status.look(value).word] for value in shown[states]]
    count = len(next(iter(shown.values()), []))
    chosen: Any = {"selection": {"rows": list(first), "columns": [], "cells": []}} if first and count else None
    event = st.dataframe(
        pd.DataFrame(shown),
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * min(count, most) + HEAD_HEIGHT,
        column_config=settings,
        on_select="rerun",
        selection_mode=mode,
        selection_default=chosen,
    )
    return tuple(row for row in event.selection.rows if row < count)


def _settings(
    shown: Mapping[str, Sequence[Any]], *, states: str, widths: Mapping[str, int], numbers: Mapping[str, str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, values in shown.items():
        width = widths.get(name)
        if name == states:
            kinds = tuple(dict.fromkeys(str(value) for value in values))
            words = [status.look(kind).word for kind in kinds]
            found[name] = st.column_config.MultiselectColumn(
                name, options=words, color=status.chip_colors(kinds), width=width or 118
            )
        elif name in numbers:
            found[name] = st.column_config.NumberColumn(name, format=numbers[name], width=width)
        else:
            found[name] = st.column_config.Column(name, width=width)
    return found


def search(placeholder: str, *, key: str, width: int = 320) -> str:
    """A search field of a catalog, kept in the address as `?key=`."""
    entered = st.text_input(
        placeholder,
        key=key,
        bind="query-params",
        type="search",
        placeholder=placeholder,
        icon=":material/search:",
        label_visibility="collapsed",
        width=width,
    )
    return (entered or "").strip()


def choice(label: str, options: Mapping[str, str], *, key: str) -> str:
    """One of a few values to narrow a list by, kept in the address; "" is all. `options` are words by value."""
    chosen = st.selectbox(
        label,
        list(options),
        format_func=lambda value: _(options.get(value, value)),
        key=key,
        bind="query-params",
        label_visibility="collapsed",
        width=122,
    )
    return chosen or ""


def searched(key: str) -> str:
    """What stands in the search field `key`, for a page that must know it before the field is drawn."""
    return str(st.session_state.get(key) or st.query_params.get(key) or "").strip()


def reading(columns: Mapping[str, Sequence[str]], *, alt: str = "") -> None:
    """A table that people read closely: at most 30 rows, cells are Markdown, the first column gray."""
    st.table(dict(columns), border="horizontal", hide_index=True, alt=alt or None)


def pager(total: int, *, key: str, size: int = PAGE) -> int:
    """The pages of a long list, where there is more than one; returns the offset. Draw it below the list after reading
    `offset_of(key)`."""
    pages = max(1, -(-total // size))
    if pages > 1:
        st.pagination(pages, key=key)
    return offset_of(key, size=size)


def offset_of(key: str, *, size: int = PAGE) -> int:
    """Where the list begins that `pager(key=...)` below it turns to."""
    return (int(st.session_state.get(key) or 1) - 1) * size


def shown_of(shown: int, total: int) -> str:
    """The footer of a catalog."""
    return _("{shown} of {total} shown").format(shown=shown, total=f"{total:,}".replace(",", "\u2009"))
