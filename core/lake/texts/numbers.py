"""Numbers as people write them: grouped, with a comma or a point before the fraction, beside a currency or a percent
sign, negative by brackets or by a minus at the end."""

from functools import partial
from typing import TYPE_CHECKING

from core.foundation.text import N_
from core.lake.texts.notations import Family, Notation, rewritten

if TYPE_CHECKING:
    import pyarrow as pa

SPACE = r"[ \x{00a0}\x{2009}\x{202f}]"
APOSTROPHE = "['’]"
MINUS = "[-−]"
CODES = (
    "AED|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KRW|MXN|MYR|NGN|NOK|NZD|PEN|"
    "PHP|PLN|RMB|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
CURRENCY = rf"(?:[A-Z]{{0,3}}\p{{Sc}}|{CODES}|Fr\.|Rs\.?|kr\.?|zł|Kč|Ft|元|円)"
AFTER = rf"(?:{SPACE}?(?:{CURRENCY}|%))?"
BEFORE = rf"(?:{CURRENCY}{SPACE}?)?"
# What may stand in a number beside what says its unit.
NUMERIC = rf"{SPACE}|[-−+.,'’0-9]"


def _grouped(separator: str) -> str:
    return rf"[1-9][0-9]{{0,2}}(?:{separator}[0-9]{{3}})+"


def _numeral(separator: str, point: str, *others: str) -> str:
    """A number without sign and unit; its groups are all separated alike."""
    groups = "|".join([*map(_grouped, (separator, SPACE, APOSTROPHE)), *others])
    return rf"(?:(?:[0-9]+|{groups})(?:{point}[0-9]+)?|{point}[0-9]+)"


def _form(number: str) -> str:
    sign = rf"(?:[+]|{MINUS})?"
    ways = (
        rf"{sign}{BEFORE}{number}{AFTER}",
        rf"{CURRENCY}{SPACE}?{sign}{number}",
        rf"{BEFORE}{number}{AFTER}{MINUS}",
        rf"\({BEFORE}{number}{AFTER}\)",
        rf"{CURRENCY}{SPACE}?\({number}\)",
        rf"{sign}{number}[eE][+-]?[0-9]+",
        r"[+-]?(?i:inf|infinity)",
    )
    return rf"^(?:{'|'.join(ways)})$"


def _plain(cells: "pa.Array", *, separator: str, point: str) -> "pa.Array":
    return rewritten(
        cells,
        (r"^(.*)\((.*)\)$", r"-\1\2"),
        (rf"^(.*){MINUS}$", r"-\1"),
        (rf"^\+(.*(?:%|,|{CURRENCY}).*)$", r"\1"),
        (rf"{CURRENCY}|%|{SPACE}|{APOSTROPHE}|{separator}", ""),
        ("−", "-"),
        (point, "."),
    )


def _share(cells: "pa.Array", *, separator: str, point: str) -> "pa.Array":
    """A hundredth, exactly."""
    return rewritten(_plain(cells, separator=separator, point=point), ("$", "e-2"))


def units(cells: "pa.Array") -> set[str]:
    """What stands beside the numbers in some texts: currencies, percent signs, brackets."""
    import pyarrow.compute as pc

    beside = rewritten(cells, (r"([0-9])[eE]([-+]?[0-9])", r"\1\2"), (NUMERIC, ""))
    return set(pc.unique(beside).to_pylist())


def _number(name: str, title: str, *, separator: str, point: str, others: tuple[str, ...] = ()) -> Notation:
    form = _form(_numeral(separator, point, *others))
    return Notation(name, title, Family.NUMBER, form, partial(_plain, separator=separator, point=point))


def _percentage(name: str, title: str, *, separator: str, point: str, others: tuple[str, ...] = ()) -> Notation:
    form = rf"^(?:[+]|{MINUS})?{_numeral(separator, point, *others)}{SPACE}?%$"
    return Notation(name, title, Family.NUMBER, form, partial(_share, separator=separator, point=point))


# In India groups have two digits but for the last.
INDIAN = ("[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}",)
DECIMAL_POINT = _number("1,234.5", N_("decimal point"), separator=",", point=r"\.", others=INDIAN)
DECIMAL_COMMA = _number("1.234,5", N_("decimal comma"), separator=r"\.", point=",")
NUMBERS = (
    DECIMAL_POINT,
    DECIMAL_COMMA,
    _percentage("1,234.5% / 100", N_("decimal point, percent as share"), separator=",", point=r"\.", others=INDIAN),
    _percentage("1.234,5% / 100", N_("decimal comma, percent as share"), separator=r"\.", point=","),
)
