"""Whether a page is drawn again: by the clock, when what seldom changes on it and is dear to read is drawn as it was a
few seconds ago, or because two runs of one session met."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
