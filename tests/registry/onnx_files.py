"""Small real models for tests of the registry and of everything above it: a logistic model over text and numbers, with
its category map and imputation inside the graph, and versions of it registered with evaluations on a synthetic holdout.

Its logit is `bias + sum of category effects + weight * sum of numbers`: a missing number counts as 0, and so does a
category never seen. Labels of the holdout are drawn with weight 1, so a weight of 1 is the best there can be."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
from onnx import TensorProto, helper

from core.features.values import FeatureContract, RequestField
from core.foundation.actions.call import Call
from core.foundation.actions.spec import ActionSpec
from core.foundation.actors import Actor
from core.foundation.digests import canonical
from core.foundation.storage import Manifest, ManifestFile, Store
from core.identity.permissions import Permission
from core.portal import Portal
from core.registry.signature import Signature, TensorSpec
from core.registry.values import Evaluation, ModelVersion, NewVersion
from core.tasks.measures import probabilities

Kind = Literal["category", "number"]
FEATURES: dict[str, Kind] = {"carrier": "category", "origin": "category", "distance": "number", "wind": "number"}
EFFECTS = {"AA": 0.8, "B6": -0.6, "UA": 0.3, "EWR": 0.5, "JFK": -0.4, "LGA": 0.1}
BIAS = -1.2
START = datetime(2013, 11, 1, tzinfo=UTC)


def tiny_model(
    *, features: Mapping[str, Kind] = FEATURES, weight: float = 1.0, bias: float = BIAS, poison: bool = False
) -> bytes:
    """A model file with one rank-1 input per feature (text or double) and the output `probability`. `poison` makes
    every answer NaN."""
    nodes, terms = [], []
    for name, kind in features.items():
        created, term = _category(name) if kind == "category" else _number(name)
        nodes += created
        terms.append(term)
    nodes += [
        helper.make_node("Sum", terms, ["total"]),
        helper.make_node("Add", ["total", "bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
    ]
    types = {"category": TensorProto.STRING, "number": TensorProto.DOUBLE}
    inputs = [helper.make_tensor_value_info(name, types[kind], ["batch"]) for name, kind in features.items()]
    output = helper.make_tensor_value_info("probability", TensorProto.DOUBLE, ["batch"])
    graph = helper.make_graph(nodes, "tiny", inputs, [output], initializer=_constants(weight, bias, poison=poison))
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def changed(change: Callable[[Any], None]) -> bytes:
    """The tiny model with something changed in it."""
    model = onnx.ModelProto()
    model.ParseFromString(tiny_model())
    change(model)
    return model.SerializeToString()


def _category(name: str) -> tuple[list[onnx.NodeProto], str]:
    known: dict[str, Any] = {"keys_strings": list(EFFECTS), "values_floats": list(EFFECTS.values())}
    encode = helper.make_node(
        "LabelEncoder", [name], [f"{name}_effect"], domain="ai.onnx.ml", default_float=0.0, **known
    )
    cast = helper.make_node("Cast", [f"{name}_effect"], [f"{name}_term"], to=TensorProto.DOUBLE)
    return [encode, cast], f"{name}_term"


def _number(name: str) -> tuple[list[onnx.NodeProto], str]:
    missing = helper.make_node("IsNaN", [name], [f"{name}_missing"])
    fill = helper.make_node("Where", [f"{name}_missing", "zero", name], [f"{name}_filled"])
    scale = helper.make_node("Mul", [f"{name}_filled", "weight"], [f"{name}_term"])
    return [missing, fill, scale], f"{name}_term"


def _constants(weight: float, bias: float, *, poison: bool) -> list[onnx.TensorProto]:
    values = {"zero": 0.0, "weight": weight, "bias": float("nan") if poison else bias}
    return [helper.make_tensor(name, TensorProto.DOUBLE, [], [value]) for name, value in values.items()]


def contract(features: Mapping[str, Kind] = FEATURES) -> FeatureContract:
    """Callers send every feature themselves; nothing is looked up."""
    fields = tuple(RequestField(name=name, kind=kind, is_model_input=True) for name, kind in features.items())
    return FeatureContract(event_time="event_time", row_id="row_id", request=fields, views=())


def put_version_folder(
    store: Store, *, model: bytes, features: Mapping[str, Kind] = FEATURES, card: str = "A model of a test."
) -> Manifest:
    """A version's folder in the store, as a training job would leave it."""
    kinds: dict[str, Literal["BYTES", "FP64"]] = {"category": "BYTES", "number": "FP64"}
    signature = Signature(inputs=tuple(TensorSpec(name=name, datatype=kinds[kind]) for name, kind in features.items()))
    files = {
        "model.onnx": model,
        "signature.json": canonical(signature),
        "features.json": canonical(contract(features)),
        "card.md": card.encode(),
    }
    entries = (
        ManifestFile(path=path, sha256=store.put_bytes(data), size=len(data)) for path, data in sorted(files.items())
    )
    manifest = Manifest(files=tuple(entries))
    store.put_bytes(canonical(manifest))
    return manifest


