"""A minimal feature server to compare with, Starlette and orjson over a dict:
`python -m tests.bench.online_minimal SOCKET KEYS`."""

import sys

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.bench.online_data import NAMES, values_of


def application(keys: int) -> Starlette:
    held = {key: values_of(key) for key in range(keys)}

    async def features(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        values = [held.get(key["key"]) for key in asked["keys"]]
        return Response(orjson.dumps({"features": NAMES, "values": values}), media_type="application/json")

    return Starlette(routes=[Route("/features", features, methods=["POST"])])


if __name__ == "__main__":
    config = uvicorn.Config(application(int(sys.argv[2])), uds=sys.argv[1], log_level="critical", access_log=False)
    uvicorn.Server(config).run()
