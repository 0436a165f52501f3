"""A small HTTP server on loopback for a process that answers nobody else: its health and its figures."""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from core.foundation.errors import Unavailable
from core.foundation.observability.health import document_of, status_of
from core.foundation.text import _

LOOPBACK = "127.0.0.1"
JSON, TEXT = "application/json", "text/plain; charset=utf-8"
NOT_FOUND = 404
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reply:
    """What a path answers."""

    status: int
    body: str
    content_type: str = TEXT


Routes = Mapping[str, Callable[[], Reply]]


class OperatorServer:
    """Listens while it is open, on a port that the system chooses where it is given 0; `file` says where."""

    def __init__(self, routes: Routes, *, port: int, file: Path) -> None:
        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), _handler(routes))
        except OSError as error:
            raise Unavailable(
                _("Port {port} cannot be listened on: {why}").format(port=port, why=error.strerror),
                hint=_("Set CAUSEWAY_WORKER_PORT=0, which several workers on one machine need."),
            ) from error
        self._server.daemon_threads = True
        self._file = file
        self.address = f"http://{LOOPBACK}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="operator server", daemon=True)

    def open(self) -> None:
        """The file is there whole or not at all."""
        try:
            self._write_address()
        except OSError as error:
            # Whoever knows the port is answered all the same.
            logger.warning("%s is not said in a file: %s", self.address, error)
        self._thread.start()

    def _write_address(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_name(f".{self._file.name}")
        unfinished.write_text(self.address)
        unfinished.replace(self._file)

    def close(self) -> None:
        self._file.unlink(missing_ok=True)
        self._server.shutdown()
        self._server.server_close()


def health_reply(report: Mapping[str, str]) -> Reply:
    """200 where every check is fine, else 503 with what is wrong."""
    return Reply(status_of(report), json.dumps(document_of(report)), JSON)


def _handler(routes: Routes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers GET by the path alone."""

        def do_GET(self) -> None:
            route = routes.get(self.path.partition("?")[0])
            reply = route() if route else Reply(NOT_FOUND, _("There is nothing at this path"))
            body = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: probes would fill the log."""

    return Handler
