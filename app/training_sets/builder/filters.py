"""What narrows a list of a step: words to look for, and one of a few choices, each with how much it lets through. Used
for the columns of the rows and for the views that can be joined."""

from collections.abc import Mapping

import streamlit as st

from app.ui import numbers, tables
from core.foundation.text import _


def filters(
    title: str,
    words: Mapping[str, str],
    *,
    counts: Mapping[str, int],
    placeholder: str,
    width: int,
    key: str,
    query_key: str,
) -> tuple[str, str]:
    """The words to look for, in whatever case, and the choice; the first of `words` is the one to begin with."""
    query = tables.search(placeholder, key=query_key, width=width)
    which = st.segmented_control(
        title,
        list(words),
        format_func=lambda name: _counted(words[name], counts[name]),
        default=next(iter(words)),
        required=True,
        key=key,
        label_visibility="collapsed",
        width="content",
    )
    return query.casefold(), str(which)


def _counted(title: str, count: int) -> str:
    shown = _(title)
    return f"{shown} {numbers.number(count)}"
