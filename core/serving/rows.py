"""From rows of endpoints to the values others see."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, select

from core.foundation.errors import Invalid, NotFound
from core.foundation.naming.titles import GIVEN_AWAY
from core.foundation.settings import Settings
from core.foundation.text import _
from core.identity.tables import PersonRow
from core.serving.tables import AdmissionRow, EndpointRow, ServedRow
from core.serving.values import Closed, Endpoint, Environment, Route, Server, ServiceLevel

ADDRESS_FILE = "gateway/address"


def find_endpoint(session: Session, endpoint_id: str) -> EndpointRow:
    row = session.get(EndpointRow, endpoint_id)
    if row is None:
        raise NotFound(_("There is no endpoint called {id}").format(id=repr(endpoint_id[:40])))
    return row


def endpoint_of(row: EndpointRow, *, settings: Settings) -> Endpoint:
    routes, servers = routes_of(row), tuple(Server.model_validate(server) for server in row.servers)
    same = {"id", "project", "name", "environment", "description", "actual", "generation", "cause"}
    return Endpoint(
        **row.model_dump(include=same),
        title=row.entry.title,
        created_at=row.created_at,
        changed_at=row.changed_at,
        slo=ServiceLevel.model_validate(row.slo),
        url=endpoint_url(settings, name=row.name.partition(GIVEN_AWAY)[0]),
        routes=routes,
        closed=closed_of(row),
        settled=0 < row.generation == row.confirmed and _answer(servers, of={route.version_id for route in routes}),
        servers=servers,
    )


def closed_of(row: EndpointRow) -> Closed | None:
    """What took everything out of an endpoint; none while it serves, and where nothing ever did."""
    if row.routes or not row.generation:
        return None
    return Closed(since=row.changed_at, by=row.period.changed_by, reason=row.period.reason)


def closed_words(session: Session, row: EndpointRow) -> str:
    """The same in a sentence, as callers are told; empty where there is nothing to tell."""
    closed = closed_of(row)
    if closed is None:
        return ""
    person = session.get(PersonRow, closed.by)
    return _("{endpoint} serves nothing since {time} by {name} because: {reason}").format(
        endpoint=row.entry.title,
        time=f"{closed.since:%Y-%m-%d %H:%M} UTC",
        name=person.name if person else "Causeway",
        reason=closed.reason,
    )


def _answer(servers: Sequence[Server], *, of: Collection[str]) -> bool:
    return all(server.state == "ready" for server in servers if server.version_id in of)


def routes_of(row: EndpointRow | ServedRow) -> tuple[Route, ...]:
    return tuple(Route.model_validate(route) for route in row.routes)


def admission_of(session: Session, *, endpoint_id: str, digest: str) -> AdmissionRow | None:
    return session.get(AdmissionRow, (endpoint_id, digest))


def has_admissions(session: Session) -> bool:
    return session.exec(select(AdmissionRow.digest).limit(1)).first() is not None


def endpoint_url(settings: Settings, *, name: str) -> str:
    """Where callers send requests. The gateway writes its address down when it chose the port itself."""
    address = settings.gateway_address
    if settings.gateway_port == 0:
        file = settings.home / ADDRESS_FILE
        address = file.read_text().strip() if file.exists() else address
    return f"{address}/endpoints/{name}"


def expect_environment(row: EndpointRow, environment: Environment) -> None:
    """Invalid for an endpoint of the other environment."""
    if row.environment == environment:
        return
    hint = {
        "staging": _("Bytes come into production by an approved request for promotion only."),
        "production": _("Staging endpoints have actions of their own."),
    }
    raise Invalid(
        _("{name} is a {environment} endpoint").format(name=row.name, environment=row.environment),
        hint=hint[environment],
        field="endpoint_id",
    )
