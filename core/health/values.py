"""A state of health with its reason, and which of several is the worst."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, get_args

from core.foundation.values import Value

State = Literal[
    "refused",
    "goal_missed",
    "promise_broken",
    "taken_out",
    "at_chance",
    "quarantined",
    "unknown_inputs",
    "drifted",
    "stale",
    "healthy",
    "",
]
# The worst first; "" says that nothing was judged.
SEVERITY: tuple[State, ...] = get_args(State)


class Health(Value):
    """The health of an object. `cause_id` is what it comes of: the object itself, or the worst of what it rests on;
    `reason` says so in a sentence, `since` from when on. They are empty while nothing is wrong."""

    object_id: str
    state: State
    reason: str = ""
    cause_id: str = ""
    since: datetime | None = None

    def of(self, object_id: str) -> "Health":
        """The same as the health of an object that rests on this one."""
        return self.model_copy(update={"object_id": object_id})


class Problem(Value):
    """What is wrong with an object of somebody's own."""

    title: str
    health: Health


def worst(object_id: str, parts: Iterable[Health]) -> Health:
    """The worst of the parts, the first of them among equals, as the health of an object; nothing was judged without
    one."""
    ordered = sorted(parts, key=lambda part: SEVERITY.index(part.state))
    return ordered[0].of(object_id) if ordered else Health(object_id=object_id, state="")
