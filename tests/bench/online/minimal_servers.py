"""Minimal feature servers to compare with, Starlette and orjson: over raw blobs in SQLite, as anybody would write it,
and over a dict: `python -m tests.bench.online.minimal_servers SOCKET KEYS [SQLITE]`."""

import sqlite3
import sys
from collections.abc import Callable
from typing import Any

import msgpack
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.bench.online.data import NAMES, values_of


def application(find: Callable[[list[int]], list[Any]]) -> Starlette:
    async def features(request: Request) -> Response:
        body = orjson.loads(await request.body())
        values = find([key["key"] for key in body["keys"]])
        return Response(orjson.dumps({"features": NAMES, "values": values}), media_type="application/json")

    return Starlette(routes=[Route("/features", features, methods=["POST"])])


def in_a_dict(keys: int) -> Callable[[list[int]], list[Any]]:
    held = {key: values_of(key) for key in range(keys)}
    return lambda wanted: [held.get(key) for key in wanted]


def in_sqlite(path: str) -> Callable[[list[int]], list[Any]]:
    connection = sqlite3.connect(path)

    def find(wanted: list[int]) -> list[Any]:
        query = f"SELECT key, answer FROM rows WHERE key IN ({', '.join('?' * len(wanted))})"
        rows = {key: msgpack.unpackb(answer) for key, answer in connection.execute(query, wanted)}
        return [rows.get(key) for key in wanted]

    return find


if __name__ == "__main__":
    find = in_sqlite(sys.argv[3]) if sys.argv[3:] else in_a_dict(int(sys.argv[2]))
    config = uvicorn.Config(application(find), uds=sys.argv[1], log_level="critical", access_log=False)
    uvicorn.Server(config).run()
