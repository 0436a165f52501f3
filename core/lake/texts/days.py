"""Days and times as people and programs write them: the day or the month first, months by their names, clocks of twelve
hours, and seconds since 1970."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial, reduce
from typing import TYPE_CHECKING

from core.foundation.text import N_
from core.lake.texts.notations import Family, Notation, rewritten

if TYPE_CHECKING:
    import pyarrow as pa

# How computers write days, which is no notation of its own.
ISO = "yyyy-mm-dd"
DAY, MONTH = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])"
YEAR, SHORT_YEAR = "[0-9]{4}", "(?:[0-9]{2}|[0-9]{4})"
CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6})?)?(?: ?[AaPp]\.?[Mm]\.?| Uhr)?"
TIME = rf"(?:(?:,? +|T){CLOCK}(?: ?(?:Z|UTC|GMT|[+-][0-9]{{2}}:?[0-9]{{2}}))?)?"
# English, German, French, Spanish, Italian and Dutch: no name of a month is that of another one in another language.
MONTHS = (
    "jan(?:uary|uar|vier|uari)?|janv|jänner|ene(?:ro)?|gen(?:naio)?",
    "feb(?:ruary|ruar|rero|braio|ruari)?|févr(?:ier)?",
    "mar(?:ch|s|zo)?|märz|mär|mrz|maart|mrt",
    "apr(?:il|ile)?|avr(?:il)?|abr(?:il)?",
    "may|mai|mayo|mag(?:gio)?|mei",
    "june?|juni|juin|junio|giu(?:gno)?",
    "july?|juli|juil(?:let)?|julio|lug(?:lio)?",
    "aug(?:ust|ustus)?|août|ago(?:sto)?",
    "sept?(?:ember|embre|iembre)?|set(?:tembre)?",
    "oct(?:ober|obre|ubre)?|okt(?:ober)?|ott(?:obre)?",
    "nov(?:ember|embre|iembre)?",
    "dec(?:ember)?|dez(?:ember)?|déc(?:embre)?|dic(?:iembre|embre)?",
)
NAME = "(?i:" + "|".join(MONTHS) + r")\.?"
WEEKDAY = r"(?:\p{L}{2,3}\.?, )?"
DAY_NAME_YEAR = rf"{DAY}\.?[ -]{NAME}[ -]{YEAR}"
NAME_DAY_YEAR = rf"{NAME} {DAY},? {YEAR}"


def _numbered(first: str, second: str, third: str, *, marks: str) -> str:
    """The form of days as three numbers, which one mark separates."""
    ways = "|".join(rf"{first}{mark}{second}{mark}{third}" for mark in marks.split())
    return rf"^(?:{ways}){TIME}$"


def _of_numbers(cells: "pa.Array", *, order: str) -> "pa.Array":
    """Days of three numbers as ISO 8601."""
    import pyarrow.compute as pc

    parts = pc.extract_regex(cells, r"^(?P<first>[0-9]+)[./-] ?(?P<second>[0-9]+)[./-] ?(?P<third>[0-9]+)(?P<rest>.*)$")
    named = dict(zip(order.split(), ("first", "second", "third"), strict=True))
    year, month, day, rest = (
        pc.struct_field(parts, named.get(name, name)) for name in ("year", "month", "day", "rest")
    )
    return _iso(year, month, day, rest)


def _of_names(cells: "pa.Array") -> "pa.Array":
    """Days with the name of the month as ISO 8601."""
    import pyarrow.compute as pc

    pattern = r"^(?P<day>[0-9]+)\.?[ -](?P<name>\p{L}+)\.?[ -](?P<year>[0-9]{4})(?P<rest>.*)$"
    day_first = (rf"^({NAME}) ([0-9]+),? ([0-9]{{4}})", r"\2 \1 \3")
    parts = pc.extract_regex(rewritten(cells, (f"^{WEEKDAY}", ""), day_first), pattern)
    year, name, day, rest = (pc.struct_field(parts, part) for part in ("year", "name", "day", "rest"))
    numbered = ((f"^(?i:{names})$", f"{number:02d}") for number, names in enumerate(MONTHS, start=1))
    return _iso(year, rewritten(name, *numbered), day, rest)


def _iso(year: "pa.Array", month: "pa.Array", day: "pa.Array", rest: "pa.Array") -> "pa.Array":
    """A year of two digits is the one between 1969 and 2068, as POSIX has it."""
    import pyarrow.compute as pc

    year = rewritten(year, ("^(69|[7-9][0-9])$", r"19\1"), ("^([0-9]{2})$", r"20\1"))
    month, day = (pc.utf8_lpad(part, 2, "0") for part in (month, day))
    return pc.binary_join_element_wise(pc.binary_join_element_wise(year, month, day, "-"), _clock(rest), "")


def _clock(rest: "pa.Array") -> "pa.Array":
    """What stands after a day, on a clock of 24 hours."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = (
        r"^(?:,? +|T)(?P<hour>[0-9]+)(?P<minute>:[0-9.:,]+) ?"
        r"(?P<half>(?:[AaPp]\.?[Mm]\.?)?)(?: Uhr)? ?(?P<offset>(?:Z|UTC|GMT|[+-][0-9:]+)?)$"
    )
    parts = pc.extract_regex(rest, pattern)
    hour, minute, half, offset = (pc.struct_field(parts, part) for part in ("hour", "minute", "half", "offset"))
    hour = hour.cast(pa.int32())
    in_half = pc.if_else(pc.greater_equal(hour, 12), pc.subtract(hour, 12), hour)
    in_day = pc.if_else(pc.match_substring_regex(half, "^[Pp]"), pc.add(in_half, 12), in_half)
    hour = pc.if_else(pc.equal(half, ""), hour, in_day).cast(pa.string())
    minute = pc.replace_substring(minute, ",", ".")
    offset = rewritten(offset, ("^(?:UTC|GMT)$", "Z"))
    clock = pc.binary_join_element_wise(pc.utf8_lpad(hour, 2, "0"), minute, offset, "")
    return pc.if_else(pc.equal(rest, ""), "", pc.binary_join_element_wise(pa.scalar(" "), clock, ""))


