"""MLflow's REST API for its own client, below /mlflow: what reads, under the portal's tokens, in the caller's projects.
`MLFLOW_TRACKING_URI=<portal>/mlflow` and `MLFLOW_TRACKING_TOKEN=<token>` are all that a client needs. MLflow's pages
and everything that writes stay closed: whatever is made is made by the portal's actions."""

import logging
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.web.api import CHALLENGE, actor_of
from app.web.bodies import TooLarge
from app.web.lanes import IDENTITY, TRACKING
from core.foundation.actors import Actor
from core.foundation.errors import Invalid, NotAllowed, NotFound, PortalError, new_error_id, sentences
from core.foundation.json_text import unambiguous
from core.foundation.text import _
from core.portal import Portal
from core.registry.tracking.files import SUFFIX
from core.registry.tracking.reading import FILES_PLACE, READS

DOOR = "/mlflow"
API = f"{DOOR}/api/2.0/"
BODY_LIMIT = 1_000_000
CODES = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    405: "BAD_REQUEST",
    413: "BAD_REQUEST",
    503: "TEMPORARILY_UNAVAILABLE",
}
log = logging.getLogger(__name__)


def mlflow_routes(portal: Callable[[], Portal]) -> list[Route]:
    """`portal` is asked on each call."""
    return [Route(f"{DOOR}/{{rest:path}}", MlflowDoor(portal))]


class MlflowDoor:
    """An application of its own, since a function would not be given every method."""

    def __init__(self, portal: Callable[[], Portal]) -> None:
        self._portal = portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except PortalError as error:
            response = mlflow_error(error)
        except Exception:
            response = _failure(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        authorization = request.headers.get("authorization")
        actor = await IDENTITY.run(actor_of, self._portal().sessions, authorization)
        path = request.url.path
        place = path.removeprefix(API) if path.startswith(API) else ""
        if place.startswith(f"{FILES_PLACE}/") and request.method == "GET":
            return await TRACKING.run(self._file, actor, place.removeprefix(f"{FILES_PLACE}/"))
        if place not in READS or request.method not in READS[place].methods:
            return _closed(request.method, place or path)
        arguments = await _arguments(request)
        return JSONResponse(await TRACKING.run(self._read, actor, place, arguments))

    def _read(self, actor: Actor, place: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return self._portal().tracking.read(actor, place=place, arguments=arguments).document

    def _file(self, actor: Actor, path: str) -> Response:
        portal = self._portal()
        if not path.endswith(SUFFIX):
            file = portal.tracking.read_file(actor, path=path)
            return Response(file.content, media_type="application/octet-stream")
        digest = portal.tracking.download_model(actor, path=path).digest
        place = portal.foundation.store.verified_path(digest)
        return FileResponse(place, media_type="application/octet-stream", headers={"X-Digest": digest})


async def _arguments(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return {name: request.query_params.getlist(name) for name in request.query_params}
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_LIMIT:
            raise TooLarge(_("The body is larger than {size} MB").format(size=BODY_LIMIT // 1_000_000))
    try:
        arguments = unambiguous(bytes(body or b"{}"))
    except ValueError as error:
        raise Invalid(_("The body is no JSON")) from error
    if not isinstance(arguments, dict):
        raise Invalid(_("The body is no JSON object"))
    return arguments


def _closed(method: str, place: str) -> Response:
    """What is not on the list of readings."""
    if place in READS:
        allowed = sorted(READS[place].methods)
        problem = _("{path} does not take {method}").format(path=place, method=method)
        response = _error(405, problem, hint=_("Send {method}.").format(method=_(" or ").join(allowed)))
        response.headers["Allow"] = ", ".join(allowed)
        return response
    if method in ("GET", "HEAD", "OPTIONS"):
        return mlflow_error(NotFound(_("{path} is not answered here").format(path=place), hint=_closed_hint()))
    return mlflow_error(NotAllowed(_("Nothing is written here: {path}").format(path=place), hint=_closed_hint()))


def _closed_hint() -> str:
    return _("MLflow is for reading here. Runs and versions are made by the portal's pages, REST API and command line.")


def mlflow_error(error: PortalError) -> JSONResponse:
    """A refusal as MLflow's client understands it."""
    return _error(400 if error.status == 422 else error.status, error.message, hint=error.hint)


def _error(status: int, message: str, *, hint: str = "") -> JSONResponse:
    if status == 401:
        hint = _("Set MLFLOW_TRACKING_TOKEN to a token of the portal.")
    headers = {"Retry-After": "5"} if status == 503 else {}
    headers |= CHALLENGE if status == 401 else {}
    body = {"error_code": CODES.get(status, "INTERNAL_ERROR"), "message": sentences(message, hint)}
    return JSONResponse(body, status_code=status, headers=headers)


def _failure(request: Request) -> JSONResponse:
    error_id = new_error_id()
    log.exception("error %s at %s", error_id, request.url.path, extra={"error": error_id})
    return _error(500, _("Something went wrong here"), hint=_("Error {id}").format(id=error_id))
