"""Waiting for what the portal does in the background."""

import time
from collections.abc import Callable, Collection
from typing import Any

PAUSE_SECONDS = 0.5


def waited_for(
    read: Callable[[], dict[str, Any]],
    *,
    while_in: Collection[str],
    timeout: float | None,
    now: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What `read` gives once its state is none of `while_in`, or after so many seconds whatever it is then. `now`
    is what is known already."""
    end = None if timeout is None else time.monotonic() + timeout
    answer = now or read()
    while answer["state"] in while_in and (end is None or time.monotonic() < end):
        time.sleep(PAUSE_SECONDS)
        answer = read()
    return answer
