"""Real online stores for tests: a file of SQLite, and a Redis that is started once and emptied for each test."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from core.features.online.store import OnlineRow, Packed, packed_rows
from core.features.values import ServedView
from tests.compute.running import wait_until


def view(digest: str = "d", *, ttl_us: int = 0, outputs: int = 1) -> ServedView:
    return ServedView(
        version_id="FEAT-1",
        view="v",
        digest=digest,
        rows_digest="",
        keys=(("k", "k"),),
        outputs=tuple((f"x{number}", f"x{number}", "number") for number in range(outputs)),
        ttl_us=ttl_us,
        delay_us=0,
    )


def row(key: Any, event: int, *values: Any, created: int | None = None) -> Packed:
    return packed((key,), event, *values, created=created)


def packed(key: tuple[Any, ...], event: int, *values: Any, created: int | None = None) -> Packed:
    (packed_row,) = packed_rows([OnlineRow(key, event, created, values)])
    return packed_row


@contextmanager
def redis_server(*, port: int = 0) -> Iterator[str]:
    """The address of a Redis on a socket of its own, and on a port where one is named; the folder's name is short, as
    sockets want it."""
    program = shutil.which("redis-server")
    assert program, "redis-server is missing: scripts/system-packages installs it"
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        socket = Path(folder) / "socket"
        command = [
            program,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--unixsocket",
            str(socket),
            "--save",
            "",
            "--dir",
            folder,
        ]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                wait_until(lambda: _answers(f"unix://{socket}"), what="a Redis that answers")
                yield f"unix://{socket}"
            finally:
                server.terminate()


def _answers(address: str) -> bool:
    try:
        with redis.Redis.from_url(address) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def emptied(address: str) -> str:
    with redis.Redis.from_url(address) as client:
        client.flushall()
    return address
