"""Asks a server as fast as it answers, over so many kept connections, and prints its answers a second, and all of them:
`python -m tests.bench.inference.load SOCKET PATH CONNECTIONS SECONDS BODIES`, a folder of files. The suffix of one with
binary tensors is how long its JSON is."""

import asyncio
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop

END, LENGTH = b"\r\n\r\n", b"content-length: "


class Asking(asyncio.Protocol):
    """One connection; `answers` counts for all of them."""

    def __init__(self, requests: list[bytes], answers: list[int]) -> None:
        self._requests, self._answers, self._buffer = cycle(requests), answers, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(END)
        if not separator or len(body) < int(head.lower().partition(LENGTH)[2].partition(b"\r\n")[0]):
            return
        assert head.startswith(b"HTTP/1.1 200"), self._buffer
        self._answers[0] += 1
        self._buffer = b""
        self._transport.write(next(self._requests))


async def measure(path: str, *, requests: list[bytes], connections: int, seconds: float) -> tuple[float, int]:
    loop, answers = asyncio.get_running_loop(), [0]
    for at in range(connections):
        turned = requests[at % len(requests) :] + requests[: at % len(requests)]
        await loop.create_unix_connection(lambda bodies=turned: Asking(bodies, answers), path)  # type: ignore[misc]
    await asyncio.sleep(seconds / 4)
    before, begun = answers[0], time.perf_counter()
    await asyncio.sleep(seconds)
    return (answers[0] - before) / (time.perf_counter() - begun), answers[0]


def request_of(path: str, body: bytes, *, head_bytes: int = 0) -> bytes:
    """`head_bytes` is how long the JSON is where binary tensors follow it."""
    line, more = path.encode(), b"\r\ninference-header-content-length: %d" % head_bytes if head_bytes else b""
    return b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: %d%s\r\n\r\n%s" % (line, len(body), more, body)


if __name__ == "__main__":
    socket_path, address, connections, seconds, folder = sys.argv[1:]
    files = sorted(Path(folder).iterdir())
    bodies = [request_of(address, file.read_bytes(), head_bytes=int(file.suffix[1:] or 0)) for file in files]
    print(*uvloop.run(measure(socket_path, requests=bodies, connections=int(connections), seconds=float(seconds))))
