"""A model as MLflow's own client loads it: a folder with the model file, its signature and an example. It is written by
us and not by MLflow's saver, which would parse and rewrite a file whose bytes are what a version is."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from core.foundation.digests import digest_bytes
from core.registry.artifact import MODEL
from core.registry.onnx_safety import metadata_of, signature_of
from core.registry.signature import TensorSpec

REQUIREMENTS = ("mlflow>=3", "onnx>=1.15", "onnxruntime>=1.15", "numpy", "pandas")
ENVIRONMENTS = {
    "requirements.txt": "\n".join(REQUIREMENTS) + "\n",
    "python_env.yaml": 'python: "3.11"\ndependencies:\n- -r requirements.txt\n',
    "conda.yaml": "name: model\nchannels: [conda-forge]\ndependencies:\n- python=3.11\n- pip\n- pip:\n"
    + "".join(f"  - {requirement}\n" for requirement in REQUIREMENTS),
}
# What the trainer writes into a file about its inputs.
INPUTS = "causeway.inputs"
FLAVORS = {
    "onnx": {"data": MODEL, "providers": ["CPUExecutionProvider"], "onnx_session_options": None, "code": None},
    "python_function": {
        "data": MODEL,
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "loader_module": "mlflow.onnx",
        "python_version": "3.11",
    },
}
EXAMPLE = {
    "type": "dataframe",
    "pandas_orient": "split",
    "artifact_path": "input_example.json",
    "serving_input_path": "serving_input_example.json",
}


def write_model_folder(folder: Path, *, content: bytes, metadata: Mapping[str, str]) -> None:
    """The folder, whole or not at all; one that is there stays. Raises Invalid for a file that cannot be served."""
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        _fill(draft, content=content, metadata=metadata)
        draft.chmod(0o755)
        os.rename(draft, folder)
    except OSError:
        # Another process was faster, with the same content: Linux says that its folder is not empty.
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fill(folder: Path, *, content: bytes, metadata: Mapping[str, str]) -> None:
    takes = signature_of(content)
    row = _example(content, inputs=takes.inputs)
    signature = {
        "inputs": json.dumps([_tensor(spec) for spec in takes.inputs]),
        "outputs": json.dumps([_tensor(spec) for spec in takes.gives]),
    }
    model = {
        "flavors": FLAVORS,
        "metadata": dict(metadata),
        "mlflow_version": version("mlflow"),
        "model_uuid": digest_bytes(content)[:32],
        "saved_input_example_info": EXAMPLE,
        "signature": {**signature, "params": None},
    }
    (folder / MODEL).write_bytes(content)
    # The format is YAML, and JSON is a part of it.
    documents = {
        "MLmodel": model,
        EXAMPLE["artifact_path"]: row,
        EXAMPLE["serving_input_path"]: {"dataframe_split": row},
    }
    texts = ENVIRONMENTS | {name: json.dumps(document, indent=1) for name, document in documents.items()}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    """As columns of a table, texts would reach the runtime in a form that it does not take."""
    return {"name": spec.name, "type": "tensor", "tensor-spec": {"dtype": spec.dtype, "shape": list(spec.shape)}}


def _example(content: bytes, *, inputs: Sequence[TensorSpec]) -> dict[str, list[Any]]:
    """A row as a table of one: values that the file itself names, plain ones for a file from elsewhere."""
    try:
        named = {name: entry["example"] for name, entry in json.loads(metadata_of(content)[INPUTS]).items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        named = {}
    columns = [spec for spec in inputs if not spec.row]
    return {
        "columns": [spec.name for spec in columns],
        "data": [[named.get(spec.name, _plain(spec)) for spec in columns]],
    }


def _plain(spec: TensorSpec) -> str | float:
    return "" if spec.datatype == "BYTES" else 0.0 if spec.datatype.startswith("FP") else 0
