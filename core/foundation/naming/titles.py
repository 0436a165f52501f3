"""What a title may be, and the identifier that follows from it. What only reads titles needs no database for it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from core.foundation.errors import Invalid
from core.foundation.ids import Kind, is_id
from core.foundation.naming.texts import ONE_LINE
from core.foundation.text import N_, _, normal
from core.foundation.validation import shaped

LONGEST_TITLE, LONGEST_IDENTIFIER = 120, 60
# No control character, no separator of lines, nothing that turns the direction of the text around it, and nothing that
# is not to be seen.
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TITLE),
    shaped(
        r"^[^\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff]*$",
        allowed=N_("one line of text, in any language"),
        example="Customer orders",
        name_label=N_("Name"),
    ),
    ONE_LINE,
]
# What is deleted has given its name away: behind it then stands an id, which nobody is shown.
GIVEN_AWAY = "~"
ShownName = Annotated[str, AfterValidator(lambda name: name.partition(GIVEN_AWAY)[0])]
# Latin letters that no normal form takes apart.
LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"}
)
# Letters that are read for one another; two names that differ only in them are one name to a reader.
LOOKALIKES = (("1", "l"), ("0", "o"), ("rn", "m"), ("vv", "w"))


@dataclass(frozen=True)
class Form:
    """How the identifiers of a kind are written: the word that begins them where a title has no Latin letter to begin
    with, and what stands between words. One is taken once in a project, or once everywhere; of some kinds it is taken,
    too, where it reads like another."""

    word: str
    separator: str
    is_global: bool = False
    is_read_aloud: bool = False

    @property
    def spoken(self) -> str:
        return {"view": N_("feature view"), "training_set": N_("training set")}.get(self.word, self.word)


FORMS = {
    Kind.DATASET: Form("dataset", "_"),
    Kind.FEATURE_VIEW: Form("view", "_"),
    Kind.TRAINING_SET: Form("training_set", "_"),
    Kind.MODEL: Form("model", "-", is_read_aloud=True),
    Kind.ENDPOINT: Form("endpoint", "-", is_global=True),
}


def identifier_of(title: str, kind: Kind) -> str:
    """The identifier that follows from a title; empty where it has neither a Latin letter nor a digit."""
    form = FORMS[kind]
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", title).casefold()).translate(LETTERS)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = re.findall("[a-z0-9]+", plain)
    if words and (words[0][0].isdigit() or len("".join(words)) < 2):
        words = [form.word, *words]
    return form.separator.join(words)[:LONGEST_IDENTIFIER].rstrip(form.separator)


def checked_title(title: str) -> str:
    """A title in its normal form. Invalid for one that is written like an id, which it would be taken for."""
    if is_id(title):
        message = _("{title} is written like an id").format(title=title)
        raise Invalid(message, hint=_("Add a word to it."), field="title")
    return normal(title)


def as_read(name: str) -> str:
    """A name as it is read: the same for two that differ in letters that look alike."""
    for letters, seen_as in LOOKALIKES:
        name = name.replace(letters, seen_as)
    return name
