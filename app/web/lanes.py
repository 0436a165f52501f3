"""Threads for each kind of work that the portal's server does. Changes wait for one another and for the database, so
they have threads of their own: however many wait, whoever reads, signs in or asks for health finds a free one."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, fail_after, to_thread
from anyio.lowlevel import RunVar

from core.foundation.errors import Unavailable
from core.foundation.text import _

P = ParamSpec("P")
T = TypeVar("T")


class Lane:
    """At most so many `threads` work at once, and so many more wait for one of them, for `seconds` each."""

    def __init__(self, name: str, *, threads: int, most_waiting: int = 200, seconds: float = 5.0) -> None:
        self._threads, self._most_waiting, self._seconds = threads, most_waiting, seconds
        # A limiter belongs to the event loop that it was made in.
        self._limiter: RunVar[CapacityLimiter | None] = RunVar(name, None)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function gives. Unavailable, and it is not called, where no thread becomes free in time."""
        limiter = self._limiter_here()
        if limiter.statistics().tasks_waiting >= self._most_waiting:
            raise _crowded()
        borrower = object()
        try:
            with fail_after(self._seconds):
                await limiter.acquire_on_behalf_of(borrower)
        except TimeoutError as error:
            raise _crowded() from error
        try:
            return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=CapacityLimiter(1))
        finally:
            limiter.release_on_behalf_of(borrower)

    def _limiter_here(self) -> CapacityLimiter:
        limiter = self._limiter.get()
        if limiter is None:
            limiter = CapacityLimiter(self._threads)
            self._limiter.set(limiter)
        return limiter


def _crowded() -> Unavailable:
    return Unavailable(
        _("Too many requests are waiting already"), hint=_("Nothing was changed. Try again in a few seconds.")
    )


HEALTH = Lane("health", threads=4)
IDENTITY = Lane("identity", threads=8)
READS = Lane("reads", threads=32)
# No more than may wait for their turn before the database.
WRITES = Lane("writes", threads=24)
# A search in MLflow's tables may take seconds, and the first one imports MLflow.
TRACKING = Lane("tracking", threads=4, seconds=20.0)
