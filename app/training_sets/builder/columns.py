"""The columns of the rows: what each of them is, why, and how its values are spread. With hundreds of them people
search, and see thirty at a time."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.training_sets.builder.draft import Draft, change, draft
from app.training_sets.builder.figures import histogram
from app.training_sets.builder.filters import filters
from app.training_sets.builder.named_files import named_files
from app.training_sets.builder.rows import PROPOSED, ROLES, SINGLE, choice_of
from app.ui import frame, links, numbers, tables
from core.features.columns import KEYS, LIST, MOMENTS, TEXT, TRUTH, WHOLE, is_number
from core.features.training_sets.proposals.values import ColumnProposal
from core.foundation.text import N_, _

PAGE = 30
WORDS = {
    "id": N_("Row id"),
    "moment": N_("Moment"),
    "label": N_("Label"),
    "category": N_("Category"),
    "number": N_("Number"),
    "text": N_("Text"),
    "vector": N_("Vector"),
    "image": N_("Image"),
    "key": N_("Key only"),
    "weight": N_("Weight"),
    "group": N_("Group"),
    "left out": N_("Left out"),
}
ALL, INPUTS, OUT = "all", "inputs", "out"
FILTERS = {ALL: N_("All"), INPUTS: N_("Inputs"), OUT: N_("Left out")}


def choices_of(column: ColumnProposal) -> list[str]:
    """What a column of its type can be."""
    is_key, is_numeric = column.type in KEYS, is_number(column.type)
    able = {
        "id": is_key,
        "moment": column.type in MOMENTS | {"DATE"},
        "label": is_key or is_numeric or bool(column.tasks),
        "category": column.type in WHOLE | {TEXT, TRUTH},
        "number": is_numeric or column.type == TRUTH,
        "text": column.type == TEXT,
        "vector": LIST.search(column.type) is not None and is_number(LIST.sub("", column.type)),
        "image": column.type == TEXT,
        "key": is_key,
        "weight": is_numeric,
        "group": is_key,
        "left out": True,
    }
    return [choice for choice in WORDS if able.get(choice) or choice == choice_of(column)]


def columns_section(columns: Sequence[ColumnProposal]) -> None:
    """The list, with what narrows it."""
    hint = _("{n}: what each is, and why").format(n=numbers.number(len(columns)))
    with frame.section(_("Columns"), hint=hint, key="set_columns"):
        query, which = _filters(columns)
    shown = [column for column in columns if _fits(column, query=query, which=which)]
    if not shown:
        tables.no_match(_("No column matches"), {"set_q": "", "set_which": ALL})
        return
    offset = tables.offset_of("set_columns_page", size=PAGE)
    part = shown[offset if offset < len(shown) else 0 :][:PAGE]
    with frame.rows("set_columns"):
        for column in part:
            _row(column)
    if len(shown) > PAGE:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            tables.pager(len(shown), key="set_columns_page", size=PAGE)
            st.caption(tables.shown_of(len(part), len(shown)), width="content")


def _filters(columns: Sequence[ColumnProposal]) -> tuple[str, str]:
    counts = {which: sum(_fits(column, query="", which=which) for column in columns) for which in FILTERS}
    placeholder = _("Find a column")
    return filters(
        _("Columns"), FILTERS, counts=counts, placeholder=placeholder, width=200, key="set_which", query_key="set_q"
    )


def _fits(column: ColumnProposal, *, query: str, which: str) -> bool:
    is_shown = {ALL: True, INPUTS: column.role == "input", OUT: column.role == "left out"}[which]
    return is_shown and (query in column.source.casefold() or query in column.name.casefold())


def _row(column: ColumnProposal) -> None:
    muted = column.role == "left out"
    with st.container(key=f"row_column_{column.source}", gap=None):
        name, picture, choice, reason = st.columns([2.1, 1.25, 1.9, 3.2], gap="small", vertical_alignment="center")
        title = links.escape(column.source)
        renamed = "" if column.name == column.source else f" → {links.escape(column.name)}"
        shown_title = f":gray[{title}]" if muted else f"**{title}**"
        name.markdown(f"{shown_title}  \n:small[:gray[{column.type.lower()}{renamed}]]")
        alt = _("Distribution of {name}").format(name=column.source)
        picture.markdown(histogram(column.bins, alt=alt, muted=muted) or "\u00a0")
        with choice:
            _choice(column)
        reason.caption(links.escape(column.reason))
        named_files(column)


def _choice(column: ColumnProposal) -> None:
    key = f"role_{column.source}"
    st.session_state[key] = choice_of(column)
    st.selectbox(
        _("Role of {name}").format(name=column.source),
        choices_of(column),
        format_func=lambda choice: _(WORDS[choice]),
        key=key,
        label_visibility="collapsed",
        on_change=_chosen,
        args=(column, key),
    )


def _chosen(column: ColumnProposal, key: str) -> None:
    change(**chosen_role(draft(), column, choice=str(st.session_state[key])))


def chosen_role(before: Draft, column: ColumnProposal, *, choice: str) -> dict[str, Any]:
    """What changes in a draft when a column is chosen to be something else. What only one column can be goes from the
    other to this one."""
    name, is_single = column.source, choice in SINGLE
    roles = {
        other: role for other, role in before.roles.items() if other != name and not (is_single and role == choice)
    }
    uses_as = {
        other: use for other, use in before.uses_as.items() if other != name and not (is_single and use == choice)
    }
    # A column that would be taken for something else has to be named to the proposal.
    if choice in PROPOSED or column.role in PROPOSED or name in before.roles:
        roles[name] = choice if choice in ROLES else "input"  # type: ignore[assignment]  # one of its words
    if choice not in PROPOSED:
        uses_as[name] = choice
    updates: dict[str, Any] = {"roles": roles, "uses_as": uses_as}
    if "label" in (choice, column.role):
        updates |= {"task": "", "label_from": None}
    if "moment" in (choice, column.role):
        updates |= {"splits": ()}
    return updates
