"""Text that people read goes through here, so that catalogs in `app/locale` can translate it: `_` where it is shown,
`N_` where it is a constant."""

import gettext
from functools import cache
from pathlib import Path

LOCALE_FOLDER = Path(__file__).resolve().parents[2] / "app" / "locale"


def _(message: str) -> str:
    # A catalog answers the empty text with its own header.
    return _catalog().gettext(message) if message else ""


def N_(message: str) -> str:
    """Marks a constant as text to be translated later, with `_`, where it is shown."""
    return message


@cache
def _catalog() -> gettext.NullTranslations:
    return gettext.translation("causeway", LOCALE_FOLDER, fallback=True)
