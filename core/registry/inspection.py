"""Looks into a model file that came from outside. A few megabytes can hold millions of empty parts, each of which takes
hundreds of bytes once it is read, so all but small files are read in a process of its own with an end to its memory and
its time."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from core.foundation.errors import Invalid
from core.foundation.settings import Settings
from core.foundation.text import _
from core.foundation.values import Value
from core.registry import onnx_safety
from core.registry.signature import Signature
from core.registry.values import SafetyReport
from core.sandbox.limits import Limits
from core.sandbox.runner import best_sandbox, run_sandboxed
from core.sandbox.sandbox import Sandbox

ENTRY = f"{__name__}:look_inside"
# What so few bytes can hold is read in milliseconds and takes some megabytes.
SMALL_BYTES = 65_536


class FileLimits(NamedTuple):
    """How much memory looking into a model file may take, in MB, and how many seconds."""

    memory_mb: int = 2_048
    seconds: float = 60.0


class Inspection(Value):
    """What a model file holds. There is a `signature` where it can be served, else the `refusal` says why not: a
    message and a hint."""

    report: SafetyReport
    signature: Signature | None = None
    refusal: tuple[str, str] = ("", "")


LIMITS = FileLimits()


def limits_in(settings: Settings) -> FileLimits:
    """Those that the installation has set."""
    return FileLimits(memory_mb=settings.model_file_memory_mb, seconds=settings.model_file_seconds)


def inspection_of(data: bytes, *, limits: FileLimits = LIMITS) -> Inspection:
    """Everything found in the bytes of a model file. Nothing in them is executed. Raises Invalid where it takes more
    than the limits to find out."""
    if len(data) <= SMALL_BYTES or onnx_safety.findings_by_content(data):
        return inspected(data)
    with tempfile.TemporaryDirectory(prefix="causeway-model-") as folder:
        (file := Path(folder) / "model").write_bytes(data)
        return _looked_into(file, limits)


def safe_signature(data: bytes, *, limits: FileLimits = LIMITS) -> Signature:
    """What a model takes that nothing speaks against and that the portal can serve. Raises Invalid with the first thing
    that speaks against it."""
    inspection = inspection_of(data, limits=limits)
    onnx_safety.refuse(inspection.report)
    if inspection.signature is None:
        message, hint = inspection.refusal
        raise Invalid(message, hint=hint, field="content")
    return inspection.signature


def signature_as_it_is(data: bytes, *, limits: FileLimits = LIMITS) -> Signature | None:
    """That of a file that the portal can serve as it is. Raises Invalid with the first thing that speaks against it."""
    inspection = inspection_of(data, limits=limits)
    onnx_safety.refuse(inspection.report)
    return inspection.signature


def inspected(data: bytes) -> Inspection:
    """The same, here and without limits."""
    report = onnx_safety.inspect(data)
    if any(finding.refuses for finding in report.findings):
        return Inspection(report=report)
    try:
        return Inspection(report=report, signature=onnx_safety.signature_of(data))
    except Invalid as refusal:
        return Inspection(report=report, refusal=(refusal.message, refusal.hint))


def look_inside(_job_spec: Mapping[str, Any], *, inputs: Mapping[str, Path], **_others: object) -> Any:
    """What runs in the process of its own."""
    return inspected(inputs["model"].read_bytes()).model_dump(mode="json")


def effort_of(limits: FileLimits) -> Limits:
    """Where the machine has no sandbox the limits hold all the same: a file is data to the libraries that read it."""
    has_sandbox = best_sandbox() is not Sandbox.NONE
    return Limits(seconds=limits.seconds, memory_mb=limits.memory_mb, threads=1, sandboxed=has_sandbox)


def _looked_into(file: Path, limits: FileLimits) -> Inspection:
    try:
        return run_sandboxed(
            ENTRY,
            {},
            answers=TypeAdapter(Inspection),
            inputs={"model": file},
            outputs=file.parent / "outputs",
            limits=effort_of(limits),
            keep_warm=True,
        )
    except Invalid as error:
        raise too_much(limits) from error


def too_much(limits: FileLimits) -> Invalid:
    """The refusal of a file that takes more than the limits."""
    message = _("Looking into the model file takes more than {mb} MB or {seconds} s, or ends whoever tries")
    return Invalid(
        message.format(mb=limits.memory_mb, seconds=f"{limits.seconds:g}"),
        hint=_("Export it anew; if it is right, an administrator raises CAUSEWAY_MODEL_FILE_MEMORY_MB."),
        field="content",
    )
