"""Time is passed in, so that a test can hold it still."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, with its zone (UTC)."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)
