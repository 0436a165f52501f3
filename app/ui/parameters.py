"""Parameters as people read them: short figures, those that were changed first."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.session import actor, portal
from app.ui import frame, links, numbers
from app.ui.wording import counted
from core.foundation.text import _
from core.training.values import DEFAULT_SEED, RecipeCard

DIGITS = 4


def shown(value: object) -> str:
    """A value as code, a figure with the digits that matter."""
    return f"`{plain(value)}`"


def plain(value: object) -> str:
    """The same as plain text."""
    if value is None:
        return "—"
    if isinstance(value, bool) or not isinstance(value, float):
        return " ".join(str(value).split()).replace("`", "'")[:80]
    return numbers.figure(value, DIGITS)


def recipes() -> dict[str, RecipeCard]:
    """Every recipe by its name."""
    return {card.name: card for card in portal().training.list_recipes(actor())}


def title_of(name: str, recipe: RecipeCard | None) -> str:
    """What a parameter is called in forms."""
    prop = recipe.parameters.get("properties", {}).get(name, {}) if recipe else {}
    return _(str(prop.get("title") or name.replace("_", " ").capitalize()))


def parameters(params: Mapping[str, Any], *, recipe: str) -> None:
    """The parameters that differ from the recipe's defaults; the others behind one click."""
    card = recipes().get(recipe)
    # A version names its recipe and seed among them.
    defaults: dict[str, Any] = {"recipe": recipe, "seed": DEFAULT_SEED}
    for name, prop in (card.parameters if card else {}).get("properties", {}).items():
        defaults[name] = prop.get("default")
    changed = [name for name, value in params.items() if name not in defaults or value != defaults[name]]
    same = [name for name in params if name not in changed]
    if changed:
        frame.facts(_rows(params, names=changed, card=card, defaults=defaults))
    else:
        st.caption(_("All are the recipe's defaults."))
    if same:
        with st.expander(counted(len(same), _("default"), _("defaults"))):
            frame.facts(_rows(params, names=same, card=card, defaults={}))


def _rows(
    params: Mapping[str, Any], *, names: Sequence[str], card: RecipeCard | None, defaults: Mapping[str, Any]
) -> dict[str, str]:
    rows = {}
    for name in names:
        has_default = defaults.get(name, "") != ""
        was = _(" :gray[default {value}]").format(value=plain(defaults[name])) if has_default else ""
        rows[links.escape(title_of(name, card))] = shown(params[name]) + was
    return rows
