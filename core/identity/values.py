"""People and projects as the other domains and the pages see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from core.foundation.naming.texts import ONE_LINE
from core.foundation.text import N_
from core.foundation.validation import WITH_HYPHENS, shaped
from core.foundation.values import Value
from core.identity.permissions import Permission, Role

Handle = Annotated[str, shaped(r"^[a-z][a-z0-9-]{1,39}$", allowed=WITH_HYPHENS, example="mei-lin")]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80, strip_whitespace=True),
    shaped(r"^[^\x00-\x1f<>]+$", allowed=N_("one line of text without angle brackets"), example="Mei Lin"),
    ONE_LINE,
]


class Grant(Value):
    """A role, in a project or (empty) everywhere."""

    role: Role
    project: str


class Person(Value):
    id: str
    kind: Literal["person", "service"]
    handle: str
    name: str
    state: Literal["active", "disabled"]
    grants: tuple[Grant, ...]


class Project(Value):
    id: str
    name: str


class Token(Value):
    """A token without its secret."""

    id: str
    person_id: str
    name: str
    scopes: tuple[Permission, ...]
    created_at: datetime
    expires_at: datetime
    revoked: bool


class NewToken(Value):
    """A token's secret, shown this once."""

    token: Token
    secret: str
