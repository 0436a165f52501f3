"""The process of a load test: makes the payload, runs Locust as a process of its own, reports what each second showed,
and stops it at once when asked. Nothing is judged here; the worker judges what the generator saw."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from core.compute.folders import write_atomically
from core.compute.process import JobContext, JobFailed, run_job
from core.foundation.digests import digest_bytes
from core.foundation.text import _
from core.foundation.values import Value
from core.loadtests.generator.payloads import bodies_of
from core.loadtests.values import GeneratorSpec, LoadTestSpec, Plan, SeriesPoint, Target

LOCUSTFILE = Path(__file__).parent / "generator" / "locustfile.py"
WATCH_SECONDS = 0.2
GRACE_SECONDS = 2.0
ROWS, WINDOWS, SEEN = "rows", "windows.json", "seen.json"


class Seen(Value):
    """What the job says beside the windows."""

    payload_digest: str


def main(context: JobContext) -> None:
    """Inputs: `rows`, the Parquet file of a split. Outputs: `windows.json`, `seen.json`. Events: `second`."""
    wanted = LoadTestSpec.model_validate(context.payload)
    bodies = b"\n".join(
        bodies_of(context.inputs[ROWS], contract=wanted.contract, most=wanted.bodies, seed=wanted.plan.seed)
    )
    if not bodies:
        raise JobFailed(_("the held-out rows are empty, so there is nothing to send"))
    (context.outputs / SEEN).write_text(Seen(payload_digest=digest_bytes(bodies)).model_dump_json())
    payload = context.folder / "bodies.jsonl"
    write_atomically(payload, bodies)
    _generate(context, plan=wanted.plan, target=wanted.target, payload=payload)
    if not context.stop_requested and not (context.outputs / WINDOWS).exists():
        raise RuntimeError(_("the load generator ended without a result"))


def _generate(context: JobContext, *, plan: Plan, target: Target, payload: Path) -> None:
    reading, writing = os.pipe()
    spec = GeneratorSpec(
        plan=plan,
        target=target,
        bodies=payload,
        windows=context.outputs / WINDOWS,
        series=writing,
        parent=os.getpid(),
    )
    file = context.folder / "generator.json"
    write_atomically(file, spec.model_dump_json().encode())
    context.progress(0.0, stage=_("starting the generator"), eta_seconds=plan.seconds)
    process = _start(file, pipe=writing)
    try:
        os.close(writing)
        _follow(context, reading=reading, process=process, plan=plan)
    finally:
        _stop(process)
        os.close(reading)
        # It carries the ticket of the endpoint.
        file.unlink(missing_ok=True)


def _start(spec_file: Path, *, pipe: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary"]
    # The usual event loop of Linux wakes on whole milliseconds, this one on microseconds.
    environment = {**os.environ, "GEVENT_BACKEND": "select"}
    return subprocess.Popen(
        [*command, "--generator-spec", str(spec_file)],
        stdin=subprocess.DEVNULL,
        pass_fds=(pipe,),
        cwd=spec_file.parent,
        env=environment,
    )


def _follow(context: JobContext, *, reading: int, process: "subprocess.Popen[bytes]", plan: Plan) -> None:
    for point in _points(context, reading=reading):
        context.event("second", **point.model_dump())
        passed = min(1.0, (point.second + 1) / plan.seconds)
        context.progress(
            passed,
            stage=_("{rate:.0f} requests per second").format(rate=point.offered),
            eta_seconds=max(0.0, plan.seconds - point.second - 1),
        )
    if not context.stop_requested:
        process.wait()


def _points(context: JobContext, *, reading: int) -> Iterator[SeriesPoint]:
    """What the generator reports, until it closes its end of the pipe or the job is to stop."""
    rest = b""
    while not context.stop_requested:
        if not select.select([reading], [], [], WATCH_SECONDS)[0]:
            continue
        if not (more := os.read(reading, 65_536)):
            return
        *lines, rest = (rest + more).split(b"\n")
        yield from (SeriesPoint.model_validate_json(line) for line in lines)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """The kill switch: nothing is sent any more after two seconds."""
    process.terminate()
    try:
        process.wait(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    run_job(main)
