"""How good the model is, measured on the very bytes that will serve: every probability comes from the ONNX file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from core.foundation.parquet import write_parquet
from core.registry.values import Signature
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
        columns = {
            spec.name: _texts(table, name=spec.name) if spec.datatype == "BYTES" else numbers_of(table, name=spec.name)
            for spec in self._signature.inputs
        }
        chunks = [
            self._session.run(None, {name: column[start : start + CHUNK] for name, column in columns.items()})[0]
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


def _texts(table: "pa.Table", *, name: str) -> Any:
    return texts_of(table, name=name).to_numpy(zero_copy_only=False)
