"""The types of the lake as texts write them. A type is proposed only for texts that it gives back: numbers with leading
zeros or more digits than it holds are no numbers. What a person chooses is read as it is meant, and never rounded; only
FLOAT, which nobody is proposed, rounds fractions."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

WHOLE = r"^[+-]?[0-9]+$"
NUMERAL = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
INFINITE = r"^[+-]?(?i:inf|infinity)$"
LEADING_ZERO = r"^[+-]?0[0-9]"
PLAIN_WHOLE = r"^(0|-?[1-9][0-9]*)$"
# Whole numbers of 19 digits and more are no measurements but names of things.
PLAIN_NUMERAL = r"^-?((0|[1-9][0-9]{0,17})|(0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^-?(?i:inf|infinity)$"
# Python's calendar has no year 0.
DAY = r"(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-[0-9]{2}-[0-9]{2}"
CLOCK = r"[ T][0-9]{2}(:[0-9.:]+)?"
OFFSET = r"(Z|[+-][0-9:]{2,5})"
DATE, LOCAL_TIME, INSTANT = rf"^{DAY}$", rf"^{DAY}({CLOCK})?$", rf"^{DAY}{CLOCK}{OFFSET}$"
# With no more digits a text and the double nearest to it are the same number.
SURE_DIGITS = 15
# No double has more digits than these.
MOST_DIGITS = 800


@dataclass(frozen=True)
class Proposal:
    """A type that may be proposed: the texts it gives back have the form `plain`; what has only the form `loose` would
    lose digits, zeros or signs in it."""

    target: "pa.DataType"
    plain: str
    loose: str = ""

    def fits(self, cells: "pa.Array") -> "pa.BooleanArray":
        """Whether the type gives back each text."""
        import pyarrow.compute as pc

        is_plain = pc.match_substring_regex(cells, self.plain)
        return is_plain if not is_plain.true_count else _within(cells, is_plain, self.target)

    def loses(self, cells: "pa.Array") -> "pa.BooleanArray":
        """Whether each of some texts that do not fit would be another one after it was a value of the type."""
        import pyarrow as pa
        import pyarrow.compute as pc

        return pc.match_substring_regex(cells, self.loose) if self.loose else pa.repeat(pa.scalar(False), len(cells))


def proposals() -> tuple[Proposal, ...]:
    """From the strictest to the loosest."""
    import pyarrow as pa

    return (
        Proposal(pa.int64(), PLAIN_WHOLE, WHOLE),
        Proposal(pa.bool_(), r"^(?i:true|false)$"),
        Proposal(pa.date32(), DATE),
        Proposal(pa.timestamp("us"), LOCAL_TIME),
        Proposal(pa.timestamp("us", "UTC"), INSTANT),
        Proposal(pa.float64(), PLAIN_NUMERAL, NUMERAL),
    )


def holds(cells: "pa.Array", target: "pa.DataType") -> "pa.BooleanArray":
    """Whether the type holds the value that each text, without white space around it, means."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(target):
        return pc.is_valid(cells)
    cells = cleaned(cells, target)
    return _within(cells, pc.match_substring_regex(cells, _form(target)), target)


def values(cells: "pa.Array", target: "pa.DataType") -> "pa.Array":
    """The values of texts that the type holds."""
    import pyarrow.compute as pc

    return pc.cast(cleaned(cells, target), target)


def cleaned(cells: "pa.Array", target: "pa.DataType") -> "pa.Array":
    """The texts as Arrow reads them: it knows no "+7", no "7.0" among whole numbers, no midnight among days, and no
    instant without an offset, which is meant as UTC."""
    import pyarrow.compute as pc

    for pattern, replacement in _rewrites(target):
        cells = pc.replace_substring_regex(cells, pattern, replacement)
    return cells


def _rewrites(target: "pa.DataType") -> tuple[tuple[str, str], ...]:
    import pyarrow as pa

    if pa.types.is_integer(target):
        return (r"^(?:\+|(-))?0*([0-9]+?)(?:\.0*)?$", r"\1\2"), ("^-0$", "0")
    if pa.types.is_date(target):
        return ((r"[ T]00:00(:00(\.0+)?)?$", ""),)
    if pa.types.is_timestamp(target) and target.tz:
        return (rf"^({DAY})$", r"\1T00:00"), (rf"^({DAY}{CLOCK})$", r"\1Z")
    return ()


def _form(target: "pa.DataType") -> str:
    import pyarrow as pa

    if pa.types.is_timestamp(target):
        return INSTANT if target.tz else LOCAL_TIME
    if pa.types.is_integer(target):
        return WHOLE
    if pa.types.is_boolean(target):
        return r"^(?i:true|false|0|1)$"
    return {pa.date32(): DATE, pa.float64(): f"{NUMERAL}|{INFINITE}", pa.float32(): f"{NUMERAL}|{INFINITE}"}.get(
        target, NUMERAL
    )


def _within(cells: "pa.Array", has_form: "pa.BooleanArray", target: "pa.DataType") -> "pa.BooleanArray":
    """Which of the texts that have the form of the type lie in its range and in its digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if has_form.true_count < len(cells):
        within = _within(cells.filter(has_form), pa.repeat(pa.scalar(True), has_form.true_count), target)
        return pc.replace_with_mask(has_form, has_form, within)
    within = _parses(cells, target)
    if pa.types.is_floating(target) and within.true_count:
        return pc.and_(within, _is_exact(cells, target))
    return within


def _parses(cells: "pa.Array", target: "pa.DataType") -> "pa.BooleanArray":
    """Arrow casts all or nothing: where it refuses, the halves are looked at."""
    import pyarrow as pa

    try:
        cells.cast(target)
    except pa.ArrowInvalid:
        if len(cells) == 1:
            return pa.array([False])
        half = len(cells) // 2
        return pa.concat_arrays([_parses(cells[:half], target), _parses(cells[half:], target)])
    return pa.repeat(pa.scalar(True), len(cells))


def _is_exact(cells: "pa.Array", target: "pa.DataType") -> "pa.BooleanArray":
    """Whether the number nearest to each text, in as many digits or in as few as tell it apart, is that text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = cells.cast(target)
    sure = SURE_DIGITS if target == pa.float64() else 6
    doubtful = pc.or_(pc.greater(pc.utf8_length(cells), sure), pc.match_substring_regex(cells, "[eEfF]"))
    doubtful = pc.and_(doubtful, pc.not_equal(numbers.cast(pa.string()), cells))
    if not doubtful.true_count:
        return pc.invert(doubtful)
    is_same = _same_digits if target == pa.float64() else _same_whole
    pairs = zip(cells.filter(doubtful).to_pylist(), numbers.filter(doubtful).to_pylist(), strict=True)
    checked = pa.array([is_same(text, number) for text, number in pairs], pa.bool_())
    return pc.replace_with_mask(pc.invert(doubtful), doubtful, checked)


def _same_digits(text: str, number: float) -> bool:
    if not abs(number) < float("inf") or not number:
        return _is_named(text, number)
    if len(text) > MOST_DIGITS:
        return False
    exact = Decimal(text)
    return Decimal(f"{number:.{len(exact.as_tuple().digits) - 1}e}") == exact or Decimal(repr(number)) == exact


def _same_whole(text: str, number: float) -> bool:
    if not abs(number) < float("inf") or not number:
        return _is_named(text, number)
    return "." in text or "e" in text.lower() or int(text) == number


def _is_named(text: str, number: float) -> bool:
    """Infinity is only what is called so, and zero has no other digit."""
    return "n" in text.lower() if number else not set(text.lower().partition("e")[0]) & set("123456789")
