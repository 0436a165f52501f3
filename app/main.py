"""The entry of every page: who is there, what surrounds the page, the page itself, and what is said when it fails."""

import streamlit as st

from app import navigation, session, shell
from app.ui import frame, links


def main() -> None:
    shell.configure()
    visitor = session.recognize()
    if visitor is not None:
        links.open_asked()
    # Every page is declared before anyone is turned away, or a deep link would meet "not found".
    page = navigation.declare(counts=_counts() if visitor else {})
    if visitor is None:
        shell.ended()
        st.stop()
    with frame.guarded(whole=True):
        shell.surround(visitor)
        frame.show_said()
        page.run()


def _counts() -> dict[str, int]:
    """How many things wait for the visitor, shown beside Home."""
    from app.home.inbox import waiting

    count = 0
    with frame.guarded():
        count = len(waiting())
    return {navigation.HOME: count}


if __name__ == "__main__":
    main()
