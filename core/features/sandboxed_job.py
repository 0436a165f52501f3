"""What the jobs of features have in common: limits from the machine, and errors that people can read."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from core.compute.process import JobContext, JobFailed
from core.compute.values import JobSpec
from core.foundation.errors import PortalError
from core.foundation.settings import Settings
from core.sandbox.limits import Limits
from core.sandbox.messages import Answer
from core.sandbox.runner import run_sandboxed

SECONDS = 900.0
MOST_ROWS = 50_000_000
# What Python and Arrow need beside the engine.
OWN_MEMORY_MB, MEMORY_MB = 512, 256


def limits_of(context: JobContext, *, memory_mb: int, sandboxed: bool) -> Limits:
    """The limits of people's code in a job that has `memory_mb` in all."""
    engine = max(MEMORY_MB, memory_mb - OWN_MEMORY_MB)
    return Limits(seconds=SECONDS, memory_mb=engine, rows=MOST_ROWS, threads=context.cpus, sandboxed=sandboxed)


def run_in_sandbox(
    context: JobContext,
    entry: str,
    spec: BaseModel,
    *,
    answers: "TypeAdapter[Answer]",
    limits: Limits,
    inputs: Mapping[str, Path] | None = None,
    outputs: Path | None = None,
    share: float = 1.0,
    keep_warm: bool = False,
) -> Answer:
    """Runs an entry ("module:function") on the job's files, or on others: progress is passed on, as a `share` of the
    whole, and a stop of the job ends it. Logic in pandas, which runs in many processes, is kept warm."""
    return run_sandboxed(
        entry,
        spec.model_dump(mode="json"),
        answers=answers,
        inputs=context.inputs if inputs is None else inputs,
        outputs=outputs or context.outputs,
        limits=limits,
        progress=progress_of(context, share=share),
        stop=lambda: context.stop_requested,
        keep_warm=keep_warm,
    )


def fitted(job: JobSpec, settings: Settings) -> JobSpec:
    """The job with no more than this installation has: fewer cores make it slower, less memory lets it do less."""
    wanted = job.resources
    memory_mb = min(wanted.memory_mb, settings.memory_mb)
    resources = wanted.model_copy(update={"cpus": min(wanted.cpus, settings.cpus), "memory_mb": memory_mb})
    return job.model_copy(update={"resources": resources, "payload": job.payload | {"memory_mb": memory_mb}})


def progress_of(context: JobContext, *, share: float = 1.0) -> Callable[[float, str], None]:
    return lambda fraction, stage: context.progress(fraction * share, stage=stage)


@contextmanager
def in_words(context: JobContext) -> Iterator[None]:
    """Refusals end the job with their message and hint, as its cause. After a stop the interrupted query is no
    cause."""
    try:
        yield
    except PortalError as error:
        if not context.stop_requested:
            raise JobFailed(error.in_full) from error
