"""Work of a worker that may take long: it has a thread of its own, so that no other reconciler waits for it."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from core.foundation.errors import PortalError

logger = logging.getLogger(__name__)
Work = Callable[[datetime], object]


class BackgroundWork:
    """One piece of work at a time, looked for no more often than every `pause`. One that fails is logged and
    is still due the next time."""

    def __init__(self, name: str, *, pause: timedelta, is_due: Callable[[datetime], bool], work: Work) -> None:
        self._name = name
        self._pause = pause
        self._is_due = is_due
        self._work = work
        self._thread: threading.Thread | None = None
        self._next: datetime | None = None

    def tick(self, now: datetime) -> None:
        if (self._next and now < self._next) or (self._thread and self._thread.is_alive()):
            return
        self._next = now + self._pause
        if self._is_due(now):
            self._thread = threading.Thread(target=self._try, args=(now,), name=self._name, daemon=True)
            self._thread.start()

    def _try(self, now: datetime) -> None:
        try:
            self._work(now)
        except PortalError as error:
            logger.warning("%s waits: %s", self._name, error)
        except Exception:
            logger.exception("%s fails", self._name)
