"""The bytes of files that people take along: `GET /api/v1/files/...` streams a split of a training set or a file of a
snapshot, after the action that says whether one may and records it. What was sent is hashed by whoever gets it: the
digest comes in the header X-Digest."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from app.web.addresses import SNAPSHOT, SPLIT
from app.web.api import actor_of, refusal
from app.web.lanes import READS
from core.foundation.errors import PortalError
from core.portal import Portal

Opened = Callable[[Portal, Any, dict[str, Any]], str]


def download_routes(portal: Callable[[], Portal]) -> list[Route]:
    """One route for each kind of file."""
    return [
        Route(SPLIT, _sender(portal, _split)),
        Route(SNAPSHOT.replace("{number}", "{number:int}"), _sender(portal, _file)),
    ]


def _split(portal: Portal, actor: Any, params: dict[str, Any]) -> str:
    return portal.training_sets.download_split(actor, **params).digest


def _file(portal: Portal, actor: Any, params: dict[str, Any]) -> str:
    return portal.datasets.download_file(actor, **params).digest


def _sender(portal: Callable[[], Portal], opened: Opened) -> Callable[[Request], Any]:
    def response(request: Request) -> Response:
        try:
            actor = actor_of(portal().sessions, request.headers.get("authorization"))
            digest = opened(portal(), actor, dict(request.path_params))
            path = portal().foundation.store.verified_path(digest)
        except PortalError as error:
            return refusal(error)
        return FileResponse(path, media_type="application/vnd.apache.parquet", headers={"X-Digest": digest})

    async def send(request: Request) -> Response:
        return await READS.run(response, request)

    return send
