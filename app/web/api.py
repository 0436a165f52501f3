"""REST, made from the catalog of actions: `POST /api/v1/<domain>/<action>` with a JSON body, `GET` too for what only
reads.
Callers send `Authorization: Bearer <token or session>`; cookies are not read here, so no other site can act for a
visitor."""

import logging
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.web.addresses import OPENAPI, methods_of, path_of
from app.web.bodies import arguments_of, closing
from app.web.idempotency import REPLAYED, attempt_of
from app.web.lanes import IDENTITY, READS, WRITES
from app.web.openapi import openapi
from core.foundation.actions.idempotency import attempting
from core.foundation.actions.run import Service, refuse_unless_permitted, run_action
from core.foundation.actions.spec import ActionSpec
from core.foundation.actors import Actor
from core.foundation.errors import Invalid, NotSignedIn, PortalError, Unavailable, new_error_id
from core.foundation.text import _
from core.identity.sessions import TOKEN_PREFIX, Sessions
from core.portal import Portal

log = logging.getLogger(__name__)
Endpoint = Callable[[Request], Any]
# RFC 9110 has every 401 say how to sign in.
CHALLENGE = {"WWW-Authenticate": "Bearer"}


def api_routes(portal: Callable[[], Portal]) -> list[BaseRoute]:
    """The routes of every action, the OpenAPI document and the health check. `portal` is asked on each call."""
    routes: list[BaseRoute] = [
        Route("/health", lambda _request: JSONResponse({"status": "ok"})),
        Route(OPENAPI, lambda _request: JSONResponse(openapi(portal()))),
    ]
    for name, (_service, spec) in portal().catalog().items():
        if not spec.is_internal:
            routes.append(Route(path_of(spec), _endpoint(portal, name), methods=methods_of(spec)))
    return routes


def actor_of(sessions: Sessions, authorization: str | None) -> Actor:
    """Who a request's Authorization header stands for. Raises NotSignedIn."""
    scheme, _space, secret = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise NotSignedIn(_("This request is not signed in"), hint=_("Send the header Authorization: Bearer <token>."))
    if secret.startswith(f"{TOKEN_PREFIX}_"):
        return sessions.actor_of_token(secret)
    actor = sessions.actor_of_session(secret)
    if actor is not None:
        return actor
    if not sessions.is_known(secret):
        raise NotSignedIn(
            _("This token is not known"),
            hint=_("Send all of it, or mint one with `causeway identity mint-token`."),
        )
    raise NotSignedIn(_("This session has ended"), hint=_("Sign in again."))


def _endpoint(portal: Callable[[], Portal], name: str) -> Endpoint:
    async def answer(request: Request) -> Response:
        service, spec = portal().catalog()[name]
        try:
            header = request.headers.get("authorization")
            actor = await IDENTITY.run(actor_of, portal().sessions, header)
            arguments = await _permitted_arguments(request, service, actor, spec)
            attempt, lane = (None, READS) if spec.reads else (attempt_of(request.headers), WRITES)
            with attempting(attempt), closing(arguments):
                result = await lane.run(run_action, service, actor, spec=spec, arguments=arguments)
        except PortalError as error:
            return refusal(error)
        except ClientDisconnect:
            # Nobody is there any more to read why.
            return Response(status_code=400)
        except Exception:
            return _failure(spec)
        headers = {REPLAYED: "true"} if attempt and attempt.is_replay else {}
        return Response(TypeAdapter(spec.returns).dump_json(result), media_type="application/json", headers=headers)

    return answer


async def _permitted_arguments(request: Request, service: Service, actor: Actor, spec: ActionSpec) -> dict[str, Any]:
    if spec.files:
        await READS.run(refuse_unless_permitted, service, actor, spec=spec)
    try:
        return await arguments_of(request, spec)
    except Invalid:
        await READS.run(refuse_unless_permitted, service, actor, spec=spec)
        raise


def headers_of(error: PortalError) -> dict[str, str]:
    """What a refusal says beside its body: when to come again, or how to sign in."""
    if isinstance(error, Unavailable):
        return {"Retry-After": str(error.retry_after)}
    return CHALLENGE if isinstance(error, NotSignedIn) else {}


def refusal(error: PortalError) -> JSONResponse:
    body: dict[str, str | int] = {"error": error.message, "hint": error.hint}
    if isinstance(error, Invalid) and error.field:
        body["field"] = error.field
    if isinstance(error, Invalid) and error.line:
        body["line"] = error.line
    return JSONResponse(body, status_code=error.status, headers=headers_of(error))


def _failure(spec: ActionSpec) -> JSONResponse:
    error_id = new_error_id()
    log.exception("error %s in %s", error_id, spec.name, extra={"error": error_id, "action": spec.name})
    body = {"error": _("Something went wrong here; nothing was changed"), "hint": _("Error {id}").format(id=error_id)}
    return JSONResponse(body, status_code=500)
