"""What people write into a request. It is kept as plain text; characters that make text read otherwise than it is
written are refused, because a reason must say to the auditor what it said to the approver."""

import unicodedata

from core.foundation.errors import Invalid
from core.foundation.text import _

ALLOWED_CONTROLS = "\n\r\t"
# Direction overrides, embeddings, isolates and marks (Unicode Standard Annex 9): "Trojan Source", CVE-2021-42574.
DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str, *, field: str) -> str:
    """The text as it is. Invalid when it holds control characters that could disguise it."""
    for position, character in enumerate(text):
        if character in DIRECTION:
            raise Invalid(
                _("Character {position} changes the direction of the text").format(position=position + 1),
                hint=_("Remove the invisible character U+{code:04X}.").format(code=ord(character)),
                field=field,
            )
        if unicodedata.category(character) in ("Cc", "Cs") and character not in ALLOWED_CONTROLS:
            raise Invalid(
                _("Character {position} is a control character").format(position=position + 1),
                hint=_("Remove U+{code:04X}.").format(code=ord(character)),
                field=field,
            )
    return text
