"""What is asked of a decision and what comes of it."""

from core.foundation.values import Value
from core.identity.permissions import Permission


class Rights(Value):
    """Who reads a page, and what they may do in the project of its object."""

    person_id: str
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


class NextAction(Value):
    """The one primary button of a page; `name` is empty where there is none. `sentence` says why this one, or why none.
    `missing` says what the button still lacks: it is disabled. `target` is the object or page that it opens; without
    one the page itself acts."""

    name: str = ""
    label: str = ""
    icon: str = ""
    sentence: str = ""
    missing: str = ""
    target: str = ""

    @property
    def is_possible(self) -> bool:
        return bool(self.name) and not self.missing


def nothing(sentence: str = "") -> NextAction:
    """No primary button."""
    return NextAction(sentence=sentence)
