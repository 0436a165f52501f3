"""Features by key over HTTP: a real model server beside minimal web servers, one over raw blobs in SQLite and one that
holds everything in a dict. All listen on sockets of their own, are asked by the same client in turns, and have their
answers read as JSON."""

import http.client
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median

import orjson

from core.features.values import FeatureContract
from core.foundation.digests import canonical
from core.foundation.storage import Manifest, ManifestFile, Store
from core.registry.signature import Signature, TensorSpec
from core.serving.server_spec import READY_FILE, SOCKET_FILE, ServerSpec
from tests.bench.measuring.lines import Line, at_most, beside
from tests.bench.online.data import NAMES, view_of
from tests.compute.running import wait_until
from tests.registry.onnx_files import tiny_model
from tests.serving.running import ROOT, start_server


class Caller(http.client.HTTPConnection):
    """One kept connection to a socket, named by a short path."""

    def __init__(self, path: str) -> None:
        super().__init__("server")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)

    def ask(self, keys: list[int]) -> float:
        """Seconds for a question and its answer, read."""
        body = orjson.dumps({"view": "bench", "keys": [{"key": key} for key in keys]})
        begun = time.perf_counter()
        self.request("POST", "/features", body, {"content-type": "application/json"})
        answer = self.getresponse()
        decoded = orjson.loads(answer.read())
        seconds = time.perf_counter() - begun
        assert answer.status == 200, decoded
        assert len(decoded["values"]) == len(keys)
        return seconds


def http_lines(folder: Path, *, keys: int, batches: dict[int, int]) -> list[Line]:
    with ExitStack() as stack:
        ours = stack.enter_context(_model_server(folder))
        minimal = stack.enter_context(_minimal(folder / "minimal", str(keys), str(folder / "raw.sqlite")))
        plain = stack.enter_context(_minimal(folder / "plain", str(keys)))
        callers = (ours, minimal, plain)
        return [line for size, times in batches.items() for line in _compared(callers, size, times, keys)]


def _compared(callers: tuple[Caller, Caller, Caller], size: int, times: int, keys: int) -> list[Line]:
    dice = random.Random(1)
    seconds: tuple[list[float], list[float], list[float]] = ([], [], [])
    for _turn in range(times):
        wanted = dice.sample(range(keys), size)
        for caller, samples in zip(callers, seconds, strict=True):
            samples.append(caller.ask(wanted))
    mine, minimal, plain = (median(samples) * 1e6 for samples in seconds)
    return [
        at_most(f"HTTP, look-up of {size}, to a minimal server", mine, minimal, limit=1.5, unit="us"),
        beside(f"HTTP, look-up of {size}, to a dict behind HTTP", mine, plain, unit="us"),
    ]


@contextmanager
def _model_server(folder: Path) -> Iterator[Caller]:
    """A model server over the filled store, as the gateway starts it."""
    server = folder / "server"
    process = start_server(server, _spec(folder))
    handle = os.open(server, os.O_RDONLY)
    try:
        wait_until((server / READY_FILE).exists, what="a ready model server")
        with closing(Caller(f"/proc/self/fd/{handle}/{SOCKET_FILE}")) as caller:
            yield caller
    finally:
        os.close(handle)
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def _minimal(path: Path, *what: str) -> Iterator[Caller]:
    command = [sys.executable, "-m", "tests.bench.online.minimal_servers", str(path), *what]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            wait_until(lambda: _listens(path), what="a minimal server")
            with closing(Caller(str(path))) as caller:
                yield caller
        finally:
            process.terminate()


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _spec(folder: Path) -> ServerSpec:
    store = Store(folder / "store")
    contract = FeatureContract(event_time="event_time", row_id="row_id", request=(), views=(view_of(),))
    signature = Signature(inputs=tuple(TensorSpec(name=name, datatype="FP64") for name in NAMES))
    files = {
        "model.onnx": tiny_model(features=dict.fromkeys(NAMES, "number")),
        "signature.json": canonical(signature),
        "features.json": canonical(contract),
    }
    entries = [ManifestFile(path=path, sha256=store.put_bytes(data), size=len(data)) for path, data in files.items()]
    manifest = Manifest(files=tuple(entries))
    store.put_bytes(canonical(manifest))
    fields = {
        "endpoint_id": "EP-1",
        "endpoint": "bench",
        "environment": "staging",
        "version_id": "MV-1",
        "model": "bench",
    }
    fields |= {"version": 1, "digest": manifest.digest, "model_digest": entries[0].sha256, "store": store.root}
    return ServerSpec.model_validate(
        fields | {"online": folder / "replay.sqlite", "live": str(folder / "online.sqlite")}
    )
