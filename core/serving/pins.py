"""What is live: which endpoints serve, or would go back to, a model version that followed from an object. Domains below
ask it before they remove what something live needs."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from core.foundation.ids import Kind, kind_of
from core.foundation.objects import ObjectRow, walk
from core.foundation.ports import Pin
from core.serving.tables import EndpointRow, ServedRow

SERVES, ROLLBACK_TARGET = "serves", "rollback target"


class ServingPins:
    """Reads the endpoints of the caller's transaction."""

    def of(self, session: Session, object_id: str) -> tuple[Pin, ...]:
        followed = {object_id, *(edge.target for edge in walk(session, object_id, upstream=False))}
        versions = {each for each in followed if kind_of(each) is Kind.MODEL_VERSION}
        endpoints = session.exec(select(EndpointRow).order_by(col(EndpointRow.name))).all() if versions else ()
        return tuple(pin for endpoint in endpoints for pin in _pins(session, endpoint, versions))

    def reached(self, session: Session) -> frozenset[str]:
        endpoints = session.exec(select(EndpointRow)).all()
        versions = {version_id for endpoint in endpoints for version_id in _held(session, endpoint)}
        return frozenset(edge.source for each in versions for edge in walk(session, each, upstream=True)) | versions


def _pins(session: Session, endpoint: EndpointRow, versions: set[str]) -> Iterator[Pin]:
    held = {version_id: role for version_id, role in _held(session, endpoint).items() if version_id in versions}
    for version_id, role in held.items():
        title = session.get_one(ObjectRow, version_id).title
        yield Pin(version_id=version_id, version=title, endpoint_id=endpoint.id, endpoint=endpoint.name, role=role)


def _held(session: Session, endpoint: EndpointRow) -> dict[str, str]:
    """The versions an endpoint holds on to: those it serves, and those it served just before."""
    stretches = select(ServedRow).where(ServedRow.endpoint_id == endpoint.id).order_by(col(ServedRow.generation).desc())
    before = [route for row in session.exec(stretches.offset(1).limit(1)) for route in row.routes]
    held = {route["version_id"]: ROLLBACK_TARGET for route in before}
    return held | {route["version_id"]: SERVES for route in endpoint.routes}
