"""The editor of a search space: which parameters of a recipe are searched, and over what. Ranges are suggested from the
recipe's own defaults and limits."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.ui import forms, links
from app.ui.parameters import title_of
from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.sweeps.values import Dimension
from core.training.values import RecipeCard

FIRST = ("learning_rate", "weight_decay", "dropout", "embedding_width")
WORDS = {"float": N_("Range"), "int": N_("Integers"), "choice": N_("Choices")}
WIDTHS = [1.7, 1.25, 1.1, 1.1, 0.55]
Places = dict[str, DeltaGenerator]


def edit_space(card: RecipeCard, places: Places) -> dict[str, Dimension]:
    """One line for each parameter that is searched; returns the space as entered. Invalid when a choice is no value of
    its parameter."""
    properties = card.parameters.get("properties", {})
    names = st.multiselect(
        _("Parameters to search"),
        list(properties),
        default=[name for name in FIRST if name in properties],
        format_func=lambda name: title_of(name, card),
        key=f"space_{card.name}",
    )
    _head()
    return {name: _line(name, forms.resolved(properties[name], card.parameters), card, places) for name in names}


def _head() -> None:
    cells = st.columns(WIDTHS, gap="small")
    for cell, word in zip(cells, (_("Parameter"), _("Kind"), _("From"), _("To"), _("Log")), strict=True):
        cell.caption(word)


def _line(name: str, prop: Mapping[str, Any], card: RecipeCard, places: Places) -> Dimension:
    key = f"space_{card.name}_{name}"
    cells = st.columns(WIDTHS, gap="small", vertical_alignment="center")
    cells[0].markdown(links.escape(title_of(name, card)), help=_describe(prop))
    kinds = _kinds(prop)
    kind = cells[1].selectbox(
        _("Kind of {name}").format(name=name),
        kinds,
        format_func=lambda chosen: _(WORDS[chosen]),
        key=f"{key}_kind",
        label_visibility="collapsed",
        disabled=len(kinds) == 1,
    )
    dimension = _choices(name, prop, cells, key) if kind == "choice" else _range(name, prop, cells, key, kind=kind)
    places[f"space.{name}"] = st.container()
    return dimension


def _describe(prop: Mapping[str, Any]) -> str:
    return " ".join(part for part in (str(prop.get("description") or ""), forms.limits(prop)) if part)


def _kinds(prop: Mapping[str, Any]) -> tuple[str, ...]:
    """How a parameter can be searched."""
    return {"integer": ("int", "choice"), "number": ("float", "choice")}.get(prop.get("type", ""), ("choice",))


def _range(name: str, prop: Mapping[str, Any], cells: Sequence[DeltaGenerator], key: str, *, kind: str) -> Dimension:
    low, high, log = suggested(prop)
    whole = kind == "int"
    entered = [
        cell.number_input(
            label.format(name=name),
            value=int(value) if whole else float(value),
            step=1 if whole else None,
            format="%d" if whole else "%g",
            key=f"{key}_{end}",
            label_visibility="collapsed",
        )
        for cell, label, value, end in (
            (cells[2], _("{name} from"), low, "low"),
            (cells[3], _("{name} to"), high, "high"),
        )
    ]
    is_log = cells[4].toggle(
        _("{name} on a logarithmic scale").format(name=name), value=log, key=f"{key}_log", label_visibility="collapsed"
    )
    return Dimension(type="int" if whole else "float", low=entered[0], high=entered[1], log=is_log)


def _choices(name: str, prop: Mapping[str, Any], cells: Sequence[DeltaGenerator], key: str) -> Dimension:
    options = list(prop.get("enum") or ([True, False] if prop.get("type") == "boolean" else ()))
    with cells[2]:
        chosen = st.multiselect(
            _("Choices of {name}").format(name=name),
            options,
            default=options or None,
            key=f"{key}_choices",
            accept_new_options=not options,
            placeholder=_("Type values"),
            label_visibility="collapsed",
            width=300,
        )
    return Dimension(type="choice", choices=tuple(_value(item, prop, name) for item in chosen))


def _value(item: Any, prop: Mapping[str, Any], name: str) -> Any:
    """What was typed, as a value of the parameter."""
    kinds = {"integer": int, "number": float}
    convert = kinds.get(prop.get("type", ""))
    if convert is None or not isinstance(item, str):
        return item
    try:
        return convert(item)
    except ValueError as error:
        raise Invalid(_("{text} is no number").format(text=repr(item[:40])), field=f"space.{name}") from error


def suggested(prop: Mapping[str, Any]) -> tuple[float, float, bool]:
    """A range around the default within the limits, and whether its scale is logarithmic: small shares and rates are
    searched by powers of ten, others evenly."""
    default = float(prop.get("default") or 0)
    least = float(prop.get("minimum", prop.get("exclusiveMinimum", 0)))
    most = float(prop.get("maximum", prop.get("exclusiveMaximum", max(1.0, default * 4))))
    if prop.get("type") == "integer":
        return max(least, default // 2), min(most, max(default * 2, least + 1)), False
    if 0 < default < 0.05:
        return max(least, default / 10), min(most, default * 10), True
    return max(least, 0.0), min(most, max(default * 4, 0.4)), False
