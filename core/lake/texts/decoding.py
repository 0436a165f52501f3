"""A file of a text as the text that it holds. Imports and training sets read it alike."""

from core.foundation.errors import Invalid
from core.foundation.text import _


def decode_text(content: bytes) -> str:
    """Invalid, without a field, says why it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(_("the text is not UTF-8")) from error
    if "\0" in text:
        raise Invalid(_("the text has a NUL byte"))
    return text
