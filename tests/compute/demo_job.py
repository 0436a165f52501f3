"""A job process that does what its payload says, for tests."""

import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable

from core.compute.folders import write_atomically
from core.compute.process import JobContext, JobFailed, run_job


def count(job: JobContext) -> None:
    """Counts steps, from the checkpoint on, and tells each; until there are enough, or it hears that there are."""
    checkpoint = job.checkpoints / "step"
    step = int(checkpoint.read_text()) if checkpoint.exists() else 0
    while step < job.payload["steps"] and not job.stop_requested and not list(job.messages()):
        if job.payload.get("die_at") == step and job.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        step += 1
        job.event("step", step=step, attempt=job.attempt)
        job.progress(step / job.payload["steps"], stage="counting")
        write_atomically(checkpoint, str(step).encode())
        time.sleep(job.payload.get("pause", 0.0))
    (job.outputs / "counted.txt").write_text(str(step))


def greet(job: JobContext) -> None:
    """Writes what it was given."""
    text = job.inputs["name"].read_text() if "name" in job.inputs else "nobody"
    (job.outputs / "greeting.txt").write_text(f"hello {text} {job.payload.get('ticket', '')}")


def fail(job: JobContext) -> None:
    raise JobFailed("there is nothing to count")


def crash(job: JobContext) -> None:
    print("about to divide")
    raise ZeroDivisionError("by zero")


def end_at_once(job: JobContext) -> None:
    """As native code does, or a library that knows better."""
    traceback.print_stack()
    print("Traceback (most recent call last)", file=sys.stderr, flush=True)
    os._exit(7)


def not_a_number(job: JobContext) -> None:
    raise FloatingPointError("the loss is NaN at step 7")


def eat_memory(job: JobContext) -> None:
    eaten = []
    while True:
        eaten.append(bytearray(8 << 20))
        time.sleep(0.005)


def fill_the_disk(job: JobContext) -> None:
    with open("/dev/full", "wb") as full:
        full.write(b"x" * 100_000)


def refused_outputs(job: JobContext) -> None:
    (job.outputs / "refuse.txt").write_text("")


def chatter(job: JobContext) -> None:
    for number in range(job.payload["lines"]):
        print(f"line {number:08d} " + "x" * 80)


def stubborn(job: JobContext) -> None:
    """Ignores the signal, and leaves children of every sort behind."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    job.event("ready")
    while True:
        time.sleep(0.1)


def wait(job: JobContext) -> None:
    """Until it is told to go, or to stop."""
    job.event("ready", pid=os.getpid())
    while not job.stop_requested:
        for message in job.messages():
            job.event("heard", **message)
            if message.get("go"):
                (job.outputs / "done.txt").write_text("done")
                return
        time.sleep(0.02)


def show_environment(job: JobContext) -> None:
    job.event("environment", names=dict(os.environ))


def warn(job: JobContext) -> None:
    print("before it")
    logging.getLogger("library").warning("a warning with password=%s", "hunter2")
    (job.outputs / "counted.txt").write_text("0")


WAYS: dict[str, Callable[[JobContext], None]] = {
    way.__name__: way
    for way in (
        count,
        greet,
        fail,
        crash,
        end_at_once,
        not_a_number,
        eat_memory,
        chatter,
        fill_the_disk,
        refused_outputs,
        stubborn,
        wait,
        show_environment,
        warn,
    )
}


def main(job: JobContext) -> None:
    WAYS[job.payload["way"]](job)


if __name__ == "__main__":
    run_job(main)
