"""Requests a second of a model server, of forty lines without any check, and of the session in process, in turns."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import orjson
import psutil
import pyarrow as pa

from core.features.values import FeatureContract
from core.foundation.digests import canonical
from core.foundation.storage import Manifest, ManifestFile, Store
from core.registry.signature import Signature
from core.serving.model_server.columns import to_bytes
from core.serving.model_server.session import open_session
from core.serving.server_spec import READY_FILE, SOCKET_FILE, ServerSpec
from tests.bench.inference.models import CATEGORIES, NUMBERS, flights_like, names_of, our_sums, sums, table
from tests.bench.measuring.lines import Line, at_most, beside
from tests.bench.online.http import _listens
from tests.compute.running import wait_until
from tests.serving.running import ROOT, start_server

CONNECTIONS, BODIES, COLUMNS = 64, 50, 1_000
COLUMN_NAMES = (*CATEGORIES, *NUMBERS)
INFER = "/v2/models/bench/infer"


class Speed(NamedTuple):
    """Answers a second, and what one takes of the processor in microseconds: the second figure also holds on a machine
    that has other things to do."""

    rate: float
    cpu_us: float


Speeds = dict[str, list[Speed]]


def measure(
    *, seconds: float = 1.5, rounds: int = 7, columns: int = COLUMNS, sizes: tuple[int, ...] = (1, 64)
) -> list[Line]:
    model, signature, contract = flights_like()
    lines = []
    with TemporaryDirectory(prefix="bench-") as temporary, ExitStack() as stack:
        folder = Path(temporary)
        (folder / "model.onnx").write_bytes(model)
        servers = {
            "ours": stack.enter_context(_model_server(folder, _spec(folder, model, signature, contract))),
            "raw": stack.enter_context(_raw_server(folder)),
        }
        for rows in sizes:
            bodies, inputs = _requests(folder / f"bodies-{rows}", rows=rows)
            binary = _binary_requests(folder / f"binary-{rows}", inputs)
            runs = {name: _asking(server, bodies, seconds=seconds) for name, server in servers.items()}
            runs["binary"] = _asking(servers["ours"], binary, seconds=seconds)
            runs["in process"] = partial(_in_process, model, inputs, seconds=seconds / 3)
            rates = _in_turns(runs, rounds=rounds)
            lines += _compared(rates, rows=rows)
    return [*lines, *wide_lines(columns=columns, seconds=seconds / 3, rounds=rounds)]


@dataclass(frozen=True)
class Server:
    """One that runs: its socket and its process."""

    path: str
    pid: int

    def spent(self) -> float:
        """Seconds of the processor."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system


def _compared(rates: Speeds, *, rows: int) -> list[Line]:
    shown = f"{rows} rows a request, {CONNECTIONS} connections"
    ours, raw, alone, binary = (rates[name] for name in ("ours", "raw", "in process", "binary"))
    return [
        _at_least(f"{shown}, to raw ASGI", ours, raw, goal=1.2 if rows == 1 else None),
        _at_least(f"{shown}, to in process", ours, alone, goal=0.45 if rows == 64 else None),
        _at_least(f"{shown}, binary, to in process", binary, alone, goal=0.45 if rows == 64 else None),
        _processor(f"{shown}, to raw ASGI", ours, raw),
        _processor(f"{shown}, to in process", ours, alone),
        _processor(f"{shown}, binary, to in process", binary, alone),
    ]


def _at_least(name: str, ours: list[Speed], peers: list[Speed], *, goal: float | None) -> Line:
    """The median of the ratios of each round: whatever else the machine does falls on all of a round."""
    ratio = median(mine.rate / peer.rate for mine, peer in zip(ours, peers, strict=True))
    shown = [f"{median(speed.rate for speed in speeds):,.0f}/s" for speeds in (ours, peers)]
    return Line(name, *shown, ratio, f">= {goal} x" if goal else "", ratio >= goal if goal else None)


def _processor(name: str, ours: list[Speed], peers: list[Speed]) -> Line:
    mine, theirs = (median(speed.cpu_us for speed in speeds) for speeds in (ours, peers))
    return beside(f"  processor, {name}", mine, theirs, unit="us")


def wide_lines(*, columns: int, seconds: float, rounds: int) -> list[Line]:
    """A call of a model of many columns as our files of so many take them, beside the same over one tensor, and beside
    an input each."""
    row = np.random.default_rng(1).normal(size=(1, columns))
    narrow = {name: row[:, at].copy() for at, name in enumerate(names_of(columns))}
    ours, signature = our_sums(columns)
    questions = {
        "ours": (ours, {"numbers": row} if signature.inputs[0].columns else narrow),
        "tensor": (sums(columns, is_wide=True), {"numbers": row}),
        "inputs": (sums(columns, is_wide=False), narrow),
    }
    runs = {name: partial(_in_process, model, [inputs], seconds=seconds) for name, (model, inputs) in questions.items()}
    us = {name: median(speed.cpu_us for speed in speeds) for name, speeds in _in_turns(runs, rounds=rounds).items()}
    return [
        at_most(f"session.run of {columns} columns, to one tensor", us["ours"], us["tensor"], limit=1.3, unit="us"),
        beside(f"session.run of {columns} columns, to an input each", us["ours"], us["inputs"], unit="us"),
    ]


