"""The process that jobs of the warm executor are forked from. It reads one launch a line and answers with the pid of
its supervisor. Nothing that starts a thread may run here, since a fork copies no thread."""

import gc
import json
import os
import random
import runpy
import signal
import socket
import sys
import traceback
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from core.compute.folders import AttemptFolder
from core.compute.supervisor import INHERITED, Supervisor
from core.sandbox import starting

TABLES = ("numpy", "pandas", "pyarrow.parquet", "pyarrow.csv", "pyarrow.compute", "duckdb", "polars", "sqlglot")
LEARNING = ("torch", "torch._dynamo", "sklearn.metrics", "scipy.stats", "onnx", "onnxruntime")
SANDBOXING = "core.features."
LEARNERS = ("core.training.", "core.sweeps.", "core.serving.")


class ForkingSupervisor(Supervisor):
    """Forks its job instead of starting a new interpreter."""

    def _spawn(self, outputs: list[int]) -> int:
        child = os.fork()
        if child == 0:
            run_and_exit(self.command, outputs)
        os.setpgid(child, child)
        return child


def run_and_exit(command: list[str], outputs: list[int]) -> None:
    """The job's whole life: `python -P -m module folder`."""
    code = 1
    try:
        become_a_job(outputs)
        *_python, module, folder = command
        if module.startswith(SANDBOXING):
            begin_starter()
        sys.argv = [module, folder]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def become_a_job(outputs: list[int]) -> None:
    with suppress(PermissionError):
        os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in INHERITED:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for place, output in enumerate(outputs, start=1):
        os.dup2(output, place)
    # What a new interpreter would draw anew.
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def begin_starter() -> None:
    """What the job runs in the sandbox is forked as well, from a copy of it that stays as it is now."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        starting.serve(theirs)
    theirs.close()
    starting.adopt(starting.Starter(ours))


@cache
def load(module: str) -> None:
    """The libraries of a job, and what its module itself imports, while there is nothing but one thread."""
    for name in (*TABLES, *(LEARNING if module.startswith(LEARNERS) else ())):
        import_module(name)
    if module.startswith("core."):
        import_module(module)
        # It is run under another name, as in a new interpreter.
        del sys.modules[module]
    # A collection in a fork would write to, and so copy, all that is shared with it.
    gc.collect()
    gc.freeze()


def supervise(launch: dict[str, Any]) -> None:
    """In a new process: one supervisor, to its end."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(launch["environment"])
    folder = AttemptFolder(Path(launch["folder"]))
    errors = os.open(folder.path / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(errors, 1)
    os.dup2(errors, 2)
    os.chdir(folder.path)
    os._exit(ForkingSupervisor(folder).run())


def bury(_number: int, _frame: Any) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def main() -> None:
    signal.signal(signal.SIGCHLD, bury)
    for line in sys.stdin:
        launch = json.loads(line)
        load(launch["module"])
        child = os.fork()
        if child == 0:
            try:
                supervise(launch)
            finally:
                traceback.print_exc()
                os._exit(1)
        print(child, flush=True)


if __name__ == "__main__":
    main()
