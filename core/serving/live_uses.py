"""What is live: which endpoints serve, or would go back to, a model version that followed from an object. Domains below
ask it before they remove what something live needs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlmodel import Session, and_, col, select

from core.foundation.ids import Kind
from core.foundation.objects import Edge, ObjectRow, are_kept, walk
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
        edges = walk(session, *{pin.version_id for pin in pins}, upstream=True)
        rests = _followers(object_id, edges)
        return tuple(pin for pin in pins if pin.version_id in rests or pin.endpoint_id == object_id)

    def reached(self, session: Session) -> frozenset[str]:
        held = {version_id for _endpoint, versions in _every_held(session) for version_id in versions}
        return frozenset({*held, *(edge.source for edge in walk(session, *held, upstream=True))})

    def reason_to_keep(self, session: Session, version_id: str) -> str:
        """A version that an endpoint serves cannot be archived."""
        for row in session.exec(select(EndpointRow)):
            if any(route.version_id == version_id for route in routes_of(row)):
                return _("{endpoint} serves it").format(endpoint=row.entry.title)
        return ""


def _followers(object_id: str, edges: Iterable[Edge]) -> set[str]:
    """The object and all that follows from it along these edges."""
    targets: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        targets[edge.source].append(edge.target)
    followers, ends = {object_id}, [object_id]
    while ends:
        ends = [target for end in ends for target in targets[end] if target not in followers]
        followers.update(ends)
    return followers


def _every_pin(session: Session) -> Iterator[Pin]:
    held = _every_held(session)
    ids = {object_id for endpoint, versions in held for object_id in (endpoint.id, *versions)}
    named = select(ObjectRow.id, ObjectRow.title).where(col(ObjectRow.id).in_(ids))
    titles = dict(session.exec(named).all())
    for endpoint, versions in held:
        for version_id, role in versions.items():
            yield Pin(
                version_id=version_id,
                version=titles[version_id],
                endpoint_id=endpoint.id,
                endpoint=titles[endpoint.id],
                role=role,
            )


def _every_held(session: Session) -> list[tuple[EndpointRow, dict[str, str]]]:
    """The versions that each endpoint holds on to: those it serves, and those it served just before. Two questions,
    however many endpoints there are and however often each was switched."""
    in_use = are_kept(EndpointRow.id, kind=Kind.ENDPOINT)
    endpoints = session.exec(select(EndpointRow).where(in_use).order_by(col(EndpointRow.name))).all()
    generations = select(ServedRow.generation).where(ServedRow.endpoint_id == EndpointRow.id)
    newest_first = generations.order_by(col(ServedRow.generation).desc()).correlate(EndpointRow)
    before = newest_first.offset(1).limit(1).scalar_subquery()
    joined = and_(col(ServedRow.endpoint_id) == EndpointRow.id, col(ServedRow.generation) == before)
    periods = select(EndpointRow.id, ServedRow.routes).select_from(EndpointRow).join(ServedRow, joined, isouter=True)
    routes_before = dict(session.exec(periods).all())
    return [(endpoint, _held(endpoint, routes_before.get(endpoint.id) or ())) for endpoint in endpoints]


def _held(endpoint: EndpointRow, before: Iterable[dict[str, Any]]) -> dict[str, str]:
    held = {route["version_id"]: ROLLBACK_TARGET for route in before}
    return held | {route["version_id"]: SERVES for route in endpoint.routes}
