"""Envoy's configuration, as values: a bootstrap that never changes while it runs, and two files that do: clusters and
routes. Nothing here touches a disk or a process."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from core.foundation.text import _
from core.serving.gateway.figures import access_log, arm_figures, statistics
from core.serving.gateway.filters import HINT, NOTES, PLACE_HEADER, http_filters, local_replies, ticket_for
from core.serving.server_spec import Limits
from core.serving.tickets import PLACES

TYPE = "type.googleapis.com/"
CLUSTERS_FILE, ROUTES_FILE, ROUTES = "./clusters.json", "./routes.json", "endpoints"
PROBE_PATH = "/healthz"
MOST_CONNECTIONS = 10_000
# Whoever is not let in yet asks again after so many seconds.
RETRY_SECONDS = 60
# Envoy refuses a whole table with a longer answer in it than 4 096 bytes.
LONGEST_ANSWER = 1_000
LIMITS = Limits()
Json = dict[str, Any]


@dataclass(frozen=True)
class Backend:
    """A model server behind the gateway: the name of its cluster, and its socket relative to Envoy's folder."""

    name: str
    socket: str


@dataclass(frozen=True)
class Listening:
    """Where Envoy listens for callers and for us, and whether it logs each request."""

    host: str
    port: int
    admin_port: int
    access_log: bool = False


@dataclass(frozen=True)
class Exposed:
    """An endpoint as callers reach it: its weights by the names of backends. What they leave of 100 answers nobody.
    `closed` says why it serves nothing, where it does."""

    endpoint_id: str
    name: str
    weights: Mapping[str, int]
    closed: str = ""
    most_body: int = LIMITS.body_bytes


def bootstrap(listening: Listening, *, public_keys: str) -> Json:
    """Envoy's own start: one listener for callers, the administration on loopback, and where the changing files are."""
    return {
        "node": {"id": "gateway", "cluster": "causeway"},
        "admin": {"address": _socket_address("127.0.0.1", listening.admin_port)},
        "dynamic_resources": {"cds_config": _file(CLUSTERS_FILE)},
        "static_resources": {"listeners": [_listener(listening, public_keys)]},
        **statistics(),
        "overload_manager": {"resource_monitors": [_most_connections()]},
    }


def clusters(backends: Iterable[Backend], *, exposed: Iterable[Exposed], number: int) -> Json:
    """One cluster for each model server, and one for each arm: where a version shares an endpoint with others and is
    thrown out, its share goes to them."""
    clusters_by_name = {backend.name: _cluster(backend) for backend in backends}
    for endpoint in exposed:
        clusters_by_name.update({arm(name, endpoint): _aggregate(name, endpoint) for name in _shared(endpoint)})
    return {"version_info": str(number), "resources": list(clusters_by_name.values())}


def routes(exposed: Iterable[Exposed], *, number: int, stopping: bool = False) -> Json:
    """The route table; `number` is also what the probe answers once it is in use. While `stopping` the probe answers
    503, so that callers who ask it send nothing more."""
    table = [_probe(number, stopping=stopping), *chain.from_iterable(map(_routes, exposed)), _nothing_here()]
    host = {"name": "all", "domains": ["*"], "routes": table}
    resource = {"@type": f"{TYPE}envoy.config.route.v3.RouteConfiguration", "name": ROUTES, "virtual_hosts": [host]}
    return {"version_info": str(number), "resources": [resource]}


def arm(name: str, endpoint: Exposed) -> str:
    """The cluster that carries a version's share. It is named after all that it may fall back to, so that it is never
    changed in place."""
    others = [other for other in sorted(endpoint.weights) if other != name]
    return "+".join([name, *others])


def _shared(endpoint: Exposed) -> tuple[str, ...]:
    return tuple(sorted(endpoint.weights)) if len(endpoint.weights) > 1 else ()


def _cluster(backend: Backend) -> Json:
    address = {"address": {"pipe": {"path": backend.socket}}}
    return {
        "@type": f"{TYPE}envoy.config.cluster.v3.Cluster",
        "name": backend.name,
        "type": "STATIC",
        "connect_timeout": "1s",
        # Of the answers only these are counted by who gave them: an arm counts what its fallbacks answered too.
        "track_cluster_stats": {"per_endpoint_stats": True},
        "load_assignment": {"cluster_name": backend.name, "endpoints": [{"lb_endpoints": [{"endpoint": address}]}]},
        "health_checks": [
            {
                "timeout": "1s",
                "interval": "1s",
                "no_traffic_interval": "1s",
                "unhealthy_interval": "0.25s",
                "unhealthy_threshold": 2,
                # A server that is new to Envoy needs only one.
                "healthy_threshold": 2,
                "http_health_check": {"path": "/v2/health/ready"},
            }
        ],
        # Five failures in a row throw a server out. When it is the last of an endpoint, Envoy's panic mode goes on
        # using it: the last one is never thrown out.
        "outlier_detection": {
            "consecutive_5xx": 5,
            "interval": "1s",
            "base_ejection_time": "10s",
            "max_ejection_time": "300s",
            "max_ejection_percent": 100,
            "enforcing_success_rate": 0,
            # A server that answers health checks and nothing else stays out.
            "successful_active_health_check_uneject_host": False,
        },
        "circuit_breakers": {"thresholds": [_breaker()]},
    }


