"""The tools above the table: kept views, words, what runs are narrowed to, groups and columns. Everything stands in the
address."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from app.session import actor, portal, unless_changed
from app.training.workspace import address
from app.training.workspace.names import EXTRAS, field_title, menu_title
from app.ui import forms, frame, links, numbers, status
from app.ui.fields.address import one_of, put
from app.ui.tables import choice, search
from core.compute.values import JobState
from core.foundation.text import N_, _
from core.training.values import RecipeCard
from core.training.workspace.values import RunField, RunFilter

GROUPS = {
    "": N_("No groups"),
    "sweep": N_("By sweep"),
    "tag": N_("By tag"),
    "recipe": N_("By recipe"),
    "training_set": N_("By training set"),
}
STARS = {"1": N_("Starred")}
# What is of a view: its fields, and the rest of the address.
FIELDS = ("search", "state", "recipe", "group", "starred", "smooth", "log")
IN_ADDRESS = ("filter", "columns", "sort", "eyes", "closed", "tag", "training_set", "sweep", "panels")
# How values of each kind are compared, and an example of one.
OF_NUMBERS, OF_WORDS = (">", "<", "=", "!="), ("=", "!=", "contains")
MOST_COLUMNS = 12


@dataclass(frozen=True)
class Wanted:
    """What the fields ask for."""

    search: str
    state: str
    recipe: str
    group: str
    starred: bool


def run_fields() -> Mapping[str, RunField]:
    """The parameters and metrics that runs have, by name."""
    known = unless_changed("run_fields", lambda: portal().run_workspace.run_fields(actor()))
    return {field.name: field for field in known}


def toolbar(cards: Mapping[str, RecipeCard], *, columns: tuple[str, ...]) -> Wanted:
    states = {"": _("Any state"), **{state.value: status.look(state).word for state in JobState}}
    recipes = {"": _("All recipes"), **{name: card.title.partition(":")[0] for name, card in cards.items()}}
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="tools_runs"):
        _views()
        wanted = Wanted(
            search=search(_("Title, note, tag"), key="search", width=170),
            state=choice(_("State"), states, key="state", width=112),
            recipe=choice(_("Recipe"), recipes, key="recipe", width=142),
            group=choice(_("Groups"), GROUPS, key="group", width=128),
            starred=_starred(),
        )
        _new_filter(cards)
        _columns(cards, columns)
    _chips(cards)
    return wanted


def _starred() -> bool:
    chosen: str | None = st.pills(
        _("Stars"),
        list(STARS),
        format_func=lambda name: _(STARS[name]),
        label_visibility="collapsed",
        **one_of("starred", STARS, usual=None),
    )
    return chosen == "1"


def _new_filter(cards: Mapping[str, RecipeCard]) -> None:
    with st.popover(_("Filter"), icon=":material/add:"):
        fields = run_fields()
        if not fields:
            st.caption(_("No run has a parameter or a metric yet."))
            return
        title = lambda name: menu_title(name, cards)  # noqa: E731
        field = st.selectbox(_("Parameter or metric"), list(fields), format_func=title, key="filter_field")
        is_number = fields[field].is_number
        signs = OF_NUMBERS if is_number else OF_WORDS
        key = f"filter_sign_{is_number}"
        sign = st.segmented_control(_("Comparison"), signs, default=signs[0], required=True, format_func=_sign, key=key)
        entered = st.text_input(_("Value"), key="filter_value", placeholder="0.01" if is_number else "cosine")
        if st.button(_("Add filter"), type="primary", key="add_filter"):
            wanted = {"field": field, "comparison": sign, "value": (entered or "").strip()}
            address.set_filters((*address.filters(), RunFilter.model_validate(wanted)))
            st.rerun()


def _sign(sign: str) -> str:
    return {"!=": "\u2260", "contains": _("contains")}.get(sign, sign)


def _chips(cards: Mapping[str, RecipeCard]) -> None:
    """What narrows the list and has no field of its own; a press takes it away."""
    filters = address.filters()
    others = {name: st.query_params.get(name, "") for name in ("training_set", "sweep", "tag")}
    if not filters and not any(others.values()):
        return
    with st.container(horizontal=True, gap="xsmall", key="chips_runs"):
        for number, wanted in enumerate(filters):
            if _chip(f"{field_title(wanted.field, cards)} {_sign(wanted.comparison)} {wanted.value}", str(number)):
                address.set_filters(other for other in filters if other != wanted)
                st.rerun()
        for name, value in others.items():
            shown = f"#{value}" if name == "tag" else links.title_of(value)
            if value and _chip(shown, name):
                put(name, "")
                st.rerun()


def _chip(words: str, key: str) -> bool:
    return st.button(links.escape(words), icon=":material/close:", icon_position="right", key=f"chip_{key}")


def _columns(cards: Mapping[str, RecipeCard], shown: tuple[str, ...]) -> None:
    with st.popover(_("Columns {n}").format(n=numbers.number(len(shown))), icon=":material/view_column:"):
        chosen = st.multiselect(
            _("Columns"),
            list(dict.fromkeys([*shown, *run_fields(), *EXTRAS])),
            default=shown,
            format_func=lambda name: menu_title(name, cards),
            key=f"columns_{','.join(shown)}",
            max_selections=MOST_COLUMNS,
        )
        if tuple(chosen) != shown:
            put("columns", ",".join(chosen))
            st.rerun()


def _views() -> None:
    """The views that the visitor keeps, and the way to keep this one."""
    with st.popover(_("Views"), icon=":material/bookmark:"):
        for view in portal().run_workspace.list_run_views(actor()).items:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                links.page_link("runs", links.escape(view.name), **dict(parse_qsl(view.address)))
                label = _("Delete {name}").format(name=view.name)
                if st.button(label, icon=":material/delete:", type="tertiary", key=f"delete_view_{view.name}"):
                    portal().run_workspace.delete_run_view(actor(), name=view.name)
                    st.rerun()
        name = (st.text_input(_("Name"), key="view_name", placeholder=_("Best of this week")) or "").strip()
        if st.button(_("Keep this view"), key="keep_view", icon=":material/bookmark_add:"):
            with forms.attempt() as done:
                portal().run_workspace.save_run_view(actor(), name=name, address=view_address())
            if done.succeeded:
                frame.say(_("{name} is kept").format(name=name))
                st.rerun()


def view_address() -> str:
    """All of the address that says what is seen."""
    known = {name: st.query_params.get(name, "") for name in (*FIELDS, *IN_ADDRESS)}
    return urlencode({name: value for name, value in known.items() if value})
