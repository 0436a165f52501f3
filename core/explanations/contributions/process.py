"""Explains a prediction in a process of its own, with an end to its memory and its time: the portal itself runs no
model. The process is kept warm, so that somebody who waits gets an answer at once."""

import base64
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from core.explanations.values import Explanation
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry.inspection import FileLimits, effort_of
from core.registry.signature import Signature, TensorSpec
from core.sandbox.runner import run_sandboxed

if TYPE_CHECKING:
    import pyarrow as pa

ENTRY = f"{__name__}:explain_here"
MODEL, BACKGROUND = "model", "background"
# More rows make the base surer, and every one of them is asked once for each input.
MOST_ROWS, MOST_ASKED, LEAST_ROWS = 100, 8_000, 10


def explanation_of(
    row: Mapping[str, Any], *, model: Path, background: Path, signature: Signature, output: str, limits: FileLimits
) -> Explanation:
    """What pushed the prediction for a row away from the mean over rows of the file `background`. Invalid for a row
    that the model does not take, and where it takes too long."""
    job_spec = {"row": dict(row), "signature": signature.model_dump(mode="json"), "output": output}
    with tempfile.TemporaryDirectory(prefix="causeway-explanation-") as folder:
        try:
            return run_sandboxed(
                ENTRY,
                job_spec,
                answers=TypeAdapter(Explanation),
                inputs={MODEL: model, BACKGROUND: background},
                outputs=Path(folder) / "outputs",
                limits=effort_of(limits),
                keep_warm=True,
            )
        except Invalid as error:
            if error.field:
                raise
            raise Invalid(
                _("Explaining this prediction takes more than {mb} MB or {seconds} s").format(
                    mb=limits.memory_mb, seconds=f"{limits.seconds:g}"
                ),
                hint=_("An administrator may raise CAUSEWAY_MODEL_FILE_SECONDS."),
                field="version_id",
            ) from error


def explain_here(job_spec: Mapping[str, Any], *, inputs: Mapping[str, Path], **_others: object) -> Any:
    """What runs in the process of its own."""
    from core.explanations.contributions.explaining import explained

    signature = Signature.model_validate(job_spec["signature"])
    names = list(signature.filled)
    rows = background_of(inputs[BACKGROUND], names)
    table = with_row(rows, job_spec["row"], specs={spec.name: spec for spec in signature.inputs})
    content = inputs[MODEL].read_bytes()
    return explained(content, table, signature=signature, output=job_spec["output"]).model_dump(mode="json")


def background_of(path: Path, names: list[str], *, seed: int = 1) -> "pa.Table":
    """Some rows of the file, always the same ones; of a large file those of one of its parts."""
    import numpy as np
    import pyarrow.parquet as pq

    random = np.random.default_rng(seed)
    with pq.ParquetFile(path) as file:
        part = int(random.integers(file.num_row_groups))
        table = file.read_row_group(part, columns=names)
    most = max(LEAST_ROWS, min(MOST_ROWS, MOST_ASKED // (len(names) + 1)))
    return table.take(np.sort(random.choice(table.num_rows, min(most, table.num_rows), replace=False)))


def with_row(
    background: "pa.Table", row: Mapping[str, Any], *, specs: Mapping[str, TensorSpec] = MappingProxyType({})
) -> "pa.Table":
    """The row before the others; what it does not have is missing. Invalid for what cannot be such a value."""
    import pyarrow as pa

    columns = {}
    for field in background.schema:
        try:
            columns[field.name] = pa.array([_value(row.get(field.name), specs.get(field.name))], type=field.type)
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise Invalid(
                _("{name} cannot be {value}").format(name=field.name, value=repr(row.get(field.name))[:60]),
                hint=_("It takes {kind}.").format(kind=field.type),
                field="row",
            ) from error
    return pa.concat_tables([pa.table(columns, schema=background.schema), background])


def _value(value: Any, spec: TensorSpec | None) -> Any:
    """As it lies in the rows: the pixels of an image that comes as base64 of its file, and all numbers of a vector."""
    if spec is None or not spec.row or spec.columns:
        return value
    if spec.image:
        from core.lake.images.decoding import decode

        return decode(base64.b64decode(value, validate=True), spec.image)
    if len(value) != spec.values or any(number is None for number in value):
        raise ValueError
    return value
