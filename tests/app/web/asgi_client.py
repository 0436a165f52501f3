"""Asks an ASGI application without a server: HTTP through httpx, sockets by hand."""

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp, Message

ADDRESS = "http://127.0.0.1:8600"


class Client:
    """Each question stands alone: no cookie is kept, no redirect followed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def ask(self, method: str, path: str, *, cookies: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, cookies=cookies) as client:
                return await client.request(method, path, **options)

        return asyncio.run(answer())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("POST", path, **options)

    def socket(self, path: str, *, headers: dict[str, str]) -> list[Message]:
        """What a socket answers to being opened."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"} if not sent else {"type": "websocket.disconnect", "code": 1000}

        async def send(message: Message) -> None:
            sent.append(message)

        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "websocket", "path": path, "headers": pairs, "query_string": b"", "subprotocols": []}
        asyncio.run(self.app(scope, receive, send))
        return sent
