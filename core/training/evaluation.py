"""What the model says, by the very bytes that will serve: every answer comes from the ONNX file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from core.compute.process import JobFailed
from core.foundation.parquet import write_parquet
from core.foundation.text import _
from core.registry.signature import Datatype, Signature, TensorSpec, dtype_of
from core.tasks.prediction_files import predictions_of, predictions_table
from core.tasks.predictions import Outputs
from core.tasks.task import task_of
from core.tasks.values import BINARY, Target
from core.training.preparation import numbers_of, part_rows, pixels_of, texts_of
from core.training.recipe import Fitted
from core.training.result import SplitResult
from core.training.splits import LABEL, ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK = 8192
# Texts are padded to the longest beside them, so those of a very long one are few.
MOST_CHARACTERS = 4_000_000
# Rows on which a file is held against the library where that is judged.
SAMPLE = 4096


class OnnxModel:
    """The file as a server would run it, on the CPU."""

    def __init__(self, model: bytes, *, signature: Signature, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._signature = signature
        self._part = part_rows(max((spec.values for spec in signature.inputs if spec.image), default=0), most=CHUNK)

    def outputs(self, table: "pa.Table") -> Outputs:
        """Everything that the file gives, row by row, by its name."""
        inputs = {spec.name: _tensor(table, spec) for spec in self._signature.inputs}
        names = [node.name for node in self._session.get_outputs()]
        size = self._chunk(table)
        chunks = [
            self._session.run(names, {name: values[start : start + size] for name, values in inputs.items()})
            for start in range(0, table.num_rows, size)
        ]
        return {name: np.concatenate(parts) for name, parts in zip(names, zip(*chunks, strict=True), strict=True)}

    def _chunk(self, table: "pa.Table") -> int:
        import pyarrow.compute as pc

        texts = [name for name, datatype in self._signature.columns.items() if datatype == "BYTES"]
        lengths = [pc.max(pc.utf8_length(texts_of(table, name=name))).as_py() or 0 for name in texts]
        return min(self._part, max(1, MOST_CHARACTERS // max(1, *lengths, 1)))

    def answers(self, table: "pa.Table") -> Outputs:
        """The outputs of its task alone, by which it is judged."""
        target, outputs = self._signature.target, self.outputs(table)
        return {spec.name: outputs[spec.name] for spec in task_of(target).outputs(target)}


def answers_of(
    table: "pa.Table", *, model: OnnxModel | None, fitted: Fitted, is_held_out: bool
) -> tuple[Outputs, float]:
    """What is judged of these rows, and the largest difference between the file and the library that trained it. The
    file answers where there is one, unless the library is judged: then the file answers a sample of these rows."""
    if model is None:
        return fitted.predict(table), 0.0
    is_compared = fitted.is_compared and is_held_out
    if not fitted.is_judged:
        outputs = model.answers(table)
        expected = fitted.predict(table) if is_compared else {}
        return outputs, largest_difference(outputs, expected, target=fitted.target) if is_compared else 0.0
    outputs = fitted.predict(table)
    if not is_compared:
        return outputs, 0.0
    sample = np.sort(np.random.default_rng(0).permutation(table.num_rows)[:SAMPLE])
    expected = {name: values[sample] for name, values in outputs.items()}
    return outputs, largest_difference(model.answers(table.take(sample)), expected, target=fitted.target)


def largest_difference(outputs: Outputs, expected: Outputs, *, target: Target) -> float:
    """The largest difference between what the file said of some rows and what the library says that trained it.
    JobFailed above the tolerance of the task."""
    task = task_of(target)
    difference = float(task.gaps(outputs, second=expected).max(initial=0.0))
    if not difference <= task.tolerance:
        raise JobFailed(
            _("The ONNX file and the trained model differ by {difference:.2g}, and {most:.0e} is the most").format(
                difference=difference, most=task.tolerance
            )
        )
    return difference


def judged_split(name: str, *, table: "pa.Table", outputs: Outputs, target: Target) -> SplitResult:
    """How good that is by the metrics of the task."""
    predictions = predictions_of(table, outputs=outputs, target=target)
    task = task_of(target)
    return SplitResult(
        split=name,
        rows=table.num_rows,
        metrics=task.evaluate(predictions),
        **task.spread_of(predictions.labels, target=target).as_fields(),
    )


def write_predictions(table: "pa.Table", *, outputs: Outputs, target: Target, path: Path) -> None:
    """Id, label and what was said of every row."""
    import pyarrow as pa

    labels = table[LABEL].cast(pa.int32()) if target.task == BINARY else table[LABEL]
    groups = table[target.group] if target.group else None
    predicted = predictions_table(table[ROW_ID], labels=labels, outputs=outputs, groups=groups)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(predicted.to_batches(), path, schema=predicted.schema)


def _tensor(table: "pa.Table", spec: TensorSpec) -> Any:
    if spec.image:
        return pixels_of(table, name=spec.name, image=spec.image)
    if spec.row and not spec.columns:
        return tensor_of(table, spec)
    values = [_values(table, name=name, datatype=spec.datatype) for name in spec.names]
    return np.stack(values, axis=1) if spec.columns else values[0]


def tensor_of(table: "pa.Table", spec: TensorSpec) -> Any:
    """The lists of a column as one tensor."""
    rows = table[spec.name].combine_chunks()
    return rows.flatten().to_numpy(zero_copy_only=False).astype(spec.dtype).reshape(len(rows), *spec.row)


def _values(table: "pa.Table", *, name: str, datatype: Datatype) -> Any:
    if datatype == "BYTES":
        return texts_of(table, name=name).to_numpy(zero_copy_only=False)
    return numbers_of(table, name=name).astype(dtype_of(datatype), copy=False)
