"""What stands around the tables of a page: search fields and filters that the address keeps, pages of a long list, and
tables that people read closely."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.ui import frame, numbers
from app.ui.fields import address
from core.foundation.text import N_, _

ROW_HEIGHT = 36
HEAD_HEIGHT = 34
VISIBLE_ROWS = 18
PAGE = 50
USE = {"": N_("In use"), "archived": N_("Archived")}


def search(placeholder: str, *, key: str, width: int = 320) -> str:
    """A search field of a catalog, kept in the address as `?key=`."""
    entered = st.text_input(
        placeholder,
        **address.text(key),
        type="search",
        placeholder=placeholder,
        icon=":material/search:",
        label_visibility="collapsed",
        width=width,
    )
    return (entered or "").strip()


def choice(label: str, options: Mapping[str, str], *, key: str, width: int = 122) -> str:
    """One of a few values to narrow a list by, kept in the address; "" is all. `options` are words by value."""
    chosen = st.selectbox(
        label,
        list(options),
        format_func=lambda value: _(options.get(value, value)),
        **address.one_of(key, options),
        label_visibility="collapsed",
        width=width,
    )
    return chosen or ""


def is_archived_chosen() -> bool:
    """Whether a list shall show what was archived instead of what is in use; kept in the address."""
    return choice(_("Kept"), USE, key="kept", width=116) == "archived"


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
    return _("{shown} of {total} shown").format(shown=numbers.number(shown), total=numbers.number(total))


def no_match(statement: str, filters: Mapping[str, object]) -> None:
    """What stands where filters leave nothing of a list, with a button that clears them. `filters` says by each one's
    key what it is when it narrows nothing."""
    with frame.empty(statement, advice=_("Clear the filters to see all."), icon="filter_alt_off", key="no_match"):
        st.button(_("Clear filters"), key="clear_filters", on_click=_clear, args=(filters,))


def _clear(filters: Mapping[str, object]) -> None:
    """Takes filters back, in the address and in fields that do not stand there."""
    for key, empty in filters.items():
        address.put(key, "")
        if key in st.session_state:
            st.session_state[key] = empty
