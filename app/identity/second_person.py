"""Who may not decide on what waits for a second person: the same words for requests, policies and load tests."""

from collections.abc import Mapping

import streamlit as st

from app.session import person
from app.ui import frame, links
from core.foundation.text import _


def barred(people: Mapping[str, str], *, label: str) -> None:
    """Behind `label` with its `{n}`, each of them with why; nothing where there is nobody."""
    if not people:
        return
    with st.popover(label.format(n=len(people)), type="tertiary", icon=":material/lock:"):
        for person_id, why in people.items():
            st.caption(f"**{links.escape(frame.name_of(person_id))}** {links.escape(why)}")


def locked(people: Mapping[str, str], *, otherwise: str) -> None:
    """Why the visitor may not confirm it; `otherwise` where it is not that they took part."""
    why = people.get(person().id)
    words = _("You may not confirm it: you {why}.").format(why=links.escape(why)) if why else otherwise
    st.caption(f":material/lock: {words}")
