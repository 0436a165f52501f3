"""How good the model is, measured on the very bytes that will serve: every probability comes from the ONNX file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from core.foundation.parquet import write_parquet
from core.registry.signature import Datatype, Signature, TensorSpec
from core.training.preparation import numbers_of, texts_of
from core.training.splits import LABEL, ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK = 8192


class OnnxModel:
    """The file as a server would run it, on the CPU."""

    def __init__(self, model: bytes, *, signature: Signature, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._signature = signature

    def probabilities(self, table: "pa.Table") -> Any:
        """float64 [rows], chunk by chunk."""
        inputs = {spec.name: _tensor(table, spec) for spec in self._signature.inputs}
        chunks = [
            self._session.run(None, {name: values[start : start + CHUNK] for name, values in inputs.items()})[0]
            for start in range(0, table.num_rows, CHUNK)
        ]
        return np.concatenate(chunks)


def write_predictions(table: "pa.Table", *, probabilities: Any, path: Path) -> None:
    """row_id, label, probability of every row."""
    import pyarrow as pa

    predicted = pa.table(
        {
            "row_id": table[ROW_ID],
            "label": table[LABEL].cast(pa.int32()),
            "probability": pa.array(probabilities, type=pa.float64()),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(predicted.to_batches(), path, schema=predicted.schema)


def _tensor(table: "pa.Table", spec: TensorSpec) -> Any:
    values = [_values(table, name=name, datatype=spec.datatype) for name in spec.names]
    return np.stack(values, axis=1) if spec.columns else values[0]


def _values(table: "pa.Table", *, name: str, datatype: Datatype) -> Any:
    if datatype == "BYTES":
        return texts_of(table, name=name).to_numpy(zero_copy_only=False)
    return numbers_of(table, name=name)
