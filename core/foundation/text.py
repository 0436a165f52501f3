"""Text that people read goes through here, so that catalogs in `app/locale` can translate it."""

import gettext
from functools import cache
from pathlib import Path

LOCALE_FOLDER = Path(__file__).resolve().parents[2] / "app" / "locale"


def _(message: str) -> str:
    return _catalog().gettext(message)


@cache
def _catalog() -> gettext.NullTranslations:
    return gettext.translation("causeway", LOCALE_FOLDER, fallback=True)
