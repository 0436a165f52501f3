"""Code as people would bring it, and runs of it without a portal around them."""

import sys
from pathlib import Path
from typing import Any

from core.foundation.source_trees.archives import tree_of
from core.foundation.source_trees.trees import TreeLimits
from core.training.recipe import FitContext, check_params
from core.training.recipes.script import Script
from core.training.scripts.fitted_script import FittedScript
from core.training.scripts.supplies import Supplies
from tests.foundation.source_trees.test_archives import zipped
from tests.training.known_sets import known_set

READ = """
import json, os
from pathlib import Path
import numpy as np
import pyarrow.parquet as pq
given, made = Path(os.environ["CAUSEWAY_INPUT"]), Path(os.environ["CAUSEWAY_OUTPUT"])
contract = json.loads((given / "contract.json").read_text())
params = json.loads((given / "params.json").read_text())
tables = {name: pq.read_table(given / f"{name}.parquet") for name in contract["splits"]}
numbers = lambda name: np.nan_to_num(np.stack([tables[name][c].to_numpy() for c in contract["numbers"]], 1))
x = numbers("train")
center, width = x.mean(0), x.std(0) + 1e-9
scaled = lambda name: (numbers(name) - center) / width
"""
# Least squares on 0 and 1, as a file that takes one tensor and gives one number.
LINEAR = """
y = tables["train"]["label"].to_numpy().astype(float)
design = np.c_[scaled("train"), np.ones(len(y))]
weights = np.linalg.solve(design.T @ design + np.eye(design.shape[1]), design.T @ y)
print("learned from", len(y), "rows")
"""
FILE = """
import onnx
from onnx import helper, numpy_helper
def write(name, values):
    return numpy_helper.from_array(values.astype(np.float32), name)
k = x.shape[1]
slope = weights[:-1] / width
constants = [write("w", slope.reshape(k, 1)), write("b", np.array([weights[-1] - slope @ center]))]
nodes = [helper.make_node("MatMul", ["x", "w"], ["xw"]), helper.make_node("Add", ["xw", "b"], ["raw"]),
         helper.make_node("Clip", ["raw", "low", "high"], ["output"])]
constants += [write("low", np.array(0.001)), write("high", np.array(0.999))]
value = lambda name, size: helper.make_tensor_value_info(name, 1, ["batch", size])
graph = helper.make_graph(nodes, "linear", [value("x", k)], [value("output", 1)], constants)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
(made / "model.onnx").write_bytes(model.SerializeToString())
"""
PREDICTED = """
import pyarrow as pa
(made / "predictions").mkdir()
for name in contract["splits"]:
    said = np.clip(np.c_[scaled(name), np.ones(len(tables[name]))] @ weights, 0.001, 0.999)
    table = pa.table({"row_id": tables[name]["row_id"], "probability": said})
    pq.write_table(table.take(np.arange(len(said))[::-1]), made / "predictions" / f"{name}.parquet")
"""


def packed(files: dict[str, str]) -> bytes:
    """An archive of files."""
    return zipped({path: text.encode() for path, text in files.items()})


def supplied(folder: Path, files: dict[str, str], **others: Any) -> Supplies:
    """What a worker would supply for code with these files."""
    (tree := folder / "tree").write_bytes(tree_of(packed(files), limits=TreeLimits()))
    limits = {"environment_mb": 16, "install_seconds": 60, "files_mb": 50, "sandboxed": True}
    known = {"tree": str(tree), "digest": "0" * 64, "environments": str(folder / "environments"), "index": "/nowhere"}
    return Supplies(**{**known, **limits, **others})


def fitted(folder: Path, files: dict[str, str], *, name: str = "breast_cancer", **chosen: Any) -> FittedScript:
    """A run of the code in this process, its program in the sandbox."""
    tables, contract, target = known_set(name)
    supplies = chosen.pop("supplies", None) or supplied(folder, files)
    should_stop = chosen.pop("should_stop", lambda: False)
    (checkpoints := folder / "checkpoints").mkdir(exist_ok=True)
    result = Script.fit(
        FitContext(
            prepared=Script.prepare(tables, contract=contract, target=target, threads=1),
            params=check_params(Script, params=chosen),
            target=target,
            seed=7,
            threads=1,
            report=lambda step, metrics: None,
            should_stop=should_stop,
            checkpoints=checkpoints,
            supplies=supplies.model_dump(mode="json"),
        )
    )
    sys.stdout.flush()
    assert not list(checkpoints.iterdir()), "nothing of a run stays behind"
    assert isinstance(result, FittedScript)
    return result