def _in_turns(runs: Mapping[str, Callable[[], Speed]], *, rounds: int) -> Speeds:
    speeds: Speeds = {name: [] for name in runs}
    for _round in range(rounds):
        for name, run in runs.items():
            speeds[name].append(run())
    return speeds


def _asking(server: Server, bodies: Path, *, seconds: float) -> Callable[[], Speed]:
    command = [sys.executable, "-m", "tests.bench.inference.load", server.path, INFER, str(CONNECTIONS), str(seconds)]

    def run() -> Speed:
        before = server.spent()
        done = subprocess.run([*command, str(bodies)], cwd=ROOT, check=True, capture_output=True, text=True)
        rate, answers = done.stdout.split()
        return Speed(float(rate), 1e6 * (server.spent() - before) / int(answers))

    return run


def _in_process(model: bytes, inputs: list[dict[str, Any]], *, seconds: float) -> Speed:
    """Calls a second of the session alone, with all that it takes at hand."""
    session, calls = open_session(model), 0
    session.run(["probability"], inputs[0])
    begun, spent = time.perf_counter(), time.process_time()
    while time.perf_counter() - begun < seconds:
        for question in inputs:
            session.run(["probability"], question)
        calls += len(inputs)
    return Speed(calls / (time.perf_counter() - begun), 1e6 * (time.process_time() - spent) / calls)


def _requests(folder: Path, *, rows: int) -> tuple[Path, list[dict[str, Any]]]:
    """Requests of different rows as bodies in a folder, and as what the session takes."""
    folder.mkdir()
    inputs = []
    for at in range(BODIES):
        sent = table(rows, seed=100 + at, texts=CATEGORIES, numbers=NUMBERS)
        (folder / f"{at:03d}").write_bytes(orjson.dumps({"inputs": [_tensor(sent, name) for name in COLUMN_NAMES]}))
        inputs.append({name: _array(sent, name) for name in COLUMN_NAMES})
    return folder, inputs


def _binary_requests(folder: Path, inputs: list[dict[str, Any]]) -> Path:
    """The same requests with tensors behind the JSON, as the clients of the protocol write them."""
    folder.mkdir()
    for at, arrays in enumerate(inputs):
        data = {name: to_bytes(values) for name, values in arrays.items()}
        tensors = [
            {
                **{"name": name, "shape": values.shape, "datatype": "BYTES" if values.dtype == object else "FP64"},
                "parameters": {"binary_data_size": len(data[name])},
            }
            for name, values in arrays.items()
        ]
        head = orjson.dumps({"inputs": tensors, "parameters": {"binary_data_output": True}})
        (folder / f"{at:03d}.{len(head)}").write_bytes(head + b"".join(data.values()))
    return folder


def _tensor(rows: pa.Table, name: str) -> dict[str, Any]:
    datatype = "BYTES" if name in CATEGORIES else "FP64"
    return {"name": name, "shape": [rows.num_rows], "datatype": datatype, "data": rows.column(name).to_pylist()}


def _array(rows: pa.Table, name: str) -> Any:
    values = rows.column(name).to_pylist()
    return np.array(values, dtype=object if name in CATEGORIES else np.float64)


@contextmanager
def _model_server(folder: Path, spec: ServerSpec) -> Iterator[Server]:
    server = folder / "server"
    process = start_server(server, spec)
    try:
        wait_until((server / READY_FILE).exists, what="a ready model server")
        yield Server(str(server / SOCKET_FILE), process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def _raw_server(folder: Path) -> Iterator[Server]:
    path = folder / "raw"
    command = [sys.executable, "-m", "tests.bench.inference.raw_server", str(path), str(folder / "model.onnx")]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ}) as process:
        try:
            wait_until(lambda: _listens(path), what="a raw server")
            yield Server(str(path), process.pid)
        finally:
            process.terminate()


def _spec(folder: Path, model: bytes, signature: Signature, contract: FeatureContract) -> ServerSpec:
    store = Store(folder / "store")
    files = {"model.onnx": model, "signature.json": canonical(signature), "features.json": canonical(contract)}
    entries = [ManifestFile(path=path, sha256=store.put_bytes(data), size=len(data)) for path, data in files.items()]
    manifest = Manifest(files=tuple(entries))
    store.put_bytes(canonical(manifest))
    named = {"endpoint_id": "EP-1", "endpoint": "bench", "environment": "staging", "version_id": "MV-1"}
    digests = {"digest": manifest.digest, "model_digest": entries[0].sha256, "store": store.root}
    return ServerSpec.model_validate(
        {**named, **digests, "model": "bench", "version": 1, "online": folder / "replay.sqlite"}
    )