def _breaker() -> Json:
    return {
        "max_connections": 256,
        "max_pending_requests": 512,
        "max_requests": 1_024,
        "retry_budget": {"budget_percent": {"value": 20.0}, "min_retry_concurrency": 3},
        "track_remaining": True,
    }


def _aggregate(name: str, endpoint: Exposed) -> Json:
    members = arm(name, endpoint).split("+")
    config = {"@type": f"{TYPE}envoy.extensions.clusters.aggregate.v3.ClusterConfig", "clusters": members}
    return {
        "@type": f"{TYPE}envoy.config.cluster.v3.Cluster",
        "name": arm(name, endpoint),
        "alt_stat_name": arm_figures(name),
        "connect_timeout": "1s",
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": {"name": "envoy.clusters.aggregate", "typed_config": config},
    }


def _probe(number: int, *, stopping: bool) -> Json:
    return {"match": {"path": PROBE_PATH}, "direct_response": _text(503 if stopping else 200, str(number))}


def _routes(endpoint: Exposed) -> list[Json]:
    """Callers' paths begin with the endpoint's name; model servers know only what follows. While not all of the traffic
    is given to versions, callers are answered whose place is among the first so many; the others are told."""
    total = sum(endpoint.weights.values())
    if total == PLACES:
        return [_serving(endpoint)]
    if not total:
        closed = endpoint.closed or _("Nothing is served here")
        return [_refusing(endpoint, closed, hint=_("Ask those who run the endpoint."))]
    hint = _("A new version opens step by step. Try again later.")
    opening = _refusing(endpoint, _("opening: {share} %").format(share=total), hint=hint)
    retry = {"header": {"key": "Retry-After", "value": str(RETRY_SECONDS)}}
    return [_serving(endpoint, share=total), opening | {"response_headers_to_add": [retry]}]


def _refusing(endpoint: Exposed, words: str, *, hint: str) -> Json:
    """503 in words, to whoever has a ticket."""
    return _matched(endpoint, hint=hint) | {"direct_response": _text(503, words[:LONGEST_ANSWER])}


def _serving(endpoint: Exposed, *, share: int = PLACES) -> Json:
    route = _matched(endpoint, hint=_("No model server answers. Try again in a few seconds."))
    if share < PLACES:
        route["match"]["headers"] = [{"name": PLACE_HEADER, "range_match": {"start": 0, "end": share}}]
    shares = [{"name": arm(name, endpoint), "weight": weight} for name, weight in sorted(endpoint.weights.items())]
    return route | {
        "route": {
            "weighted_clusters": {"clusters": shares},
            "regex_rewrite": {
                "pattern": {"regex": f"^/endpoints/{endpoint.name}/?"},
                "substitution": "/",
            },
            "timeout": "10s",
            # Only what no model server can have begun is sent again.
            "retry_policy": {
                "retry_on": "connect-failure,refused-stream,reset-before-request",
                "num_retries": 2,
                "retry_back_off": {"base_interval": "0.01s", "max_interval": "0.1s"},
            },
        },
    }


def _matched(endpoint: Exposed, *, hint: str) -> Json:
    """What is the same for everything below an endpoint's path."""
    return {
        "match": {"path_separated_prefix": f"/endpoints/{endpoint.name}"},
        "typed_per_filter_config": ticket_for(endpoint.endpoint_id, most_body=endpoint.most_body),
        "metadata": {"filter_metadata": {NOTES: {HINT: hint}}},
    }


def _text(status: int, text: str) -> Json:
    return {"status": status, "body": {"inline_string": text}}


def _nothing_here() -> Json:
    return {"match": {"prefix": "/"}, "direct_response": _text(404, _("There is no endpoint at this address"))}


def _listener(listening: Listening, public_keys: str) -> Json:
    manager = {
        "@type": f"{TYPE}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "server_name": "causeway",
        "rds": {"route_config_name": ROUTES, "config_source": _file(ROUTES_FILE)},
        "http_filters": http_filters(public_keys=public_keys, most_body=LIMITS.body_bytes),
        "local_reply_config": local_replies(),
        # The caller of a refused request has its name too.
        "always_set_request_id_in_response": True,
        "access_log": [access_log()] if listening.access_log else [],
        "use_remote_address": True,
        "normalize_path": True,
        "merge_slashes": True,
        # Nobody behind here ever decodes a path: an escaped slash is a letter that matches nothing.
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "strip_any_host_port": True,
        "max_request_headers_kb": 32,
        "request_headers_timeout": "10s",
        "request_timeout": "30s",
        "stream_idle_timeout": "30s",
        "drain_timeout": "1s",
        "common_http_protocol_options": {"idle_timeout": "60s", "max_headers_count": 100},
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {
        "name": "callers",
        "address": _socket_address(listening.host, listening.port),
        "per_connection_buffer_limit_bytes": 65_536,
        "filter_chains": [chain],
    }


def _most_connections() -> Json:
    config = {
        "@type": f"{TYPE}envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        "max_active_downstream_connections": MOST_CONNECTIONS,
    }
    return {"name": "envoy.resource_monitors.global_downstream_max_connections", "typed_config": config}


def _socket_address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def _file(path: str) -> Json:
    return {"path_config_source": {"path": path}, "resource_api_version": "V3"}
