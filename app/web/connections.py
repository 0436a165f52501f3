"""How the portal takes requests off the wire: uvicorn's own way, with an end to what callers may leave unfinished. Who
sends headers or a body a letter at a time holds no connection for long, and nothing grows beyond its bounds before
anyone has looked at it."""

import json
import time
from asyncio import BaseTransport, TimerHandle, Transport
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from starlette.responses import JSONResponse
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from core.foundation.text import _

MOST_ADDRESS_BYTES, MOST_HEADER_BYTES, MOST_HEADERS = 32_768, 65_536, 100


class Connection(HttpToolsProtocol):
    """One caller's connection. Headers come within `header_seconds`. A body has `body_seconds`, and a second more for
    each `body_rate` bytes of it; what of it comes after the answer is awaited for `linger_seconds`."""

    header_seconds, body_seconds, linger_seconds, body_rate = 10.0, 30.0, 2.0, 16_384

    _timer: TimerHandle | None = None
    _in_headers = _in_body = _is_ending = False
    _header_bytes = _body_bytes = 0
    _body_began = 0.0

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast(Transport, transport))
        self._await(self.header_seconds, self.close_unless_finished)

    def connection_lost(self, exc: Exception | None) -> None:
        self._await_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_ending:
            return
        super().data_received(data)
        if self._in_headers and not self._is_ending:
            self._header_bytes += len(data)
            if self._header_bytes > MOST_HEADER_BYTES:
                self._answer(too_large(len(self.url)))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers, self._header_bytes = True, 0
        self._await(self.header_seconds, self.close_unless_finished)

    def on_headers_complete(self) -> None:
        self._in_headers, self._in_body = False, True
        self._body_bytes, self._body_began = 0, time.monotonic()
        self._await(self.body_seconds, self.close_unless_finished)
        application = self.app
        if (refusal := self._refusal()) is not None:
            # An address as long as this is not parsed any more.
            self.app, self.url = refusing(refusal), b"/"
        super().on_headers_complete()
        self.app = application

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._await_nothing()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body:
            self._await(self.linger_seconds, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        self._answer(HTTPStatus.BAD_REQUEST)

    def close_unless_finished(self) -> None:
        """Ends the connection of who is late. One that has sent nothing at all is told nothing."""
        if self._in_body and (more := self._seconds_left()) > 0:
            self._await(more, self.close_unless_finished)
        elif self._in_headers or (self._in_body and not self.cycle.response_started):
            self._answer(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _seconds_left(self) -> float:
        earned = self.body_seconds + self._body_bytes / self.body_rate
        return earned - (time.monotonic() - self._body_began)

    def _refusal(self) -> HTTPStatus | None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        is_fine = size <= MOST_HEADER_BYTES and len(self.headers) <= MOST_HEADERS
        return None if is_fine and len(self.url) <= MOST_ADDRESS_BYTES else too_large(len(self.url))

    def _answer(self, status: HTTPStatus) -> None:
        """An answer outside any application, and the end of the connection."""
        body = json.dumps(document_of(status)).encode()
        head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head.encode() + body)
        # Closed with something unread, it would be reset before the answer is read.
        self.transport.write_eof()
        self._is_ending = True
        self._await(self.linger_seconds, self.transport.close)

    def _await(self, seconds: float, then: Callable[[], None]) -> None:
        self._await_nothing()
        self._timer = self.loop.call_later(seconds, then)

    def _await_nothing(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def refusing(status: HTTPStatus) -> ASGIApp:
    """The application of a request that goes no further."""
    return JSONResponse(document_of(status), status_code=status, headers={"Connection": "close"})


def too_large(address_bytes: int) -> HTTPStatus:
    """Whether it is the address or the headers that are too large."""
    if address_bytes > MOST_ADDRESS_BYTES:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


def document_of(status: HTTPStatus) -> dict[str, str]:
    """A refusal as the REST API words its own."""
    words = {
        HTTPStatus.BAD_REQUEST: (_("This is no request that we take"), ""),
        HTTPStatus.REQUEST_TIMEOUT: (_("The request did not come to its end in time"), _("Send it again.")),
        HTTPStatus.REQUEST_URI_TOO_LONG: (_("The address is too long"), _("Send what it says in a body, by POST.")),
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (_("The headers are too large"), _("Send fewer or shorter ones.")),
    }
    error, hint = words[status]
    return {"error": error, "hint": hint}
