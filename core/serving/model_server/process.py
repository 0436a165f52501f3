"""The process that serves one version to one endpoint: `python -m core.serving.model_server.process <folder>`.
The folder holds its spec; it writes there that it is ready, or why it refuses. Told to stop, it says so to health
checks, finishes what has begun, and ends."""

import asyncio
import logging
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

import uvloop
from pydantic import ValidationError

from core import garbage
from core.compute.folders import write_atomically
from core.foundation.errors import PortalError, new_error_id, outline
from core.foundation.observability.logs import log_context
from core.foundation.settings import LogSettings
from core.foundation.text import _
from core.serving.model_server.answers import Answer
from core.serving.model_server.application import NANOSECONDS, Application, Readiness, Request
from core.serving.model_server.batches import Batches
from core.serving.model_server.counters import Copying, Counters
from core.serving.model_server.lookup import lookups_for
from core.serving.model_server.pictures import PictureDecoding
from core.serving.model_server.predict import EntityReader
from core.serving.model_server.protocol import AccessLog, Connections
from core.serving.model_server.session import ServedModel, load_model, too_much_memory
from core.serving.server_spec import READY_FILE, REFUSED_EXIT, REFUSED_FILE, SOCKET_FILE, SPEC_FILE, ServerSpec

POLL_SECONDS = 0.02
OWNER_ONLY = 0o600
logger = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Serves until told to stop. Returns 3, with the cause in the folder, when the bytes are refused."""
    folder = Path(arguments[0])
    settings = LogSettings()
    settings.start_logs("model server", server=folder.resolve().name)
    # The first line loads what writes lines; nobody waits for an answer yet.
    logger.info("loading the model")
    try:
        spec = ServerSpec.model_validate_json((folder / SPEC_FILE).read_bytes())
        limit_memory(spec.limits.memory_mb)
        model = load_model(spec)
    except (PortalError, ValidationError, OSError, MemoryError) as refusal:
        return _refuse(folder, refusal)
    garbage.loaded()
    # The socket is named relative to the folder: a full path may be longer than the system takes.
    os.chdir(folder)
    with log_context(object=spec.version_id, endpoint=spec.endpoint):
        uvloop.run(_serve(spec, model, access=log_access if settings.access_log else None))
    return 0


def limit_memory(most_mb: int) -> None:
    """What a model asks for beyond it, it does not get, and the request fails that asked; the machine stays well."""
    resource.setrlimit(resource.RLIMIT_DATA, (most_mb << 20, most_mb << 20))


def log_access(request: Request, answer: Answer, *, total_ns: int) -> None:
    """A line for a request, with what the gateway calls it."""
    logger.info(
        "%s %s %d",
        request.method.decode("latin-1"),
        request.path.decode("latin-1"),
        answer.status,
        extra={
            "request": request.id.decode("latin-1"),
            "caller": request.caller.decode("latin-1"),
            "total_us": total_ns // NANOSECONDS,
            "waiting_us": answer.waited_ns // NANOSECONDS,
            "compute_us": None if answer.compute_ns is None else answer.compute_ns // NANOSECONDS,
        },
    )


def _refuse(folder: Path, refusal: Exception) -> int:
    plain = too_much_memory() if isinstance(refusal, MemoryError) else refusal
    cause = plain.message if isinstance(plain, PortalError) else _unforeseen(plain)
    logger.error("refused: %s", cause)
    write_atomically(folder / REFUSED_FILE, cause.encode())
    return REFUSED_EXIT


def _unforeseen(error: Exception) -> str:
    """For the page of the endpoint; the rest stands in the log of this server under the same id."""
    error_id = new_error_id()
    logger.error("error %s", error_id, exc_info=error, extra={"error": error_id})
    return _("{words}; error {id}").format(words=outline(error), id=error_id)


def connections_of(
    spec: ServerSpec,
    model: ServedModel,
    *,
    readiness: Readiness,
    loop: asyncio.AbstractEventLoop,
    access: AccessLog | None = None,
) -> Connections:
    """What answers for a model, wherever it listens."""
    if model.contract.texts():
        spec = spec.model_copy(update={"limits": spec.limits.of_texts()})
    reader = EntityReader(model.contract, layout=model.layout, limits=spec.limits)
    lookups = lookups_for(model.contract, spec=spec)
    application = Application(spec, model=model, reader=reader, lookups=lookups, readiness=readiness)
    pictures = PictureDecoding(loop)
    if model.contract.images():
        pictures.warm()
    return Connections(
        application,
        pictures=pictures,
        batches=Batches(model, is_known=application.is_known, call_soon=loop.call_soon),
        version=spec.version_id,
        digest=spec.digest,
        most_body=spec.limits.body_bytes,
        loop=loop,
        counters=Counters(application.gap_names),
        access=access,
    )


async def _serve(spec: ServerSpec, model: ServedModel, *, access: AccessLog | None) -> None:
    loop, readiness, stop = asyncio.get_running_loop(), Readiness(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    connections = connections_of(spec, model, readiness=readiness, loop=loop, access=access)
    copying = Copying(connections.counters, spec=spec)
    copying.go_on(loop)
    server = await _listen(connections)
    logger.info("serves %s v%s for %s", spec.model, spec.version, spec.endpoint)
    await stop.wait()
    readiness.ready = False
    await _drain(server, connections, spec=spec)
    connections.pictures.close()
    copying.copy()


async def _listen(connections: Connections) -> asyncio.Server:
    with suppress(FileNotFoundError):
        os.unlink(SOCKET_FILE)
    server = await asyncio.get_running_loop().create_unix_server(connections.connect, SOCKET_FILE)
    os.chmod(SOCKET_FILE, OWNER_ONLY)
    say_ready(Path(READY_FILE), os.getpid())
    return server


def say_ready(file: Path, pid: int) -> None:
    """On a full disk it takes the place of the process before it."""
    try:
        write_atomically(file, str(pid).encode())
    except OSError:
        with file.open("r+") as before:
            before.write(str(pid))
            before.truncate()


async def _drain(server: asyncio.Server, connections: Connections, *, spec: ServerSpec) -> None:
    """New requests are answered for a moment longer, because whoever sends them may not have seen yet that this server
    is stopping; each answer then closes its connection."""
    connections.closing = True
    await asyncio.sleep(spec.limits.grace_seconds)
    server.close()
    deadline = asyncio.get_running_loop().time() + spec.limits.drain_seconds
    while not connections.close_idle() and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
