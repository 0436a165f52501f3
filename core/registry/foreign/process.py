"""Converts a file in a process of its own, with an end to its memory and its time: what is in it is run here for the
first time."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from core.foundation.errors import Invalid
from core.registry import onnx_safety
from core.registry.foreign.as_it_is import try_as_it_is
from core.registry.foreign.conversion import Sent, convert
from core.registry.foreign.looking import look
from core.registry.foreign.values import FileLook, TensorMapping, Tolerance, Trial
from core.registry.inspection import FileLimits, effort_of, too_much

ENTRY = f"{__name__}:convert_here"
Answers = TypeVar("Answers")
MODEL, EXAMPLE, EXPECTED = "model", "example", "expected"
LOOK, TRY = "look", "try"


def converted(content: bytes, sent: Sent, *, limits: FileLimits) -> tuple[bytes, Trial]:
    """`convert`, elsewhere. Raises Invalid where it takes more than the limits."""
    with _inputs_of(content, sent) as (inputs, outputs):
        trial = _run(inputs, sent, outputs=outputs, limits=limits, answers=TypeAdapter(Trial))
        return (outputs / MODEL).read_bytes(), trial


def looked_at(content: bytes, sent: Sent, *, limits: FileLimits) -> FileLook:
    """`look`, elsewhere. Raises Invalid where it takes more than the limits."""
    with _inputs_of(content, sent) as (inputs, outputs):
        return _run(inputs, sent, outputs=outputs, limits=limits, answers=TypeAdapter(FileLook), only=LOOK)


def tried(content: bytes, *, limits: FileLimits) -> None:
    """`try_as_it_is`, elsewhere. Raises Invalid where it takes more than the limits."""
    with _inputs_of(content, Sent()) as (inputs, outputs):
        _run(inputs, Sent(), outputs=outputs, limits=limits, answers=TypeAdapter(None), only=TRY)


@contextmanager
def _inputs_of(content: bytes, sent: Sent) -> Iterator[tuple[dict[str, Path], Path]]:
    """What was sent as files, and the place of what comes of them."""
    onnx_safety.refuse_by_content(content)
    files = {MODEL: content, EXAMPLE: sent.example, EXPECTED: sent.expected}
    with tempfile.TemporaryDirectory(prefix="causeway-foreign-") as folder:
        inputs = {name: Path(folder) / name for name, data in files.items() if data is not None}
        for name, path in inputs.items():
            path.write_bytes(files[name] or b"")
        yield inputs, Path(folder) / "outputs"


def _run(
    inputs: Mapping[str, Path],
    sent: Sent,
    *,
    outputs: Path,
    limits: FileLimits,
    answers: TypeAdapter[Answers],
    only: str = "",
) -> Answers:
    from core.sandbox.runner import run_sandboxed

    decided = {
        "mapping": sent.mapping.model_dump(mode="json") if sent.mapping else None,
        "compared": dict(sent.compared) if sent.compared else None,
        "tolerance": sent.tolerance.model_dump(mode="json"),
        "source": sent.source,
        "only": only,
    }
    try:
        return run_sandboxed(
            ENTRY, decided, answers=answers, inputs=inputs, outputs=outputs, limits=effort_of(limits), keep_warm=True
        )
    except Invalid as error:
        # What is wrong with the file or the rows says where; what the limits end has no place.
        if error.field:
            raise
        raise too_much(limits) from error


def convert_here(job_spec: Mapping[str, Any], *, inputs: Mapping[str, Path], outputs: Path, **_others: object) -> Any:
    """What runs in the process of its own."""
    read = {name: inputs[name].read_bytes() if name in inputs else None for name in (EXAMPLE, EXPECTED)}
    mapping, compared = job_spec["mapping"], job_spec["compared"]
    sent = Sent(
        example=read[EXAMPLE],
        expected=read[EXPECTED],
        compared={answer: tuple(columns) for answer, columns in compared.items()} if compared else None,
        mapping=TensorMapping.model_validate(mapping) if mapping else None,
        tolerance=Tolerance.model_validate(job_spec["tolerance"]),
        source=job_spec["source"],
    )
    content = inputs[MODEL].read_bytes()
    if job_spec["only"] == TRY:
        try_as_it_is(content, onnx_safety.signature_of(content))
        return None
    if job_spec["only"] == LOOK:
        return look(content, sent).model_dump(mode="json")
    served, trial = convert(content, sent)
    (outputs / MODEL).write_bytes(served)
    return trial.model_dump(mode="json")
