"""A small real HTTP server to aim at, a process of its own: it answers after its service time, one request after the
other, halts when told to, and remembers when each request came."""

import argparse
import asyncio
import json
import time

PREDICTION = b'{"predictions":[{"row_id":"r","probability":0.5}]}'


class Behavior:
    """One server: `service` seconds for each request, a halt of `stall` seconds every `stall_every` seconds, and every
    `fail_every`-th request answered with 503."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.arrivals: list[float] = []
        self.bodies: list[bytes] = []
        self.free = 0.0

    def arrived(self, body: bytes) -> tuple[float, bytes]:
        """When the answer is due, and the answer."""
        now = time.monotonic()
        self.arrivals.append(now)
        self.bodies = [*self.bodies[-99:], body]
        waited = max(0.0, self.free - now)
        self.free = now + waited + self.options.service
        if self.options.fail_every and len(self.arrivals) % self.options.fail_every == 0:
            return now, answer_of(503, b"{}", headers={})
        compute = int(self.options.service * 1e6)
        headers = {
            "x-causeway-digest": self.options.digest,
            "x-causeway-queue-us": str(int(waited * 1e6)),
            "x-causeway-compute-us": str(compute),
        }
        return self.free, answer_of(200, PREDICTION, headers=headers)


def answer_of(status: int, body: bytes, *, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *(f"{name}: {of}" for name, of in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connection(asyncio.Protocol):
    """Keep-alive, one request at a time."""

    def __init__(self, behavior: Behavior) -> None:
        self.behavior = behavior
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, end, rest = self.data.partition(b"\r\n\r\n")
        if not end:
            return
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        if len(rest) >= length:
            self.data = rest[length:]
            self.answer(head, rest[:length])

    def answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            seen = {"arrivals": self.behavior.arrivals, "bodies": [body.decode() for body in self.behavior.bodies]}
            self.transport.write(answer_of(200, json.dumps(seen).encode(), headers={"head": "x"}))
            return
        due, answer = self.behavior.arrived(body)
        delay = due - time.monotonic()
        if delay <= 0:
            self.transport.write(answer)
        else:
            asyncio.get_running_loop().call_later(delay, self.transport.write, answer)


async def stall(seconds: float, *, every: float) -> None:
    while every:
        await asyncio.sleep(every)
        # The whole process halts, as for a collection of garbage: nothing is read, nothing is answered.
        time.sleep(seconds)


async def serve(options: argparse.Namespace) -> None:
    behavior = Behavior(options)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(behavior), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stall(options.stall, every=options.stall_every)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--digest", default="")
    for name in ("service", "stall", "stall-every"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    parser.add_argument("--fail-every", type=int, default=0)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
