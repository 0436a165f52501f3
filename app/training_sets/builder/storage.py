"""The draft in the browser: written down there with every change, and taken up again after a reload."""

from pathlib import Path
from typing import Any

import streamlit as st

from app.session import actor
from app.training_sets.builder.draft import basis_of_address, draft, restore, saved_at

KEY = "set_draft_storage"
_storage = st.components.v2.component(
    "causeway_draft_storage", js=(Path(__file__).parent / "storage.js").read_text(encoding="utf-8")
)


def keep_in_browser() -> None:
    """The tab of the browser has the draft until it is closed, for the person who is signed in."""
    _storage(
        key=KEY,
        data={
            "place": f"causeway-set:{actor().person_id}",
            "basis": basis_of_address(),
            "draft": draft().model_dump_json(),
            "isNew": saved_at() is None,
        },
        on_restored_change=_restored,
    )


def _restored() -> None:
    state: Any = st.session_state.get(KEY) or {}
    if isinstance(text := state.get("restored"), str):
        restore(text)
