"""Whether a live page is being drawn again by itself. What seldom changes on it and is dear to read is then drawn as it
was a few seconds ago."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
