"""The entry of every page: who is there, what surrounds the page, the page itself, and what is said when it fails."""

import streamlit as st
from streamlit.navigation.page import Page

from app import closed, navigation, session, shell
from app.ui import frame, links, redraws
from core.foundation.text import _
from core.identity.permissions import Permission


def main() -> None:
    shell.configure()
    visitor = session.recognize()
    if visitor is not None:
        links.open_requested()
    # Every page is declared before anyone is turned away, or a deep link would meet "not found".
    page = navigation.declare(
        counts=_counts() if visitor else {}, may=session.may if visitor else _nothing, unknown=_unknown_page()
    )
    redraws.notice_page()
    if visitor is None:
        shell.ended()
        st.stop()
    # What surrounds the page has parts of its own, which would otherwise end what is pressed on it.
    with redraws.once(), closed.guarded_page():
        shell.surround(visitor)
        frame.show_said()
        links.keep_address()
        page.run()


def _nothing(_permission: Permission) -> bool:
    """What somebody may who is not signed in."""
    return False


def _unknown_page() -> Page | None:
    """A page for the visitor's address where it is none of ours, so that Streamlit has no window to open over Home."""
    name = closed.unknown_address()
    if not name:
        return None
    return st.Page(closed.no_such_page, title=_("Not found"), url_path=name, visibility="hidden")


def _counts() -> dict[str, int]:
    """How many things wait for the visitor, shown beside Home."""
    from app.home.inbox import count_waiting

    count = 0
    with frame.guarded():
        count = count_waiting()
    return {navigation.HOME: count}


if __name__ == "__main__":
    main()
