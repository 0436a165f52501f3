"""How much code that people write may take, and the callbacks for its progress and its stop."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from core.foundation.errors import Invalid
from core.foundation.text import _

Progress = Callable[[float, str], None]
Stop = Callable[[], bool] | None


@dataclass(frozen=True)
class Limits:
    """Seconds until a polite stop (the hard one comes `HARD_SECONDS` later), MB of the engine's memory, rows of an
    answer, and threads. Without `sandboxed`, which only an administrator can switch off by name, code runs
    unprotected."""

    seconds: float = 600
    memory_mb: int = 3072
    rows: int = 20_000_000
    threads: int = 2
    sandboxed: bool = True

    @property
    def folder_mb(self) -> int:
        """MB of the files that people's Python may make: the frames it gives have been in memory."""
        return 2 * self.memory_mb


HARD_SECONDS = 2.0


_over = Event()


def end_time() -> None:
    """From here on whatever goes wrong in this process goes wrong because its time is over."""
    _over.set()


def time_is_over() -> bool:
    return _over.is_set()


class Stopped(Invalid):
    """Somebody stopped all of it, the part that ran last too."""


class TimedOut(Invalid):
    """The time of all the code is over, which says nothing about the part that ran last."""

    def __init__(self, message: str = "", *, field: str = "") -> None:
        message = message or _("The code took too long and was stopped")
        super().__init__(message, hint=_("Narrow it, or build on fewer rows."), field=field)


def no_progress(_fraction: float, _stage: str) -> None:
    return None
