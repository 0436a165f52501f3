"""What the gateway is to do: for each endpoint the model servers it needs and the weights between them."""

from core.features.online.opening import live_address
from core.foundation.actions.call import Call
from core.foundation.settings import Settings
from core.foundation.values import Value
from core.serving.admissions import Admission
from core.serving.routing import Versions
from core.serving.rows import admission_of, closed_words, routes_of
from core.serving.server_spec import Limits, ServerSpec
from core.serving.tables import EndpointRow
from core.serving.values import Route


class EndpointPlan(Value):
    """An endpoint as the gateway makes it true. `weights` are by version id and sum to 100, or less while a first
    version opens; `servers` has one entry for each of them. `closed` says why there is none."""

    endpoint_id: str
    name: str
    generation: int
    weights: dict[str, int]
    servers: tuple[ServerSpec, ...]
    closed: str = ""


def plan_of(call: Call, row: EndpointRow, *, registry: Versions, public_key: str) -> EndpointPlan:
    routes = routes_of(row)
    servers = tuple(_server(call, row, route, registry=registry, public_key=public_key) for route in routes)
    weights = {route.version_id: route.weight for route in routes}
    return EndpointPlan(
        endpoint_id=row.id,
        name=row.name,
        generation=row.generation,
        weights=weights,
        servers=servers,
        closed=closed_words(call.session, row),
    )


def _server(call: Call, row: EndpointRow, route: Route, *, registry: Versions, public_key: str) -> ServerSpec:
    settings = call.foundation.settings
    admitted = admission_of(call.session, endpoint_id=row.id, digest=route.digest)
    proof = admitted and admitted.model_dump(include=set(Admission.model_fields))
    return ServerSpec.model_validate(
        {
            "endpoint_id": row.id,
            "endpoint": row.name,
            "environment": row.environment,
            **route.model_dump(include={"version_id", "model", "version", "digest"}),
            "model_digest": registry.version(call, route.version_id).model_digest,
            "store": call.foundation.store.root,
            "online": online_file(settings, endpoint_id=row.id),
            "live": live_address(settings),
            "admission": proof,
            "public_key": public_key,
            "limits": Limits(memory_mb=settings.model_server_memory_mb),
        }
    )


def online_file(settings: Settings, *, endpoint_id: str) -> str:
    """Where the features lie that parity checks and replays of an endpoint move through time."""
    return str(settings.home / "online" / f"{endpoint_id}.sqlite")
