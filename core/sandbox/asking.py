"""How a sandboxed process has a part of its work done by another one. It can start none itself: it asks the one that
started it, over its pipes, and waits for the answer."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from core.foundation.errors import Invalid, PortalError
from core.sandbox.limits import TimedOut


class Asking:
    """Our end of the pipes: what is said goes out by `pipe`, answers come in `requests`, a line each."""

    def __init__(self, pipe: int, requests: BinaryIO) -> None:
        self._pipe, self._requests = pipe, requests

    def call(self, request: Mapping[str, Any]) -> Any:
        """Invalid or TimedOut when the other process was refused."""
        send(self._pipe, {"call": request})
        answer = json.loads(self._requests.readline())
        if "refused" not in answer:
            return answer["result"]
        kind, message, hint, field, line = answer["refused"]
        if kind == TimedOut.__name__:
            raise TimedOut(message, field=field)
        raise Invalid(message, hint=hint, field=field, line=line)


# Of this process; it is in no sandbox without one.
_asking: list[Asking] = []


def ask_by(asking: Asking) -> None:
    """From here on this process asks by it."""
    _asking.append(asking)


def is_inside() -> bool:
    """Whether this process asks to have others started."""
    return bool(_asking)


def ask(request: Mapping[str, Any]) -> Any:
    return _asking[-1].call(request)


def writable_folder() -> Path | None:
    """Where this process may make files for another one to read; None leaves it to the system."""
    return Path.cwd() if is_inside() else None


def refused(error: PortalError) -> list[str | int]:
    """A refusal as it goes over the pipe."""
    field, line = (error.field, error.line) if isinstance(error, Invalid) else ("", 0)
    return [type(error).__name__, error.message, error.hint, field, line]


def send(pipe: int, message: Mapping[str, Any]) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(pipe, data) :]
