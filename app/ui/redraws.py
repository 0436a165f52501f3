"""Parts of a page that are drawn again without the page, and whether a page is drawn again: by the clock, when what
seldom changes on it and is dear to read is drawn as it was a few seconds ago, or because two runs of one session
met. What people do on one drawing of a page, or in one opening of a dialog, has a key of its own: a button that is
pressed twice does its work once."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec
from uuid import uuid4

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, get_script_run_ctx

from core.foundation.actions.idempotency import Attempt, attempting, current

P = ParamSpec("P")
PAGE, DIALOG, KEY = "causeway_page", "causeway_dialog", "causeway_form_key"
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
        with once():
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


@contextmanager
def once() -> Iterator[None]:
    """Draws a page or a part of one. The key lasts until a drawing is whole: a second press cuts the drawing short that
    answers the first, and finds the same key. What is pressed on a whole drawing is meant anew."""
    if current() is not None:
        yield
        return
    attempt: Attempt = st.session_state.setdefault(KEY, _new())
    try:
        with attempting(attempt):
            yield
    except RerunException:
        raise
    except BaseException:
        attempt.key = _new().key
        raise
    attempt.key = _new().key


def _new() -> Attempt:
    return Attempt(uuid4().hex, of_form=True)


def opening(body: Callable[P, None]) -> Callable[P, None]:
    """The body of a dialog that is opened now; its key lasts as long as it is open."""
    attempt = _new()

    @wraps(body)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        with attempting(attempt):
            body(*args, **kwargs)

    return drawn
