"""Everything below /api: actions, files, and an answer in JSON where there is nothing."""

from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from app.web.addresses import OPENAPI, PATH, methods_of, path_of
from app.web.api import api_routes, refusal
from app.web.downloads import download_routes
from core.foundation.errors import NotFound, PortalError
from core.foundation.text import _
from core.portal import Portal


def rest_routes(portal: Callable[[], Portal]) -> list[BaseRoute]:
    """`portal` is asked on each call."""
    routes = [*api_routes(portal), *download_routes(portal)]
    return [*routes, Route("/api/{rest:path}", Unknown(portal, routes=routes))]


class WrongMethod(PortalError):
    """There is something at this address, which takes another method."""

    status = 405


class Unknown:
    """What answers below /api where none of the `routes` does: which methods an address takes, or which action may have
    been meant. It is an application of its own, since a function would not be given every method."""

    def __init__(self, portal: Callable[[], Portal], *, routes: Sequence[BaseRoute]) -> None:
        self._portal, self._routes = portal, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        routes = [route for route in self._routes if isinstance(route, Route)]
        methods = {name for route in routes if route.matches(scope)[0] is Match.PARTIAL for name in route.methods or ()}
        if methods:
            problem = _("{path} does not take {method}").format(path=path, method=method)
            answer = refusal(WrongMethod(problem, hint=_send(path, methods)))
            answer.headers["Allow"] = ", ".join(sorted(methods))
        else:
            problem = _("{method} {path} is no action").format(method=method, path=path)
            answer = refusal(NotFound(problem, hint=self._meant(path)))
        await answer(scope, receive, send)

    def _meant(self, path: str) -> str:
        actions = (spec for _service, spec in self._portal().catalog().values() if not spec.is_internal)
        public = {path_of(spec).removeprefix(PATH): spec for spec in actions}
        close = get_close_matches(path.removeprefix(PATH).rstrip("/").replace("-", "_"), public, n=1)
        if not close:
            return _("All of them are in {path}.").format(path=OPENAPI)
        return _send(path_of(public[close[0]]), methods_of(public[close[0]]))


def _send(path: str, methods: Collection[str]) -> str:
    return _("Send {method} {path}.").format(method=_(" or ").join(sorted({*methods} - {"HEAD"})), path=path)
