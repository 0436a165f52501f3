"""What is known of a request while it is answered: its id, which the answer and every line of the log carry, how long
it took, and a line for it where the settings ask for one."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.foundation.observability.logs import log_context
from core.foundation.observability.metrics import HTTP_REQUESTS, HTTP_SECONDS

REQUEST_ID = "x-request-id"
# What a proxy in front of us may call a request; anything else is not repeated.
KNOWN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
FAILED = 500
logger = logging.getLogger(__name__)


class Requests:
    """ASGI middleware around everything the portal serves."""

    def __init__(self, app: ASGIApp, *, access_log: bool) -> None:
        self.app, self.access_log = app, access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request_id = id_of(Headers(scope=scope))
        with log_context(request=request_id):
            if scope["type"] == "websocket":
                await self.app(scope, receive, send)
            else:
                await self._answer(scope, receive, send, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began, status = time.perf_counter(), FAILED

        async def forward(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        try:
            await self.app(scope, receive, forward)
        finally:
            self._count(scope, status, seconds=time.perf_counter() - began)

    def _count(self, scope: Scope, status: int, *, seconds: float) -> None:
        HTTP_REQUESTS.labels(f"{status // 100}xx").inc()
        HTTP_SECONDS.observe(seconds)
        if self.access_log:
            # Without the query: it may name what only the caller should know.
            fields = {"milliseconds": round(seconds * 1_000, 3)}
            logger.info("%s %s %d", scope["method"], scope["path"], status, extra=fields)


def id_of(headers: Headers) -> str:
    """The id that a request came with, else a new one."""
    given = headers.get(REQUEST_ID, "")
    return given if KNOWN_ID.fullmatch(given) else uuid.uuid4().hex
