"""What waits for the visitor: the inbox of the home page, and its count in the sidebar."""

from datetime import datetime

from core.foundation.values import Value


class Need(Value):
    """Something that waits for the visitor: what it is, why, and the word on its button."""

    object_id: str
    title: str
    why: str
    state: str
    label: str
    since: datetime
    action: str


def waiting() -> tuple[Need, ...]:
    """All that needs the visitor, the oldest first."""
    return ()
