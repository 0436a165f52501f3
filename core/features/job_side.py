"""What the jobs of features have in common: limits from the machine, and errors that people can read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.compute.process import JobContext, JobFailed
from core.foundation.errors import PortalError
from core.sandbox.duckdb_sandbox import Limits

SECONDS = 900.0
MOST_ROWS = 50_000_000
# What Python and Arrow need beside the engine.
OWN_MEMORY_MB, MEMORY_MB = 512, 256


def limits_of(context: JobContext, *, memory_mb: int) -> Limits:
    """The limits of a query in a job that has `memory_mb` in all."""
    engine = max(MEMORY_MB, memory_mb - OWN_MEMORY_MB)
    return Limits(seconds=SECONDS, memory_mb=engine, rows=MOST_ROWS, threads=context.cpus)


def teller(context: JobContext) -> Callable[[float, str], None]:
    return lambda fraction, stage: context.progress(fraction, stage=stage)


@contextmanager
def in_words(context: JobContext) -> Iterator[None]:
    """Refusals end the job with their message and hint, as its cause. After a stop the interrupted query is no
    cause."""
    try:
        yield
    except PortalError as error:
        if not context.stop_requested:
            raise JobFailed(f"{error.message}. {error.hint}".rstrip(". ") + ".") from error
