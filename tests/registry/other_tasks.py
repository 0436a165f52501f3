"""Versions of tasks that are not yes and no, registered from what they would have answered: nothing is trained."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from onnx import TensorProto, helper

from core.foundation.actors import Actor
from core.foundation.digests import canonical
from core.foundation.storage import Manifest, ManifestFile
from core.portal import Portal
from core.registry.signature import Signature, TensorSpec
from core.registry.values import Evaluation, ModelVersion, NewVersion
from core.tasks.prediction_files import predictions_in, predictions_table
from core.tasks.predictions import Outputs
from core.tasks.task import task_of
from core.tasks.values import Target
from tests.registry.onnx_files import calling, contract, put_table

CLASSES = ("crack", "ok", "scratch")
ROWS = 240
DEFECTS = Target(task="multi_class", label="defect", classes=CLASSES)
TYPES = {"FP64": TensorProto.DOUBLE, "BYTES": TensorProto.STRING}
PRICES = Target(task="regression", label="price")


def defects(portal: Portal, by: Actor, *, noise: float = 0.8, seed: int = 1) -> ModelVersion:
    """Of several classes; the less noise, the better."""
    random = np.random.default_rng(7)
    codes = random.choice(3, ROWS, p=(0.2, 0.5, 0.3))
    logits = np.eye(3)[codes] * 2 + np.random.default_rng(seed).normal(size=(ROWS, 3)) * noise
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    predicted = np.array(CLASSES, dtype=object)[probabilities.argmax(axis=1)]
    labels = [CLASSES[code] for code in codes]
    outputs = {"probabilities": probabilities, "predicted": predicted}
    return judged(portal, by, "solder-defects", target=DEFECTS, labels=labels, outputs=outputs)


def prices(portal: Portal, by: Actor, *, noise: float = 20.0, seed: int = 1) -> ModelVersion:
    """Of numbers around 300."""
    values = np.random.default_rng(7).gamma(4.0, 75.0, ROWS)
    answers = {"value": values + np.random.default_rng(seed).normal(size=ROWS) * noise}
    return judged(portal, by, "home-price", target=PRICES, labels=values.tolist(), outputs=answers)


def judged(
    portal: Portal, by: Actor, name: str, *, target: Target, labels: Sequence[Any], outputs: Outputs
) -> ModelVersion:
    """A version that gave these answers for the rows "r0", "r1" and so on, whose labels are these."""
    store, task = portal.foundation.store, task_of(target)
    row_ids = pa.array([f"r{row}" for row in range(len(labels))])
    table = predictions_table(row_ids, labels=pa.array(labels), outputs=outputs)
    predictions = predictions_in(table, rows=(), target=target)
    evaluation = Evaluation(
        holdout=put_table(store, table.select(["row_id", "label"])),
        holdout_name="test",
        rows=len(labels),
        metrics=task.evaluate(predictions),
        predictions=put_table(store, table),
        **task.spread_of(predictions.labels, target=target).as_fields(),
    )
    folder = _folder(portal, target, evaluation.predictions)
    new = NewVersion(
        project="PROJ-1",
        model=name,
        digest=folder.digest,
        model_digest=next(file.sha256 for file in folder.files if file.path == "model.onnx"),
        evaluations=(evaluation,),
        created_by=by.person_id,
    )
    with calling(portal, by) as call:
        return portal.registry.register(call, new)


def _graph(specs: Sequence[TensorSpec]) -> bytes:
    """One number in; each output is that number, as a text where it is one, and times 1, 2 and so on where it is
    wide."""
    nodes, constants = [], [helper.make_tensor("column", TensorProto.INT64, [2], [-1, 1])]
    nodes.append(helper.make_node("Reshape", ["width", "column"], ["upright"]))
    for spec in specs:
        if spec.row:
            steps = [float(place + 1) for place in range(spec.row[0])]
            constants.append(helper.make_tensor(f"{spec.name}_steps", TensorProto.DOUBLE, [1, len(steps)], steps))
            nodes.append(helper.make_node("Mul", ["upright", f"{spec.name}_steps"], [spec.name]))
        else:
            nodes.append(helper.make_node("Cast", ["width"], [spec.name], to=TYPES[spec.datatype]))
    inputs = [helper.make_tensor_value_info("width", TensorProto.DOUBLE, ["batch"])]
    outputs = [helper.make_tensor_value_info(spec.name, TYPES[spec.datatype], ["batch", *spec.row]) for spec in specs]
    graph = helper.make_graph(nodes, "other", inputs, outputs, initializer=constants)
    opsets = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def _folder(portal: Portal, target: Target, predictions: str) -> Manifest:
    """As a job would leave it; the file gives what the task wants, and not the answers."""
    specs = [
        TensorSpec(name=spec.name, datatype=spec.datatype, shape=(-1, len(spec.names)) if spec.names else (-1,))
        for spec in task_of(target).outputs(target)
    ]
    inputs = (TensorSpec(name="width", datatype="FP64"),)
    signature = Signature(inputs=inputs, output=specs[0].name, outputs=tuple(specs), target=target)
    files = {
        "model.onnx": _graph(specs),
        "signature.json": canonical(signature),
        "features.json": canonical(contract({"width": "number"})),
        "card.md": f"It answered {predictions}.".encode(),
    }
    store = portal.foundation.store
    entries = (
        ManifestFile(path=path, sha256=store.put_bytes(data), size=len(data)) for path, data in sorted(files.items())
    )
    manifest = Manifest(files=tuple(entries))
    store.put_bytes(canonical(manifest))
    return manifest
