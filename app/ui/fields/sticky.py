"""Fields that keep what was typed into them, on the way to another page and back. Streamlit's own way of keeping
forgets it when a page is left with a field still being typed in."""

from typing import Any

import streamlit as st


def sticky(key: str, given: Any) -> dict[str, Any]:
    """The arguments of a widget that begins with `given`, and later with what people left in it:
    `st.text_input(label, **sticky("name", ""))`."""
    copy = f"sticky_{key}"
    st.session_state.setdefault(copy, given)
    if key not in st.session_state:
        st.session_state[key] = st.session_state[copy]
    return {"key": key, "on_change": _keep, "args": (key,)}


def put(key: str, value: Any) -> None:
    """Writes into such a field; before it is drawn, or when a button asks for it."""
    st.session_state[key] = st.session_state[f"sticky_{key}"] = value


def _keep(key: str) -> None:
    st.session_state[f"sticky_{key}"] = st.session_state[key]
