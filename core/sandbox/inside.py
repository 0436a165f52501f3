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
from core.sandbox.limits import Limits, TimedOut, end_time, time_is_over
from core.sandbox.sandbox import Sandbox, enter

PR_SET_PDEATHSIG = 1


def main() -> int:
    pipe = int(sys.argv[1])
    end_with_the_caller()
    request = json.load(sys.stdin)
    limits, inputs = Limits(**request["limits"]), {name: Path(path) for name, path in request["inputs"].items()}
    outputs = Path(request["outputs"])
    try:
        enter(Sandbox(request["sandbox"]), limits, readable=inputs.values(), writable=outputs)
        signal.signal(signal.SIGALRM, _too_long)
        signal.setitimer(signal.ITIMER_REAL, limits.seconds)
        answer = {"result": _run(request, inputs, outputs, limits, pipe)}
    except MemoryError:
        answer = {"refused": ["Invalid", _("The code needs more memory than it may have"), _("Narrow it."), ""]}
    except Exception as error:
        # Libraries have words of their own for having been interrupted.
        refusal = TimedOut() if time_is_over() and not isinstance(error, TimedOut) else error
        if not isinstance(refusal, PortalError):
            raise
        field = getattr(refusal, "field", "")
        answer = {"refused": [type(refusal).__name__, refusal.message, refusal.hint, field]}
    signal.setitimer(signal.ITIMER_REAL, 0)
    _send(pipe, answer)
    # Threads that user code left behind do not hold the process.
    os._exit(0)


def end_with_the_caller() -> None:
    """When the caller is killed this process ends too, since nobody else would end it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _run(request: dict[str, Any], inputs: dict[str, Path], outputs: Path, limits: Limits, pipe: int) -> Any:
    module, _colon, name = request["entry"].partition(":")
    function = getattr(importlib.import_module(module), name)

    def progress(fraction: float, stage: str) -> None:
        _send(pipe, {"progress": [fraction, stage]})

    return function(request["job_spec"], inputs=inputs, outputs=outputs, limits=limits, progress=progress)


def _send(pipe: int, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(pipe, data) :]


def _too_long(_number: int, _frame: Any) -> None:
    end_time()
    raise TimedOut


if __name__ == "__main__":
    sys.exit(main())
