"""What is live: the versions that endpoints serve, those they would go back to, and nothing else."""

from core.foundation.actors import Actor
from core.foundation.ids import Kind
from core.foundation.ports import Pin
from core.identity.permissions import Permission
from core.portal import Portal
from core.serving.live_uses import ServingUses
from tests.conftest import People
from tests.registry.onnx_files import calling, register_tiny
from tests.serving.running import route_to


def pins_of(portal: Portal, object_id: str) -> tuple[Pin, ...]:
    with portal.foundation.database.read() as session:
        return ServingUses().of(session, object_id)


def endpoint(portal: Portal, people: People, name: str = "late-arrival") -> str:
    return portal.endpoints.create_endpoint(people.engineer, project="PROJ-1", name=name, environment="staging").id


def test_a_version_is_pinned_while_it_serves_and_while_it_is_the_rollback_target(
    portal: Portal, people: People
) -> None:
    first, second, third = (register_tiny(portal, people.engineer, weight=at + 1.0, rows=50) for at in range(3))
    place = endpoint(portal, people)
    route_to(portal, place, (first, 100))
    roles = [[(pin.endpoint, pin.role) for pin in pins_of(portal, version.id)] for version in (first, second)]
    assert roles == [[("late-arrival", "serves")], []]
    route_to(portal, place, (second, 100))
    roles = [[pin.role for pin in pins_of(portal, version.id)] for version in (first, second, third)]
    assert roles == [["rollback target"], ["serves"], []]
    route_to(portal, place, (third, 100))
    roles = [[pin.role for pin in pins_of(portal, version.id)] for version in (first, second, third)]
    assert roles == [[], ["rollback target"], ["serves"]]


def test_what_a_live_version_came_of_is_pinned_by_every_endpoint(portal: Portal, people: People) -> None:
    version = register_tiny(portal, people.engineer, rows=50)
    with calling(portal, Actor.system("test"), permission=Permission.DATA_WRITE) as call:
        source = call.create(Kind.SNAPSHOT, project="PROJ-1", title="flights v1", state="ready", owner="P-2")
        unused = call.create(Kind.SNAPSHOT, project="PROJ-1", title="flights v2", state="ready", owner="P-2")
        call.link(source, version.id, "trained")
    assert pins_of(portal, source) == ()
    for name in ("one", "two"):
        route_to(portal, endpoint(portal, people, name), (version, 100))
    assert [(pin.version_id, pin.endpoint, pin.role) for pin in pins_of(portal, source)] == [
        (version.id, "one", "serves"), (version.id, "two", "serves"),
    ]  # fmt: skip
    assert pins_of(portal, unused) == ()
    with portal.foundation.database.read() as session:
        reached = ServingUses().reached(session)
    assert {source, version.id} <= reached
    assert unused not in reached
