"""What an operator asks of the portal: whether it lives, whether it can be of use, and its figures for Prometheus."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.web.api import actor_of, refusal
from app.web.lanes import HEALTH, READS
from core.foundation.errors import PortalError
from core.foundation.observability.health import FINE, document_of, status_of
from core.foundation.observability.metrics import CONTENT_TYPE
from core.health.readiness import health_of
from core.portal import Portal

LIVE, READY, METRICS = "/health/live", "/health/ready", "/metrics"


def operation_routes(portal: Callable[[], Portal]) -> list[Route]:
    """The routes of an operator. `portal` is asked on each call."""
    health = health_of(portal().foundation)

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": FINE})

    async def ready(_request: Request) -> Response:
        report = await HEALTH.run(health.report)
        return JSONResponse(document_of(report), status_code=status_of(report))

    async def metrics(request: Request) -> Response:
        try:
            text = await READS.run(_render, portal(), request.headers.get("authorization"))
        except PortalError as error:
            return refusal(error)
        return Response(text, headers={"Content-Type": CONTENT_TYPE})

    return [Route(LIVE, live), Route(READY, ready), Route(METRICS, metrics)]


def _render(portal: Portal, authorization: str | None) -> str:
    return portal.metrics.render(actor_of(portal.sessions, authorization))
