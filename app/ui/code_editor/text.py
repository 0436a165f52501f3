"""The text of each code editor as the server knows it. What the page or a button puts there wins over what the browser
sent before it knew; whatever is typed after that wins again."""

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.foundation.digests import digest_bytes

# Of an editor that was written into before it began.
UNDRAWN = "undrawn"


@dataclass(frozen=True)
class Text:
    """`basis` names what the text began as, "" where whatever was typed last goes on; `version` names what was put
    there since. What the browser sends counts when it says both."""

    text: str
    basis: str = ""
    version: str = ""

    def sent(self, message: Any) -> "Text":
        """The text once this came from the browser."""
        fields = message if isinstance(message, dict) else {}
        typed = fields.get("text")
        is_newest = (fields.get("basis"), fields.get("version")) == (self.basis, self.version)
        return replace(self, text=typed) if is_newest and isinstance(typed, str) else self


def begin(key: str, *, text: str, basis: str, place: str) -> Text:
    """The text of an editor that begins with `text`, and later with what was left in it, for as long as it begins with
    the same. Another editor in the same place of the browser takes up nothing that was typed into the one before."""
    last = st.session_state.get(_place_key(place), key)
    st.session_state[_place_key(place)] = key
    before: Text | None = st.session_state.get(_text_key(key))
    if before and before.basis == UNDRAWN:
        before = replace(before, basis=_short(basis) if basis else "")
    if before and (not basis or before.basis == _short(basis)):
        st.session_state[_text_key(key)] = before
        return before
    fresh = Text(text, basis=_short(basis) if basis else "", version="" if last == key else _short(text))
    st.session_state[_text_key(key)] = fresh
    return fresh


def typed_into(key: str) -> str:
    """What an editor has in it; "" before it was first drawn."""
    current: Text | None = st.session_state.get(_text_key(key))
    return current.text if current else ""


def put(key: str, text: str) -> None:
    """Writes into an editor, before it is drawn or when a button asks for it."""
    current: Text | None = st.session_state.get(_text_key(key))
    st.session_state[_text_key(key)] = Text(text, basis=current.basis if current else UNDRAWN, version=_short(text))


def receive(key: str, message: Any) -> None:
    """Takes in what the browser sent."""
    current: Text | None = st.session_state.get(_text_key(key))
    if current is not None:
        st.session_state[_text_key(key)] = current.sent(message)


def _short(text: str) -> str:
    return digest_bytes(text.encode(errors="replace"))[:16]


def _text_key(key: str) -> str:
    return f"typed_{key}"


def _place_key(place: str) -> str:
    return f"code_place_{place}"
