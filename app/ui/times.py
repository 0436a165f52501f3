"""Times as people read them: relative under a day, the date after; absolute ones in the help."""

from datetime import datetime
from typing import Protocol

from app.ui import numbers
from core.foundation.text import _

MINUTE, HOUR, DAY = 60, 3600, 86_400


def ago(when: datetime | None, *, now: datetime) -> str:
    """ "just now", "4 min", "2 h", "Yesterday", "Mon" within a week, else the date."""
    if when is None:
        return "—"
    seconds = (now - when).total_seconds()
    if seconds < MINUTE:
        return _("just now")
    if seconds < HOUR:
        return _("{n} min").format(n=int(seconds // MINUTE))
    if seconds < DAY:
        return _("{n} h").format(n=int(seconds // HOUR))
    return date(when, now=now)


def since(when: datetime, *, now: datetime) -> str:
    """The same inside a sentence: "2 h ago", "on 4 Nov"."""
    seconds = (now - when).total_seconds()
    shown = ago(when, now=now)
    if MINUTE <= seconds < DAY:
        return _("{time} ago").format(time=shown)
    return shown.lower() if shown in (_("just now"), _("Yesterday")) else _("on {day}").format(day=shown)


def date(when: datetime, *, now: datetime) -> str:
    """The day: a weekday within a week, then "4 Nov", with the year once it is another one."""
    days = (now.date() - when.date()).days
    if days == 1:
        return _("Yesterday")
    if 1 < days < 7:
        return when.strftime("%a")
    return f"{when.day} {when:%b}" if when.year == now.year else f"{when.day} {when:%b %Y}"


def clock(when: datetime, *, now: datetime) -> str:
    """The time of a day that is today, else the day: for timelines."""
    return when.strftime("%H:%M") if when.date() == now.date() else date(when, now=now)


def absolute(when: datetime | None) -> str:
    """To the second, in UTC."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else "—"


def minute(when: datetime | None) -> str:
    """To the minute, in UTC, for columns whose head says so."""
    return f"{when:%Y-%m-%d %H:%M}" if when else "—"


def span(start: datetime | None, end: datetime | None, *, now: datetime, measured: float | None = None) -> str:
    """How long something took, or has been going on."""
    return numbers.duration(lasted(start, end, now=now, measured=measured))


def lasted(
    start: datetime | None, end: datetime | None, *, now: datetime, measured: float | None = None
) -> float | None:
    """In seconds: what the process itself `measured`, else, while it runs, what the rows of the portal say."""
    if measured is not None:
        return measured
    return ((end or now) - start).total_seconds() if start else None


class Attempts(Protocol):
    """A job, or what a job works for."""

    @property
    def started_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def ran_seconds(self) -> float | None: ...
    @property
    def total_ran_seconds(self) -> float | None: ...


def duration_of(work: Attempts, *, now: datetime) -> str:
    """How long its last attempt took or has been going on, and where there were others, all of them together."""
    last = span(work.started_at, work.ended_at, now=now, measured=work.ran_seconds)
    total = work.total_ran_seconds
    if total is None or work.ran_seconds is None or total == work.ran_seconds:
        return last
    return _("{last} in its last attempt, {total} in all attempts").format(last=last, total=numbers.duration(total))


def remaining(seconds: float | None) -> str:
    """ "about 3 min left", or nothing while it is unknown."""
    if seconds is None:
        return ""
    return _("about {time} left").format(time=numbers.duration(max(1.0, round(seconds))))
