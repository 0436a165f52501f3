"""A portal's REST API on a real port, for tests that speak HTTP."""

import socket
import threading

import uvicorn
from starlette.applications import Starlette

from app.web.connections import Connection
from app.web.mlflow_door import mlflow_routes
from app.web.rest import rest_routes
from core.portal import Portal


class Served:
    """The REST API of a portal on a port of its own, in a thread, until the block ends."""

    def __init__(self, portal: Portal, *, http: type[Connection] = Connection) -> None:
        self.portal, self.http = portal, http

    def __enter__(self) -> str:
        application = Starlette(routes=[*rest_routes(self._portal), *mlflow_routes(self._portal)])
        config = uvicorn.Config(application, http=self.http, log_level="critical", ws="none", lifespan="off")
        self.server = uvicorn.Server(config)
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen()
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        self.thread.start()
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def _portal(self) -> Portal:
        return self.portal

    def __exit__(self, *_error: object) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=10)
        self.socket.close()
