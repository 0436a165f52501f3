"""HTTP/1.1 for the model server, on asyncio and httptools: a web framework would cost five times the model. One
connection's trouble stays its own: whoever leaves early, sends rubbish or never reads costs nobody else an answer."""

import asyncio
from collections import deque
from functools import partial
from time import perf_counter_ns
from typing import Protocol, cast

import httptools

from core.foundation.errors import PortalError
from core.serving.model_server.answers import Answer, refused
from core.serving.model_server.application import Application, Request
from core.serving.model_server.batches import Batches, Work
from core.serving.model_server.counters import Counters
from core.serving.model_server.lookup import CALLER
from core.serving.model_server.pictures import PictureDecoding

# What Envoy calls a request; it is named so in every line about it, and in the answer.
REQUEST_ID, LONGEST_ID = b"x-request-id", 128
# How long the JSON of a body is where binary tensors follow it.
HEAD_BYTES = b"inference-header-content-length"
MOST_HEAD_BYTES = 65_536
MICROSECOND_NS = 1_000
LONGEST_SIZE = 12
BINARY_KIND = b"\r\ncontent-type: application/octet-stream\r\ninference-header-content-length: %d"
REASONS = {
    200: b"OK",
    400: b"Bad Request",
    401: b"Unauthorized",
    403: b"Forbidden",
    404: b"Not Found",
    405: b"Method Not Allowed",
    409: b"Conflict",
    413: b"Content Too Large",
    422: b"Unprocessable Content",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
}
LINES = {status: b"HTTP/1.1 %d %s" % (status, reason) for status, reason in REASONS.items()}


class AccessLog(Protocol):
    """What writes a line for each request, where the settings ask for it."""

    def __call__(self, request: Request, answer: Answer, *, total_ns: int) -> None: ...


