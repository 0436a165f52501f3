"""A keep-alive HTTP/1.1 client on bare sockets. A library client costs ten times as much per request, and what it
costs the generator cannot be separated from what the target costs. Runs inside Locust, whose patched sockets make it
cooperative."""

import socket
from collections.abc import Mapping
from time import perf_counter
from typing import NamedTuple
from urllib.parse import urlsplit

READ_BYTES = 65_536
MOST_HEAD = 65_536
LAST_CHUNK = b"0\r\n\r\n"


class Answer(NamedTuple):
    """`head` is the status line and the headers in lower case, each ending with CRLF."""

    status: int
    head: bytes

    def header(self, name: bytes) -> bytes:
        """The value of a header given in lower case, empty when it is absent."""
        at = self.head.find(b"\r\n" + name + b":")
        return self.head[at + len(name) + 3 : self.head.find(b"\r\n", at + 2)].strip() if at >= 0 else b""


class Failure(Exception):
    """No answer. `cause` in words."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Client:
    """Posts bodies to one address that is resolved once. Idle connections are used again, the last first. ValueError
    for anything but plain HTTP."""

    def __init__(self, url: str, *, headers: Mapping[str, str], timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"no address of plain HTTP: {url}")
        addresses = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
        self._family = addresses[0][0]
        self._address = addresses[0][4]
        self._timeout = timeout
        lines = [f"POST {parts.path or '/'} HTTP/1.1", f"host: {parts.netloc}", "content-type: application/json"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._head = "\r\n".join(lines).encode() + b"\r\ncontent-length: "
        self._idle: list[socket.socket] = []

    def post(self, body: bytes) -> Answer:
        """Sends one request and reads its whole answer. Raises Failure."""
        request = self._head + str(len(body)).encode() + b"\r\n\r\n" + body
        try:
            return self._answer(request, deadline=perf_counter() + self._timeout)
        except TimeoutError as error:
            raise Failure("no answer in time") from error
        except ConnectionRefusedError as error:
            raise Failure("connection refused") from error
        except OSError as error:
            raise Failure("connection lost") from error
        except ValueError as error:
            raise Failure("not an HTTP answer") from error

    def _answer(self, request: bytes, *, deadline: float) -> Answer:
        """A kept connection that the target has closed in the meantime is replaced, as every client does."""
        while self._idle:
            if (answer := self._exchange(self._idle.pop(), request=request, deadline=deadline)) is not None:
                return answer
        answer = self._exchange(self._connect(), request=request, deadline=deadline)
        if answer is None:
            raise Failure("connection closed without an answer")
        return answer

    def _connect(self) -> socket.socket:
        connection = socket.socket(self._family, socket.SOCK_STREAM)
        connection.settimeout(self._timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.connect(self._address)
        except BaseException:
            connection.close()
            raise
        return connection

    def _exchange(self, connection: socket.socket, *, request: bytes, deadline: float) -> Answer | None:
        """None when the connection was closed before the first byte of an answer."""
        answer = None
        try:
            connection.sendall(request)
            answer = _read(connection, deadline=deadline)
        except (BrokenPipeError, ConnectionResetError):
            return None
        finally:
            # Whatever went wrong, the rest of an answer may still come: only a clean end lets a connection be kept.
            if answer is not None and _may_be_kept(answer):
                self._idle.append(connection)
            else:
                connection.close()
        return answer


def _may_be_kept(answer: Answer) -> bool:
    return answer.header(b"connection") != b"close" and bool(answer.header(b"content-length"))


def _read(connection: socket.socket, *, deadline: float) -> Answer | None:
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        more = connection.recv(READ_BYTES)
        if not more and not data:
            return None
        data = _longer(data, more=more, deadline=deadline)
        if len(data) > MOST_HEAD:
            raise Failure("headers too long")
    answer = Answer(status=int(data[9:12]), head=data[: end + 2].lower())
    _read_body(connection, answer=answer, data=data[end + 4 :], deadline=deadline)
    return answer


def _read_body(connection: socket.socket, *, answer: Answer, data: bytes, deadline: float) -> None:
    if length := answer.header(b"content-length"):
        missing = int(length) - len(data)
        while missing > 0:
            missing -= len(_longer(b"", more=connection.recv(READ_BYTES), deadline=deadline))
        return
    if answer.header(b"transfer-encoding") != b"chunked":
        raise Failure("answer without a length")
    while not data.endswith(LAST_CHUNK):
        data = _longer(data, more=connection.recv(READ_BYTES), deadline=deadline)


def _longer(data: bytes, *, more: bytes, deadline: float) -> bytes:
    if not more:
        raise Failure("connection closed within an answer")
    if perf_counter() > deadline:
        raise TimeoutError
    return data + more
