"""The field in which work says which requirement it answers to."""

from typing import Any

import streamlit as st

from app.session import actor, portal
from core.foundation.text import _

MOST = 200
KEY = "requirement_choice"


def requirement_choice(project: str, **options: Any) -> str:
    """The requirement of a project that the work answers to, "" for none. `options` are those of the field."""
    listing = portal().requirements.list_requirements(actor(), state="open", limit=MOST)
    titles = {item.id: f"{item.id} {item.title}" for item in listing.items if item.project == project}
    chosen = st.selectbox(
        _("Requirement"), ["", *titles], format_func=lambda item: titles.get(item, _("None")), key=KEY, **options
    )
    return chosen or ""