class Turn:
    """When the loop began its present turn: what arrived in it has waited since then for those before it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._began = loop, 0

    def began(self) -> int:
        """Nanoseconds of the performance counter."""
        if not self._began:
            self._began = perf_counter_ns()
            self._loop.call_soon(self._end)
        return self._began

    def _end(self) -> None:
        self._began = 0


class Connections:
    """The open connections of a server, and what all of its answers say about themselves."""

    def __init__(
        self,
        application: Application,
        *,
        batches: Batches,
        pictures: PictureDecoding,
        version: str,
        digest: str,
        most_body: int,
        loop: asyncio.AbstractEventLoop,
        counters: Counters,
        access: AccessLog | None = None,
    ) -> None:
        self.application, self.most_body, self.turn = application, most_body, Turn(loop)
        self.counters, self.access = counters, access
        self.batches, self.pictures = batches, pictures
        self.open: set[Connection] = set()
        self.closing = False
        self.head = f"\r\nx-causeway-version: {version}\r\nx-causeway-digest: {digest}".encode()

    def connect(self) -> "Connection":
        return Connection(self)

    def close_idle(self) -> bool:
        """Closes the connections on which no request is under way; true once none is left."""
        for connection in tuple(self.open):
            connection.close_if_idle()
        return not self.open


class Connection(asyncio.Protocol):
    """One connection. Requests are answered in the order in which they came."""

    def __init__(self, connections: Connections) -> None:
        self._all = connections
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._began_ns = 0
        self._is_awaited = self._is_decoding = False
        self._behind: deque[tuple[Request, bool]] = deque()
        self._start()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._all.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.open.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._began_ns = self._all.turn.began()
        self._under_way = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(400, "This is no HTTP request that we take")

    def pause_writing(self) -> None:
        """The caller does not read its answers: it gets no more until it does."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def on_url(self, url: bytes) -> None:
        self._path += url
        self._grow(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value))
        if len(name) == len(CALLER) and name.lower() == CALLER:
            self._caller = value
        elif len(name) == len(REQUEST_ID) and name.lower() == REQUEST_ID:
            self._id = value[:LONGEST_ID]
        elif len(name) == len(HEAD_BYTES) and name.lower() == HEAD_BYTES:
            self._json_bytes = value

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._all.most_body:
            self._refuse(413, f"The body is larger than {self._all.most_body} bytes")
        elif not self._refused:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._refused or self._transport is None:
            return
        request, is_last = self._request(), not self._parser.should_keep_alive()
        self._start()
        self._behind.append((request, is_last))
        self._take_next()

    def _take_next(self) -> None:
        """Those behind one whose images are being decoded wait for it."""
        while self._behind and not self._is_decoding:
            self._take(*self._behind.popleft())

    def _take(self, request: Request, is_last: bool) -> None:
        self._answer_those_before()
        waited_ns = perf_counter_ns() - request.began_ns
        answer = self._all.application.take(request)
        if isinstance(answer, Answer):
            self._deliver(request, is_last, answer._replace(waited_ns=waited_ns))
            return
        self._is_awaited = True
        deliver = partial(self._deliver, request, is_last)
        work = Work(answer.rows, answer.arrays, request.began_ns, answer.finish, deliver)
        if not answer.pictures:
            self._all.batches.add(work)
            return
        self._is_decoding = True
        self._all.pictures.decode(answer.pictures, partial(self._decoded, work))

    def _decoded(self, work: Work, refusal: PortalError | None) -> None:
        self._is_decoding = False
        if refusal is None:
            self._all.batches.add(work)
        else:
            work.deliver(refused(refusal.status, refusal.message, hint=refusal.hint))
        self._take_next()

    def close_if_idle(self) -> None:
        if not self._under_way and not self._is_awaited and self._transport is not None:
            self._transport.close()

    def _start(self) -> None:
        """Ready for the next request."""
        self._path, self._body, self._body_bytes, self._head_bytes = b"", list[bytes](), 0, 0
        self._caller = self._id = self._json_bytes = b""
        self._refused = self._under_way = False

    def _answer_those_before(self) -> None:
        """Answers go back in the order in which the requests came."""
        if self._is_awaited and not self._is_decoding:
            self._all.batches.run()

    def _request(self) -> Request:
        return Request(
            self._parser.get_method(),
            self._path,
            self._body[0] if len(self._body) == 1 else b"".join(self._body),
            self._began_ns,
            self._caller,
            self._id,
            _size(self._json_bytes) if self._json_bytes else 0,
        )

    def _grow(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse(431, "The head of the request is too large")

    def _refuse(self, status: int, message: str) -> None:
        """Answers and hangs up: what follows on this connection cannot be trusted to be a request."""
        if self._is_decoding and self._transport is not None:
            self._refused = True
            self._transport.close()
        if not self._refused and self._transport is not None:
            self._refused = True
            self._answer_those_before()
            self._write(
                refused(status, message), request=Request(b"", b"", b"", self._began_ns, id=self._id), last=True
            )

    def _deliver(self, request: Request, is_last: bool, answer: Answer) -> None:
        self._is_awaited = False
        self._write(answer, request=request, last=is_last)
        if self._all.access is not None:
            self._all.access(request, answer, total_ns=perf_counter_ns() - request.began_ns)

    def _write(self, answer: Answer, *, request: Request, last: bool) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        last = last or self._all.closing
        transport.write(self._head(answer, request_id=request.id, last=last) + answer.body)
        if answer.counted:
            total_ns = perf_counter_ns() - request.began_ns
            waited_ns, spent_ns = answer.waited_ns, answer.compute_ns
            self._all.counters.count(answer.status, total_ns=total_ns, waited_ns=waited_ns, compute_ns=spent_ns)
        if answer.gaps is not None and not answer.is_measured:
            self._all.counters.count_gaps(answer.gaps)
        if last:
            transport.close()

    def _head(self, answer: Answer, *, request_id: bytes, last: bool) -> bytes:
        more = b""
        if answer.compute_ns is not None:
            waited, spent = answer.waited_ns // MICROSECOND_NS, answer.compute_ns // MICROSECOND_NS
            more = b"\r\nx-causeway-queue-us: %d\r\nx-causeway-compute-us: %d" % (waited, spent)
        if answer.gaps is not None and not answer.gaps.is_empty:
            unknown, missing = (sum(counts.values()) for counts in (answer.gaps.unknown, answer.gaps.missing))
            more += b"\r\nx-causeway-unknown: %d\r\nx-causeway-missing: %d" % (unknown, missing)
        if request_id:
            more += b"\r\nx-request-id: " + request_id
        kind = b"\r\ncontent-type: application/json"
        if answer.head_bytes:
            kind = BINARY_KIND % answer.head_bytes
        ending = b"\r\nconnection: close\r\n\r\n" if last else b"\r\n\r\n"
        line = LINES.get(answer.status) or b"HTTP/1.1 %d Error" % answer.status
        return b"%s%s%s%s\r\ncontent-length: %d%s" % (line, kind, self._all.head, more, len(answer.body), ending)


def _size(value: bytes) -> int:
    """A number of bytes in a header; -1 for what is none."""
    return int(value) if value.isdigit() and len(value) < LONGEST_SIZE else -1
