"""Times and sizes as people read them: relative under a day, the date after; absolute ones in the help."""

from datetime import datetime

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


def duration(seconds: float | None) -> str:
    """ "4 s", "3 min 20 s", "2 h 5 min"."""
    if seconds is None:
        return "—"
    if seconds < 10:
        return _("{n} s").format(n=f"{seconds:.1f}".removesuffix(".0"))
    if seconds < MINUTE:
        return _("{n} s").format(n=int(seconds))
    if seconds < HOUR:
        return _("{m} min {s} s").format(m=int(seconds // MINUTE), s=int(seconds % MINUTE))
    return _("{h} h {m} min").format(h=int(seconds // HOUR), m=int(seconds % HOUR // MINUTE))


def span(start: datetime | None, end: datetime | None, *, now: datetime) -> str:
    """How long something took, or has been going on."""
    return duration(((end or now) - start).total_seconds()) if start else "—"


def remaining(seconds: float | None) -> str:
    """ "about 3 min left", or nothing while it is unknown."""
    if seconds is None:
        return ""
    return _("about {time} left").format(time=duration(max(1.0, round(seconds))))


def number(value: float | int | None, digits: int = 4) -> str:
    """A number with thin spaces between thousands and as many digits as matter."""
    if value is None:
        return "—"
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}".replace(",", "\u2009")
    magnitude = abs(value)
    text = f"{value:.{digits}f}" if magnitude < 10 else f"{value:,.1f}"
    text = f"{value:.3g}" if 0 < magnitude < 10**-digits else text
    return text.replace(",", "\u2009").replace("-", "\u2212")


def size(count: int) -> str:
    """Bytes in the unit that fits: "1.2 MB"."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def percent(share: float | None, digits: int = 1) -> str:
    if share is None:
        return "—"
    figure = f"{share * 100:.{digits}f}"
    return (figure.rstrip("0").rstrip(".") if digits else figure) + " %"
