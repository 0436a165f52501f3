"""Time is passed in, so that a test can hold it still."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, with its zone (UTC)."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def end_of(started_at: datetime | None, ran_seconds: float | None, *, else_at: datetime) -> datetime:
    """When something ended that a process measured; what nobody measured ended when it was noticed."""
    if started_at is None or ran_seconds is None:
        return else_at
    return started_at + timedelta(seconds=ran_seconds)