def _of_digits(cells: "pa.Array") -> "pa.Array":
    return rewritten(cells, ("^(....)(..)(..)$", r"\1-\2-\3"))


def _since_1970(cells: "pa.Array", *, unit_us: int) -> "pa.Array":
    """Counts of a unit since 1970 as instants in ISO 8601."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = cells.cast(pa.decimal128(25, 6))
    micros = pc.multiply(counts, pa.scalar(Decimal(unit_us), pa.decimal128(7, 0))).cast(pa.int64())
    return micros.cast(pa.timestamp("us", "UTC")).cast(pa.string())


def _counted(name: str, title: str, *, unit_us: int, digits: int, fraction: int) -> Notation:
    """Seconds and their parts since 1970. Numbers of today's length may be meant so; they are numbers until somebody
    says it."""
    rest = rf"(\.[0-9]{{1,{fraction}}})?$" if fraction else "$"
    form, typical = rf"^-?[0-9]{{1,{digits + 2}}}{rest}", rf"^1[0-9]{{{digits - 1}}}{rest}"
    return Notation(name, title, Family.TIME, form, partial(_since_1970, unit_us=unit_us), typical, is_offered=True)


def _ordered(name: str, title: str, form: str, order: str, *, is_doubtful: bool = False) -> Notation:
    return Notation(name, title, Family.TIME, form, partial(_of_numbers, order=order), is_doubtful=is_doubtful)


DAYS_FIRST, MONTHS_FIRST = "day month year", "month day year"
DAYS = (
    _ordered("dd.mm.yyyy", N_("day, month, year"), _numbered(DAY, MONTH, YEAR, marks=r"\. / - \.\x{20}"), DAYS_FIRST),
    _ordered("mm/dd/yyyy", N_("month, day, year"), _numbered(MONTH, DAY, YEAR, marks="/ -"), MONTHS_FIRST),
    _ordered("yyyy/mm/dd", N_("year, month, day"), _numbered(YEAR, MONTH, DAY, marks=r"\. / -"), "year month day"),
    Notation(
        "d Mon yyyy",
        N_("month by its name"),
        Family.TIME,
        rf"^{WEEKDAY}(?:{DAY_NAME_YEAR}|{NAME_DAY_YEAR}){TIME}$",
        _of_names,
    ),
    _ordered(
        "dd.mm.yy",
        N_("day, month, year of two digits"),
        _numbered(DAY, MONTH, SHORT_YEAR, marks=r"\. / -"),
        DAYS_FIRST,
        is_doubtful=True,
    ),
    _ordered(
        "mm/dd/yy",
        N_("month, day, year of two digits"),
        _numbered(MONTH, DAY, SHORT_YEAR, marks="/ -"),
        MONTHS_FIRST,
        is_doubtful=True,
    ),
    Notation(
        "compact yyyymmdd",
        N_("year, month, day without marks"),
        Family.TIME,
        r"^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])$",
        _of_digits,
        is_offered=True,
    ),
    _counted("epoch seconds", N_("seconds since 1970"), unit_us=10**6, digits=10, fraction=6),
    _counted("epoch milliseconds", N_("milliseconds since 1970"), unit_us=10**3, digits=13, fraction=3),
    _counted("epoch microseconds", N_("microseconds since 1970"), unit_us=1, digits=16, fraction=0),
)


def ways_of_days(texts: Sequence[str]) -> list[str]:
    """How days and times are written that stand in one column: the notations of the texts, none where one text is of
    none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rest, ways = pa.array(texts, pa.string()), []
    for name, matches in [(ISO, _are_iso), *((item.name, _are_of(item)) for item in DAYS if not item.is_offered)]:
        fits = pc.fill_null(matches(rest), False)
        ways += [name] if fits.true_count else []
        rest = rest.filter(pc.invert(fits))
    return [] if len(rest) else ways


def _are_iso(cells: "pa.Array") -> "pa.Array":
    import pyarrow.compute as pc

    return reduce(pc.or_, (proposal.fits(cells) for proposal in DAYS[0].proposals()))


def _are_of(notation: Notation) -> "Callable[[pa.Array], pa.Array]":
    import pyarrow.compute as pc

    return lambda cells: pc.is_valid(notation.plain(cells))
