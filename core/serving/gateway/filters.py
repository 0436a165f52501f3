"""What a request passes before it reaches a model server: a valid ticket, one for this very endpoint, and a body that
is not too large. Envoy's own refusals are written as ours are."""

from typing import Any

from core.foundation.text import _
from core.serving.model_server.lookup import CALLER
from core.serving.tickets import ISSUER, PLACE

TYPE = "type.googleapis.com/envoy.extensions.filters.http."
TICKETS, RIGHTS, BODY = "envoy.filters.http.jwt_authn", "envoy.filters.http.rbac", "envoy.filters.http.buffer"
CLAIMS = "ticket"
# The header by which the place of a caller is routed, and where a route keeps the hint of its refusals.
PLACE_HEADER = "x-causeway-place"
NOTES, HINT = "causeway", "hint"
Json = dict[str, Any]


def http_filters(*, public_keys: str, most_body: int) -> list[Json]:
    """In the order in which a request meets them."""
    provider = {
        "issuer": ISSUER,
        "local_jwks": {"inline_string": public_keys},
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "payload_in_metadata": CLAIMS,
        # Envoy takes headers of these names away from callers, so a model server can trust them, and so can a route,
        # which is chosen again once they are there.
        "claim_to_headers": [
            {"header_name": CALLER.decode(), "claim_name": "sub"},
            {"header_name": PLACE_HEADER, "claim_name": PLACE},
        ],
        "clear_route_cache": True,
        "require_expiration": True,
        "max_lifetime": "3600s",
        "clock_skew_seconds": 1,
        # A caller sends one ticket with thousands of requests: its signature is checked once, its end every time.
        "jwt_cache_config": {"jwt_cache_size": 1_000},
    }
    rule = {"match": {"prefix": "/endpoints/"}, "requires": {"provider_name": "tickets"}}
    return [
        _filter(TICKETS, "jwt_authn.v3.JwtAuthentication", providers={"tickets": provider}, rules=[rule]),
        _filter(RIGHTS, "rbac.v3.RBAC"),
        _filter(BODY, "buffer.v3.Buffer", max_request_bytes=most_body),
        _filter("envoy.filters.http.router", "router.v3.Router"),
    ]


def ticket_for(endpoint_id: str, *, most_body: int) -> Json:
    """What a route asks for: a ticket whose audience is its endpoint, and its own limit of a body."""
    audience = {
        "filter": TICKETS,
        "path": [{"key": CLAIMS}, {"key": "aud"}],
        "value": {"string_match": {"exact": endpoint_id}},
    }
    policy = {"permissions": [{"any": True}], "principals": [{"sourced_metadata": {"metadata_matcher": audience}}]}
    rights = {"rules": {"action": "ALLOW", "policies": {"ticket": policy}}}
    return {
        RIGHTS: {"@type": f"{TYPE}rbac.v3.RBACPerRoute", "rbac": rights},
        BODY: {"@type": f"{TYPE}buffer.v3.BufferPerRoute", "buffer": {"max_request_bytes": most_body}},
    }


def local_replies() -> Json:
    """Envoy's refusals as JSON with an error and a hint."""
    hints = {
        401: _("Send a ticket of this endpoint as Authorization: Bearer."),
        403: _("This ticket is for another endpoint."),
        404: _("Ask for the address of the endpoint in the portal."),
        413: _("Send fewer rows at a time."),
        503: f"%METADATA(ROUTE:{NOTES}:{HINT})%",
        504: _("The model server took too long."),
    }
    plain = {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}}
    rubbish = {"json_format": {"error": _("This is no request that we take"), "hint": ""}}
    mappers = [
        _reply(200, plain),
        _reply(400, rubbish),
        *(_reply(status, _body(hint)) for status, hint in hints.items()),
    ]
    return {"mappers": mappers, "body_format": _body("")}


def _reply(status: int, body: Json) -> Json:
    comparison = {"op": "EQ", "value": {"default_value": status, "runtime_key": "unused"}}
    return {"filter": {"status_code_filter": {"comparison": comparison}}, "body_format_override": body}


def _body(hint: str) -> Json:
    return {"json_format": {"error": "%LOCAL_REPLY_BODY%", "hint": hint}}


def _filter(name: str, type_name: str, **config: Any) -> Json:
    return {"name": name, "typed_config": {"@type": f"{TYPE}{type_name}", **config}}
