"""The process in which code that people write runs. It reads one request, closes the sandbox around itself, runs one
function of ours, and answers over a pipe; user code may write to its standard streams as it likes. Run as
`python -m core.sandbox.inside <descriptor of the pipe>`."""

import ctypes
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from core.foundation.errors import PortalError
from core.foundation.text import _
from core.sandbox.asking import Asking, ask_by, refused, send
from core.sandbox.limits import Limits, TimedOut, end_time, time_is_over
from core.sandbox.present_time import forget
from core.sandbox.sandbox import Sandbox, enter

PR_SET_PDEATHSIG = 1


def main() -> int:
    pipe = int(sys.argv[1])
    end_with_the_caller()
    request = json.loads(sys.stdin.buffer.readline())
    _close_in(request, pipe)
    send(pipe, _answer(request, pipe))
    # Threads that user code left behind do not hold the process.
    os._exit(0)


def _close_in(request: dict[str, Any], pipe: int) -> None:
    """Nothing of the request runs before the sandbox is closed."""
    limits, untrusted = Limits(**request["limits"]), bool(request["untrusted"])
    readable, writable = [Path(path) for path in request["inputs"].values()], Path(request["outputs"])
    try:
        enter(Sandbox(request["sandbox"]), limits, readable=readable, writable=writable, untrusted=untrusted)
    except OSError:
        send(pipe, {"refused": ["Unavailable", _("User code cannot be sandboxed on this machine"), "", "", 0]})
        os._exit(1)
    forget(os.environ)
    if not untrusted:
        ask_by(Asking(pipe, sys.stdin.buffer))


def _answer(request: dict[str, Any], pipe: int) -> dict[str, Any]:
    limits = Limits(**request["limits"])
    try:
        signal.signal(signal.SIGALRM, _too_long)
        signal.setitimer(signal.ITIMER_REAL, limits.seconds)
        return {"result": _run(request, limits, pipe)}
    except MemoryError:
        return {"refused": ["Invalid", _("The code needs more memory than it may have"), _("Narrow it."), "", 0]}
    except Exception as error:
        # Libraries have words of their own for having been interrupted.
        refusal = TimedOut() if time_is_over() and not isinstance(error, TimedOut) else error
        if not isinstance(refusal, PortalError):
            raise
        return {"refused": refused(refusal)}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def end_with_the_caller() -> None:
    """When the caller is killed this process ends too, since nobody else would end it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _run(request: dict[str, Any], limits: Limits, pipe: int) -> Any:
    module, _colon, name = request["entry"].partition(":")
    function = getattr(importlib.import_module(module), name)
    inputs = {name: Path(path) for name, path in request["inputs"].items()}

    def progress(fraction: float, stage: str) -> None:
        send(pipe, {"progress": [fraction, stage]})

    return function(
        request["job_spec"], inputs=inputs, outputs=Path(request["outputs"]), limits=limits, progress=progress
    )


def _too_long(_number: int, _frame: Any) -> None:
    end_time()
    raise TimedOut


if __name__ == "__main__":
    sys.exit(main())
