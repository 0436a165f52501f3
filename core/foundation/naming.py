"""What people make has two names. The title is what pages show, in any language; the identifier follows from it, is
what queries, addresses and scripts say, and never changes."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, count
from typing import Annotated, Any

from pydantic import StringConstraints
from sqlalchemy import ColumnElement
from sqlmodel import and_, col, func, literal, or_, update

from core.foundation.actions.call import Call
from core.foundation.errors import Invalid
from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow, coming_number
from core.foundation.text import N_, _
from core.foundation.validation import shaped

# What the audit log says of every action that renames.
RENAMED = N_("renamed {before} to {title}")
LONGEST_TITLE, LONGEST_IDENTIFIER = 120, 60
# No control character, no separator of lines, and nothing that turns the direction of the text around it.
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TITLE),
    shaped(
        r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$",
        allowed=N_("one line of text, in any language"),
        example="Customer orders",
    ),
]
# Latin letters that no normal form takes apart.
LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"}
)


@dataclass(frozen=True)
class Form:
    """How the identifiers of a kind are written: the word that begins them where a title has no Latin letter to begin
    with, and what stands between words."""

    word: str
    separator: str


FORMS = {
    Kind.DATASET: Form("dataset", "_"),
    Kind.FEATURE_VIEW: Form("view", "_"),
    Kind.TRAINING_SET: Form("training_set", "_"),
    Kind.MODEL: Form("model", "-"),
    Kind.ENDPOINT: Form("endpoint", "-"),
}
VERSIONS = {
    Kind.DATASET: Kind.SNAPSHOT,
    Kind.FEATURE_VIEW: Kind.FEATURE_VERSION,
    Kind.MODEL: Kind.MODEL_VERSION,
}


@dataclass(frozen=True)
class Naming:
    """What a new object is called."""

    title: str
    name: str


def identifier_of(title: str, kind: Kind) -> str:
    """The identifier that follows from a title; empty where it has neither a Latin letter nor a digit."""
    form = FORMS[kind]
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", title).casefold()).translate(LETTERS)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = re.findall("[a-z0-9]+", plain)
    if words and (words[0][0].isdigit() or len("".join(words)) < 2):
        words = [form.word, *words]
    return form.separator.join(words)[:LONGEST_IDENTIFIER].rstrip(form.separator)


def named(call: Call, kind: Kind, *, name: str | None, title: str | None, is_taken: Callable[[str], bool]) -> Naming:
    """What a new object is called, by what was entered of it: a name stands as it is, with itself for a title; without
    one the first free identifier is taken that follows from the title."""
    if name:
        return Naming(title=title or name, name=name)
    if title is None:
        raise Invalid(_("Name is missing"), hint=_("Say a name, or a title from which it follows."), field="name")
    form = FORMS[kind]
    first = identifier_of(title, kind) or f"{form.word}{form.separator}{coming_number(call.session, kind)}"
    tails = chain([""], (f"{form.separator}{number}" for number in count(2)))
    candidates = (f"{first[: LONGEST_IDENTIFIER - len(tail)]}{tail}" for tail in tails)
    return Naming(title=title, name=next(candidate for candidate in candidates if not is_taken(candidate)))


def entitled(table: Any, query: str, *, kind: Kind) -> ColumnElement[bool]:
    """The rows of a domain's table whose identifier or title contains `query`, in any case. The kind keeps a database
    that reads the titles first from reading those of everything there is."""
    part = query.lower()
    title = func.lower(ObjectRow.title).contains(part, autoescape=True)
    is_entitled = table.entry.has(and_(ObjectRow.kind == kind.value, title))
    return or_(func.lower(table.name).contains(part, autoescape=True), is_entitled)


def rename(call: Call, object_id: str, title: str) -> None:
    """Another title for an object, and at the head of the titles of its versions. What it is called in queries and
    addresses stays."""
    row = call.session.get_one(ObjectRow, object_id)
    call.about(object_id)
    call.note(before=row.title, title=title)
    call.update(object_id, title=title)
    if version := VERSIONS.get(Kind(row.kind)):
        tail = func.substr(ObjectRow.name, len(row.name) + 1)
        call.session.exec(
            update(ObjectRow)
            .where(
                col(ObjectRow.kind) == version.value,
                col(ObjectRow.project) == row.project,
                col(ObjectRow.name).startswith(f"{row.name} v", autoescape=True),
            )
            .values(title=literal(title) + tail)
            .execution_options(synchronize_session="fetch")
        )
