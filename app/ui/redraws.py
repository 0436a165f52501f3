"""Parts of a page that are drawn again without the page, and whether a page is drawn again: by the clock, when what
seldom changes on it and is dear to read is drawn as it was a few seconds ago, or because two runs of one session
met."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

PAGE, DIALOG = "causeway_page", "causeway_dialog"
SESSION_STATE = "streamlit/runtime/state/session_state.py"
_again: ContextVar[bool] = ContextVar("drawn_again", default=False)


@contextmanager
def drawing(*, again: bool) -> Iterator[None]:
    """What is drawn inside was drawn before, if it is drawn `again`."""
    token = _again.set(again)
    try:
        yield
    finally:
        _again.reset(token)


def drawn_again() -> bool:
    """Whether this is a live page that nobody but the clock asked for."""
    return _again.get()


def met_another_run(error: BaseException) -> bool:
    """Whether two runs of one session, one ending and one beginning, met in Streamlit's own state: each has a lock of
    its own, so one may read a dictionary while the other changes it. Nothing is lost; drawing again is the cure."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    return isinstance(error, RuntimeError) and any(step.filename.endswith(SESSION_STATE) for step in last)


def part(draw: Callable[[], object], *, every: float | None = None) -> None:
    """A part of this page that is drawn again without the page: when something in it is used, and `every` so many
    seconds. It goes by the name of its page, so that no other page has the same one."""

    def drawn() -> None:
        draw()

    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    drawn.__qualname__ = f"{draw.__module__}.{draw.__qualname__} of {page}"
    st.fragment(drawn, run_every=every)()


def notice_dialog() -> None:
    """A dialog is opened. Until it is closed the page behind it is not drawn anew, which would close it while somebody
    reads what it asks."""
    st.session_state[DIALOG] = True


def draw_page() -> None:
    """Draws the whole page anew, unless a dialog is open: then whoever closes it does so."""
    if not st.session_state.get(DIALOG):
        st.rerun(scope="app")


def leave_page() -> None:
    """Forgets the parts of the page that was drawn until now. A browser may still ask for one of them while the next
    page is drawn; Streamlit would then announce the old page after the new one, and the browser clears a page when
    another is announced."""
    if context := get_script_run_ctx():
        context.fragment_storage.clear()


def notice_page() -> None:
    """Leaves the page before when this run draws another one. A dialog is open once this run has opened it."""
    st.session_state.pop(DIALOG, None)
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    if st.session_state.get(PAGE) != page:
        leave_page()
    st.session_state[PAGE] = page
