"""One form for every number that people read: thin spaces between thousands, a true minus, a unit. Metrics bring
their names and units along, by their name as text."""

from core.foundation import text as written
from core.foundation.text import THIN, _
from core.tasks.task import all_metrics

NONE = "\u2014"
NARROW = "\u202f"
MINUTE, HOUR = 60, 3600


def grouped(number: str) -> str:
    """A number as Python writes it with commas, in the form that people read, which no line breaks."""
    return written.grouped(number).replace(THIN, NARROW)


def number(value: float | int | None, digits: int = 4) -> str:
    """A number with as many digits as matter: `digits` after the point below 10, one above."""
    if value is None:
        return NONE
    if isinstance(value, int) or float(value).is_integer():
        return grouped(f"{int(value):,}")
    magnitude = abs(value)
    text = f"{value:.{digits}f}" if magnitude < 10 else f"{value:,.1f}"
    return grouped(f"{value:.3g}" if 0 < magnitude < 10**-digits else text)


def figure(value: float | int | None, digits: int = 6) -> str:
    """A number as it was set or measured, in at most so many significant digits, and never fewer than its whole ones:
    0.05, 1 200, 1e-06."""
    return NONE if value is None else grouped(written.significant(value, digits))


def fixed(value: float | None, digits: int) -> str:
    """A number with always the same digits after the point, for columns that are read downwards."""
    return NONE if value is None else grouped(f"{value:,.{digits}f}")


def entered(value: float) -> str:
    """A number as someone would type it into a field, with every digit, so that the same is read back."""
    return repr(float(value)).removesuffix(".0")


def percent(share: float | None, digits: int = 1) -> str:
    """A share of one in percent, without noughts that say nothing."""
    if share is None:
        return NONE
    return written.percent(share, digits)


def change(share: float) -> str:
    """A relative change in percent, with its sign."""
    return ("+" if share > 0 else "") + grouped(f"{share * 100:.1f}") + f"{NARROW}%"


def p_value(value: float | None) -> str:
    if value is None:
        return NONE
    return "< 0.0001" if value < 1e-4 else fixed(value, 4)


def size(count: int) -> str:
    """Bytes in the unit that fits: "1.2 MB"."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def duration(seconds: float | None) -> str:
    """ "4 s", "3 min 20 s", "2 h 5 min"."""
    if seconds is None:
        return NONE
    if seconds < 10:
        return _("{n} s").format(n=f"{seconds:.1f}".removesuffix(".0"))
    if seconds < MINUTE:
        return _("{n} s").format(n=int(seconds))
    if seconds < HOUR:
        return _("{m} min {s} s").format(m=int(seconds // MINUTE), s=int(seconds % MINUTE))
    return _("{h} h {m} min").format(h=int(seconds // HOUR), m=int(seconds % HOUR // MINUTE))


def milliseconds(value: float | None) -> str:
    """A latency as it was measured: "4.2 ms"."""
    return NONE if value is None else _("{n} ms").format(n=fixed(value, 1))


def rate(value: float | None) -> str:
    """Requests a second as they were measured or found possible: "1 200 rps"."""
    return NONE if value is None else _("{n} rps").format(n=fixed(value, 0))


def between(low: float, high: float, *, digits: int = 1) -> str:
    """An interval."""
    return f"{fixed(low, digits)}{NARROW}\u2013{NARROW}{fixed(high, digits)}"


def metric_name(metric: str) -> str:
    known = all_metrics().get(metric)
    return _(known.title) if known else metric.replace("_", " ").capitalize()


def metric_short(metric: str) -> str:
    """A metric's name where there is little room."""
    known = all_metrics().get(metric)
    return _(known.short) if known and known.short else metric_name(metric)


def metric_in_words(metric: str) -> str:
    """A metric's name within a sentence."""
    known = all_metrics().get(metric)
    return _(known.in_words) if known else metric.replace("_", " ")


def metric_value(metric: str, value: float | None) -> str:
    """A figure with its unit."""
    return number(value) + (unit_of(metric) if value is not None else "")


def unit_of(metric: str) -> str:
    """The unit with the space before it; nothing where there is none."""
    known = all_metrics().get(metric)
    return known.unit if known else ""


def is_less_better(metric: str) -> bool:
    known = all_metrics().get(metric)
    return known is not None and known.better == "down"


def power(value: float) -> str:
    """A small difference by its size: "7e-08", and 0 where there is none."""
    return f"{value:.0e}" if value else "0"
