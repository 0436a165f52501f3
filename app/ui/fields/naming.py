"""What people call things. They type a name in any language and see the identifier that follows from it, which they may
change before the thing is made; later the name alone changes."""

from collections.abc import Callable
from typing import TypedDict

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.session import actor, portal
from app.ui import cells, forms, frame, links
from app.ui.cells import Cell
from app.ui.fields.sticky import put, sticky
from core.foundation.ids import Kind
from core.foundation.naming.titles import FORMS, LONGEST_IDENTIFIER, LONGEST_TITLE
from core.foundation.text import N_, _

RENAME = N_("Rename")
HELP = N_("What queries, addresses and scripts say. It follows from the name, and stays when that is changed later.")


class Names(TypedDict):
    """The arguments of an action that makes something. Without a name the service takes the one that follows from the
    title."""

    title: str | None
    name: str | None


def name_fields(
    kind: Kind,
    *,
    project: str,
    key: str,
    example: str = "",
    given: str = "",
    is_sticky: bool = False,
    places: dict[str, DeltaGenerator] | None = None,
) -> Names:
    """The fields of the name and the identifier of something new in a project. `places` is told where below each an
    error may be shown; `is_sticky` keeps what was typed on the way to another page and back."""
    title_key, name_key, form = f"{key}_name", f"{key}_identifier", FORMS[kind]
    for field, value in ((title_key, given), (name_key, "")):
        if is_sticky:
            sticky(field, value)
        st.session_state.setdefault(field, value)
    title = st.text_input(
        _("Name"),
        placeholder=example,
        max_chars=LONGEST_TITLE,
        key=title_key,
        on_change=lambda: put(title_key, st.session_state[title_key]),
    )
    title_place = st.container()
    _follow(kind, project, title=title.strip(), key=key)
    name = st.text_input(
        _("Identifier"),
        placeholder=f"{form.word}{form.separator}…",
        max_chars=LONGEST_IDENTIFIER,
        help=_(HELP),
        key=name_key,
        on_change=lambda: put(name_key, st.session_state[name_key]),
    )
    if places is not None:
        places |= {"title": title_place, "name": st.container()}
    return Names(title=title or None, name=name or None)


def _follow(kind: Kind, project: str, *, title: str, key: str) -> None:
    """The identifier follows the name, with the number it gets, until somebody writes another one."""
    name_key, last_key = f"{key}_identifier", f"{key}_followed"
    identity = portal().identity
    follows = identity.suggest_name(actor(), kind=kind, project=project, title=title) if title else ""
    if st.session_state[name_key] in ("", st.session_state.get(last_key, "")):
        put(name_key, follows)
    st.session_state[last_key] = follows


def head_of(title: str, *, version: int) -> str:
    """The title of what a version is one of: that of the model for "Churn risk v2"."""
    return title.removesuffix(f" v{version}")


def identifier(title: str, name: str) -> str:
    """The identifier as Markdown, for the facts of a page; empty where the title says it already."""
    return "" if title == name else links.code(name)


def titled(title: str, name: str, *, target: str, detail: str = "") -> Cell:
    """The first cell of a catalog's row: the title, with the identifier in gray where it is another."""
    parts = ("" if title == name else name, detail)
    return cells.text(title, target=target, detail=" · ".join(part for part in parts if part))


@forms.dialog(RENAME)
def rename_dialog(title: str, name: str, rename: Callable[[str], object]) -> None:
    """Another title; `rename` makes it so."""
    places: dict[str, DeltaGenerator] = {}
    entered = st.text_input(_("Name"), value=title, max_chars=LONGEST_TITLE, key="rename_title")
    places["title"] = st.container()
    st.caption(_("The identifier stays {name}: queries and addresses keep working.").format(name=links.code(name)))
    if st.button(_("Rename"), type="primary", key="rename_save"):
        with forms.attempt(places) as done:
            rename(entered or "")
        if done.succeeded:
            frame.say(_("Renamed"))
            st.rerun()
