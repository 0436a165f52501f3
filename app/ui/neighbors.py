"""The objects that one was made from or led to, each a link with its name and state."""

from collections.abc import Sequence

import streamlit as st

from app.session import actor, portal
from app.ui import frame, links, status
from core.foundation.text import _

MOST_LETTERS = 60


def neighbors(object_id: str, targets: Sequence[str], *, title: str = "", key: str = "neighbors") -> None:
    """A section with a line for each of `targets`; nothing where there is none."""
    wanted = [target for target in dict.fromkeys(targets) if target]
    if not wanted:
        return
    things = {thing.id: thing for thing in portal().identity.lineage(actor(), object_id=object_id).things}
    frame.section(title or _("Made from"), key=key)
    with frame.card(key, tight=True):
        for target in wanted:
            thing = things.get(target)
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small", wrap=False
            ):
                with st.container(key=f"cell_{key}_{target}", gap=None):
                    links.link(
                        target, _short(thing.title) if thing else target, icon=links.icon_of(target), help=target
                    )
                if thing and thing.state:
                    st.markdown(status.inline(thing.state), width="content")


def _short(title: str) -> str:
    """A title that leaves room for its state."""
    return title if len(title) <= MOST_LETTERS else f"{title[:MOST_LETTERS].rstrip()}\u2026"
