"""What is live: which endpoints serve, or would go back to, a model version that followed from an object. Domains below
ask it before they remove what something live needs."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from core.foundation.objects import ObjectRow, walk
from core.foundation.ports import Pin
from core.foundation.text import _
from core.serving.rows import routes_of
from core.serving.tables import EndpointRow, ServedRow

SERVES, ROLLBACK_TARGET = "serves", "rollback target"


class ServingUses:
    """Reads the endpoints of the caller's transaction."""

    def of(self, session: Session, object_id: str) -> tuple[Pin, ...]:
        # Asked from the few versions that are held, for what led to a version is little and what follows is not.
        pins = tuple(_every_pin(session))
        rests = {
            version_id for version_id in {pin.version_id for pin in pins} if object_id in _rests_on(session, version_id)
        }
        return tuple(pin for pin in pins if pin.version_id in rests or pin.endpoint_id == object_id)

    def reached(self, session: Session) -> frozenset[str]:
        held = {pin.version_id for pin in _every_pin(session)}
        return frozenset({*held, *(edge.source for edge in walk(session, *held, upstream=True))})

    def reason_to_keep(self, session: Session, version_id: str) -> str:
        """A version that an endpoint serves cannot be archived."""
        for row in session.exec(select(EndpointRow)):
            if any(route.version_id == version_id for route in routes_of(row)):
                return _("{endpoint} serves it").format(endpoint=row.name)
        return ""


def _rests_on(session: Session, version_id: str) -> set[str]:
    """The version and all that led to it."""
    return {version_id, *(edge.source for edge in walk(session, version_id, upstream=True))}


def _every_pin(session: Session) -> Iterator[Pin]:
    for endpoint in session.exec(select(EndpointRow).order_by(col(EndpointRow.name))).all():
        for version_id, role in _held(session, endpoint).items():
            title = session.get_one(ObjectRow, version_id).title
            yield Pin(version_id=version_id, version=title, endpoint_id=endpoint.id, endpoint=endpoint.name, role=role)


def _held(session: Session, endpoint: EndpointRow) -> dict[str, str]:
    """The versions an endpoint holds on to: those it serves, and those it served just before."""
    periods = select(ServedRow).where(ServedRow.endpoint_id == endpoint.id).order_by(col(ServedRow.generation).desc())
    before = [route for row in session.exec(periods.offset(1).limit(1)) for route in row.routes]
    held = {route["version_id"]: ROLLBACK_TARGET for route in before}
    return held | {route["version_id"]: SERVES for route in endpoint.routes}
