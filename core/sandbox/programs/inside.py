"""The process of a program, from its first line on: it reads one request, closes the sandbox around itself, and only
then sees the program and its libraries. Run by a bare interpreter, `python -I -S inside.py`, so that nothing that was
installed for the program runs before; only the standard library is used here."""

import json
import os
import runpy
import site
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

OURS = (__file__, "<frozen runpy>", "<frozen importlib._bootstrap>", import_module.__code__.co_filename)
ROOT = str(Path(__file__).resolve().parents[3])


def main() -> None:
    request = json.loads(sys.stdin.readline())
    sys.path.insert(0, ROOT)
    _close_in(request)
    sys.path.remove(ROOT)
    # A program may have a package of the same name.
    for name in [name for name in sys.modules if name.partition(".")[0] == "core"]:
        del sys.modules[name]
    _run(request)


def _close_in(request: dict[str, Any]) -> None:
    from core.sandbox.inside import end_with_the_caller
    from core.sandbox.limits import Limits
    from core.sandbox.sandbox import Sandbox, enter

    end_with_the_caller()
    enter(
        Sandbox(request["sandbox"]),
        Limits(**request["limits"]),
        readable=[Path(path) for path in request["readable"]],
        writable=Path(request["writable"]),
        file_mb=request["file_mb"],
    )


def _run(request: dict[str, Any]) -> None:
    for folder in request["libraries"]:
        site.addsitedir(folder)
    code, entry = request["code"], str(request["entry"])
    os.chdir(code)
    sys.argv = [entry.partition(":")[0]]
    try:
        _enter(code, entry)
    except Exception as error:
        # Without the frames of ours, which are nothing to look at.
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename in OURS:
            trace = trace.tb_next
        traceback.print_exception(type(error), error, trace)
        sys.exit(1)


def _enter(code: str, entry: str) -> None:
    path, colon, function = entry.partition(":")
    if colon:
        sys.path.insert(0, code)
        getattr(import_module(path), function)()
    else:
        sys.path[:0] = [str(Path(code, path).parent), code]
        runpy.run_path(path, run_name="__main__")


if __name__ == "__main__":
    main()
