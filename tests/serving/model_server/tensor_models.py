"""Models that take and give tensors of any datatype and shape, and a server of one within the tests' own process, on a
port, as clients of the protocol call it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop
from onnx import TensorProto, helper

from core.features.values import FeatureContract
from core.foundation.digests import canonical
from core.foundation.storage import Manifest, ManifestFile, Store
from core.registry.onnx_safety import DATATYPES, signature_of
from core.registry.signature import Signature
from core.serving.model_server.application import Readiness
from core.serving.model_server.process import connections_of
from core.serving.model_server.session import load_model
from core.serving.server_spec import ServerSpec

KINDS = {datatype: number for number, datatype in DATATYPES.items()}


def model_of(inputs: dict[str, tuple[str, list[Any]]], outputs: dict[str, tuple[str, list[Any]]], *nodes: Any) -> bytes:
    """A model file of nodes; tensors are a datatype and a shape behind the rows."""
    given, gives = (
        [
            helper.make_tensor_value_info(name, KINDS[datatype], ["batch", *row])  # type: ignore[index]
            for name, (datatype, row) in tensors.items()
        ]
        for tensors in (inputs, outputs)
    )
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    graph = helper.make_graph(list(nodes), "tensors", given, gives, initializer=[axis])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


def echo(datatype: str, *, row: list[Any] | None = None) -> bytes:
    """Gives what it takes."""
    tensor = (datatype, row or [])
    return model_of({"x": tensor}, {"y": tensor}, helper.make_node("Identity", ["x"], ["y"]))


def mixed() -> bytes:
    """Three numbers, an id, a text and a flag; gives a score, with the id behind it, and the text as a label."""
    return model_of(
        {"x": ("FP32", [3]), "id": ("INT64", [1]), "text": ("BYTES", [1]), "flag": ("BOOL", [1])},
        {"scores": ("FP32", [2]), "label": ("BYTES", [1])},
        helper.make_node("ReduceSum", ["x", "axis"], ["sum"]),
        helper.make_node("Neg", ["sum"], ["negative"]),
        helper.make_node("Where", ["flag", "sum", "negative"], ["signed"]),
        helper.make_node("Cast", ["id"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["signed", "number"], ["scores"], axis=1),
        helper.make_node("Identity", ["text"], ["label"]),
    )


def spec_for(
    folder: Path,
    model: bytes,
    *,
    signature: Signature | None = None,
    contract: FeatureContract | None = None,
    **limits: int,
) -> ServerSpec:
    store, takes = Store(folder / "store"), signature or signature_of(model)
    sent = contract or _contract_of(takes)
    files = {"model.onnx": model, "signature.json": canonical(takes), "features.json": canonical(sent)}
    entries = [ManifestFile(path=path, sha256=store.put_bytes(data), size=len(data)) for path, data in files.items()]
    manifest = Manifest(files=tuple(entries))
    store.put_bytes(canonical(manifest))
    named = {"endpoint_id": "EP-1", "endpoint": "tensors", "environment": "staging", "version_id": "MV-1"}
    digests = {"digest": manifest.digest, "model_digest": entries[0].sha256, "store": store.root}
    return ServerSpec.model_validate(
        {**named, **digests, "model": "m", "version": 1, "online": folder / "online.sqlite", "limits": limits}
    )


def _contract_of(signature: Signature) -> FeatureContract:
    """Callers send each column by its name."""
    kinds = {name: "category" if datatype == "BYTES" else "number" for name, datatype in signature.columns.items()}
    fields = [{"name": name, "kind": kind, "is_model_input": True} for name, kind in kinds.items()]
    return FeatureContract.model_validate({"event_time": "at", "row_id": "row_id", "request": fields, "views": []})


@contextmanager
def listening(spec: ServerSpec) -> Iterator[str]:
    """The address of a server in a thread."""
    model, started = load_model(spec), threading.Event()
    loop, addresses = uvloop.new_event_loop(), list[str]()

    connections = connections_of(spec, model, readiness=Readiness(), loop=loop)

    async def start() -> asyncio.Server:
        server = await loop.create_server(connections.connect, "127.0.0.1", 0)
        addresses.append("{}:{}".format(*server.sockets[0].getsockname()))
        started.set()
        return server

    def run() -> None:
        server = loop.run_until_complete(start())
        loop.run_forever()
        server.close()
        connections.pictures.close()
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert started.wait(10)
        yield addresses[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