def holdout_table(*, rows: int = 2000, seed: int = 1, features: Mapping[str, Kind] = FEATURES) -> pa.Table:
    """Rows to judge on, with columns row_id, event_time, label and every feature; one number in 50 is missing."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "row_id": [f"row-{seed}-{number:06d}" for number in range(rows)],
        "event_time": pa.array(
            [START + timedelta(minutes=number) for number in range(rows)], pa.timestamp("us", tz="UTC")
        ),
    }
    logit = np.full(rows, BIAS)
    for name, kind in features.items():
        if kind == "category":
            chosen = random.choice([*EFFECTS, "??"], rows)
            columns[name], effect = chosen.tolist(), np.array([EFFECTS.get(category, 0.0) for category in chosen])
        else:
            values = np.where(random.random(rows) < 0.02, np.nan, random.normal(size=rows))
            columns[name], effect = values, np.nan_to_num(values)
        logit += effect
    label = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int32)
    return pa.table({**columns, "label": pa.array(label, pa.int32())})


def put_table(store: Store, table: pa.Table) -> str:
    """A table as a Parquet file in the store; its digest."""
    target = io.BytesIO()
    pq.write_table(table, target, write_page_checksum=True)
    return store.put_bytes(target.getvalue())


def predict(model: bytes, table: pa.Table, *, features: Mapping[str, Kind] = FEATURES) -> np.ndarray:
    """What the model file answers for each row, by the engine that serves it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    types: dict[Kind, Any] = {"category": object, "number": np.float64}
    inputs = {name: np.array(table.column(name).to_pylist(), dtype=types[kind]) for name, kind in features.items()}
    return session.run(["probability"], inputs)[0]


def evaluation_on(
    store: Store, *, model: bytes, table: pa.Table, name: str = "test", features: Mapping[str, Kind] = FEATURES
) -> Evaluation:
    """The model's evaluation on the table, with its predictions in the store."""
    labels = table.column("label").to_numpy()
    judged = predict(model, table, features=features)
    answers = pa.table({"row_id": table.column("row_id"), "label": table.column("label"), "probability": judged})
    return Evaluation(
        holdout=put_table(store, table),
        holdout_name=name,
        rows=table.num_rows,
        positive_share=float(labels.mean()),
        metrics=probabilities.evaluate(labels, probabilities=judged),
        predictions=put_table(store, answers),
    )


@contextmanager
def calling(portal: Portal, actor: Actor, *, permission: Permission = Permission.READ) -> Iterator[Call]:
    """A write transaction in the actor's name, for parts that are no action of their own."""
    spec = ActionSpec(name="test.setup", permission=permission, reads=False, function=calling)
    with portal.foundation.database.write() as session:
        call = Call(portal.foundation, session, actor, spec)
        call.unscoped()
        call.about("")
        yield call
        call.close()


def register_tiny(
    portal: Portal,
    actor: Actor,
    name: str = "late-arrival",
    *,
    project: str = "PROJ-1",
    weight: float = 1.0,
    features: Mapping[str, Kind] = FEATURES,
    model: bytes | None = None,
    rows: int = 2000,
    seed: int = 1,
    table: pa.Table | None = None,
    **fields: Any,
) -> ModelVersion:
    """A registered version, judged on a synthetic holdout named "test" that versions of the same rows and seed share. A
    weight other than 1 is a worse model. `fields` are further ones of NewVersion, for instance params or run_id."""
    store = portal.foundation.store
    data = model or tiny_model(features=features, weight=weight)
    manifest = put_version_folder(store, model=data, features=features)
    judged_on = table if table is not None else holdout_table(rows=rows, seed=seed, features=features)
    evaluation = evaluation_on(store, model=data, table=judged_on, features=features)
    new = NewVersion(
        project=project,
        model=name,
        digest=manifest.digest,
        model_digest=next(file.sha256 for file in manifest.files if file.path == "model.onnx"),
        created_by=actor.person_id,
        **{"evaluations": (evaluation,), "params": {"weight": weight}, **fields},
    )
    with calling(portal, actor) as call:
        return portal.registry.register(call, new)
