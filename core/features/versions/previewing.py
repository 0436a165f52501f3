"""Logic tried out while it is being written: run in the sandbox on a sample, in seconds, and nothing is kept."""

import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from core.features.job_specs import BuildJobSpec
from core.features.values import LogicPreview
from core.foundation.errors import Unavailable
from core.foundation.text import _
from core.sandbox.limits import Limits
from core.sandbox.messages import Answer
from core.sandbox.runner import run_sandboxed

ENTRY = "core.features.building.preview:preview_in_sandbox"
# The hard limit is two seconds later: an answer, or a refusal, in ten.
SECONDS, MEMORY_MB, MOST_ROWS = 8.0, 1024, 2_000_000
# A preview keeps a core busy; more of them than this would be felt by everyone who has a page open.
AT_ONCE, PATIENCE_SECONDS = 2, 5.0
_places = threading.BoundedSemaphore(AT_ONCE)


def preview(job_spec: BuildJobSpec, *, inputs: Mapping[str, Path], sandboxed: bool) -> LogicPreview:
    """Unavailable when too many previews run already."""
    return run_shortly(ENTRY, job_spec, answers=TypeAdapter(LogicPreview), inputs=inputs, sandboxed=sandboxed)


def run_shortly(
    entry: str, spec: BaseModel, *, answers: "TypeAdapter[Answer]", inputs: Mapping[str, Path], sandboxed: bool
) -> Answer:
    """What an entry of the sandbox answers within seconds, leaving nothing. Unavailable when too many such run."""
    limits = Limits(seconds=SECONDS, memory_mb=MEMORY_MB, rows=MOST_ROWS, threads=1, sandboxed=sandboxed)
    with _place(), tempfile.TemporaryDirectory(prefix="causeway-preview-") as folder:
        return run_sandboxed(
            entry,
            spec.model_dump(mode="json"),
            answers=answers,
            inputs=inputs,
            outputs=Path(folder),
            limits=limits,
            keep_warm=True,
        )


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise Unavailable(_("Other previews are running"), hint=_("Try again in a few seconds."))
    try:
        yield
    finally:
        _places.release()
