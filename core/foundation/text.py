"""Text that people read goes through here, so that catalogs in `app/locale` can translate it: `_` where it is shown,
`N_` where it is a constant."""

import gettext
import unicodedata
from functools import cache
from pathlib import Path

THIN, MINUS = "\u2009", "\u2212"
# From here on a number is shorter with its exponent.
LARGEST_WHOLE = 1e15
LOCALE_FOLDER = Path(__file__).resolve().parents[2] / "app" / "locale"


def _(message: str) -> str:
    # A catalog answers the empty text with its own header.
    return _catalog().gettext(message) if message else ""


def N_(message: str) -> str:
    """Marks a constant as text to be translated later, with `_`, where it is shown."""
    return message


def normal(text: str) -> str:
    """One form for texts that look the same: an umlaut is one letter, and nothing stands around the words."""
    return unicodedata.normalize("NFC", text.strip())


def grouped(number: str) -> str:
    """A number as Python writes it with commas, in the form that people read: thin spaces and a true minus."""
    return number.replace(",", THIN).replace("-", MINUS)


def thousands(number: float) -> str:
    """A number without a fraction: "54 065"."""
    return grouped(f"{number:,.0f}")


def significant(value: float, digits: int = 4) -> str:
    """A number in at most so many significant digits, and never fewer than its whole ones: "0.05", "1 175 100"."""
    text = f"{value:z,.{digits}g}"
    return grouped(f"{value:,.0f}" if "e+" in text and abs(value) < LARGEST_WHOLE else text)


def percent(share: float, digits: int = 1) -> str:
    """A share of one in percent, without noughts that say nothing: "24.3 %"."""
    text = f"{share * 100:.{digits}f}"
    return grouped(text.rstrip("0").rstrip(".") if digits else text) + " %"


@cache
def _catalog() -> gettext.NullTranslations:
    return gettext.translation("causeway", LOCALE_FOLDER, fallback=True)


def in_state(name: str, state: str) -> str:
    """In which state something is, as the sentence that refuses it."""
    words = {"failed": _("{name} failed"), "needs_review": _("{name} needs a review")}
    return words.get(state, _("{name} is {state}")).format(name=name, state=_(state))
