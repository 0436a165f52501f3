"""Care of snapshots: quarantine, deletion that asks what is live, and retention by a plan that was looked at."""

import pytest

from core.foundation.actors import Actor
from core.foundation.errors import Conflict, NotAllowed
from core.foundation.ids import Kind
from core.identity.permissions import Permission
from core.lake.values import Snapshot
from core.portal import Portal
from tests.conftest import People
from tests.lake.imports.in_process import imported
from tests.registry.onnx_files import calling, register_tiny
from tests.serving.running import route_to

WHY = "It must be said"


@pytest.fixture
def line(portal: Portal, people: People) -> list[Snapshot]:
    """Three snapshots of one dataset."""
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="departures")
    texts = [f"id,x\n1,{at}\n2,5\n".encode() for at in range(3)]
    return [imported(portal, people.engineer, dataset_id=dataset.id, content=text) for text in texts]


def follow(portal: Portal, snapshot: Snapshot, *, kind: Kind, state: str) -> str:
    with calling(portal, Actor.system("test"), permission=Permission.DATA_WRITE) as call:
        follower = call.create(kind, project="PROJ-1", title="carrier_delay v3", state=state, owner="P-2")
        call.link(snapshot.id, follower, "feeds")
    return follower


def test_what_a_live_model_learned_from_is_not_deleted(portal: Portal, people: People, line: list[Snapshot]) -> None:
    version = register_tiny(portal, people.engineer, rows=50)
    with calling(portal, Actor.system("test"), permission=Permission.DATA_WRITE) as call:
        call.link(line[0].id, version.id, "trained")
    place = portal.endpoints.create_endpoint(people.engineer, project="PROJ-1", name="late", environment="staging").id
    route_to(portal, place, (version, 100))
    with pytest.raises(Conflict, match=f"{version.id}.*learned from it, and late serves it"):
        portal.retention.delete_snapshot(people.engineer, snapshot_id=line[0].id, reason=WHY)
    impact = portal.retention.impact(people.viewer, snapshot_id=line[0].id)
    assert {thing.id for thing in impact.things} == {version.id, place}
    assert [(pin.version_id, pin.role) for pin in impact.live] == [(version.id, "serves")]


def test_a_feature_version_keeps_its_source_until_it_is_retired(
    portal: Portal, people: People, line: list[Snapshot]
) -> None:
    version_id = follow(portal, line[0], kind=Kind.FEATURE_VERSION, state="published")
    with pytest.raises(Conflict, match=f"carrier_delay v3 .{version_id}. is built on it"):
        portal.retention.delete_snapshot(people.engineer, snapshot_id=line[0].id, reason=WHY)
    with calling(portal, Actor.system("test"), permission=Permission.DATA_WRITE) as call:
        call.update(version_id, state="retired")
    gone = portal.retention.delete_snapshot(people.engineer, snapshot_id=line[0].id, reason=WHY)
    assert gone.deleted_at is not None
    assert portal.identity.lineage(people.viewer, object_id=version_id).edges[0].source in (
        line[0].dataset_id,
        line[0].id,
    )
    with pytest.raises(Conflict, match="deleted"):
        portal.retention.delete_snapshot(people.engineer, snapshot_id=line[0].id, reason=WHY)


def test_quarantine_warns_what_came_of_it_and_ends(portal: Portal, people: People, line: list[Snapshot]) -> None:
    set_id = follow(portal, line[0], kind=Kind.TRAINING_SET, state="ready")
    held = portal.retention.quarantine(people.sre, snapshot_id=line[0].id, reason=WHY)
    assert held.quarantine == WHY
    sources = portal.retention.quarantined_upstream(people.viewer, object_id=set_id)
    assert [(source.snapshot_id, source.reason) for source in sources] == [(line[0].id, WHY)]
    with pytest.raises(Conflict, match="already"):
        portal.retention.quarantine(people.sre, snapshot_id=line[0].id, reason=WHY)
    with calling(portal, people.engineer) as call, pytest.raises(Conflict, match="in quarantine: It must"):
        portal.datasets.usable(call, line[0].id)
    portal.retention.release(people.engineer, snapshot_id=line[0].id, reason=WHY)
    assert portal.retention.quarantined_upstream(people.viewer, object_id=set_id) == ()


def test_retention_does_what_was_looked_at(portal: Portal, people: People, line: list[Snapshot]) -> None:
    dataset = line[0].dataset_id
    rule = {"dataset_id": dataset, "keep_last": 1, "older_than_days": 0}
    plan = portal.retention.plan_retention(people.viewer, **rule)
    assert [(item.version, item.verdict) for item in plan.items] == [(3, "keep"), (2, "delete"), (1, "delete")]
    assert plan.freed_bytes == line[0].bytes + line[1].bytes
    with pytest.raises(NotAllowed):
        portal.retention.apply_retention(people.engineer, **rule, plan_digest=plan.digest)
    follow(portal, line[0], kind=Kind.FEATURE_VERSION, state="published")
    with pytest.raises(Conflict, match="changed meanwhile"):
        portal.retention.apply_retention(people.sre, **rule, plan_digest=plan.digest)
    plan = portal.retention.plan_retention(people.viewer, **rule)
    assert "is built on it" in plan.items[2].reason
    portal.retention.apply_retention(people.sre, **rule, plan_digest=plan.digest)
    gone = [bool(item.deleted_at) for item in portal.datasets.list_snapshots(people.viewer, dataset_id=dataset).items]
    assert gone == [False, True, False]


def test_what_was_deleted_is_neither_appended_to_nor_found_again(
    portal: Portal, people: People, line: list[Snapshot]
) -> None:
    dataset = line[0].dataset_id
    portal.retention.delete_snapshot(people.engineer, snapshot_id=line[2].id, reason=WHY)
    again = imported(portal, people.engineer, dataset_id=dataset, content=b"id,x\n1,2\n2,5\n")
    assert (again.version, again.digest) == (4, line[2].digest)
    assert again.id != line[2].id
    portal.retention.delete_snapshot(people.engineer, snapshot_id=again.id, reason=WHY)
    more = imported(portal, people.engineer, dataset_id=dataset, content=b"id,x\n3,7\n", mode="append")
    assert (more.version, more.rows) == (5, 3)
    assert more.files[0] == line[1].files[0]
    with pytest.raises(Conflict, match="deleted"):
        portal.datasets.preview(people.viewer, snapshot_id=again.id)


def test_nothing_is_appended_to_rows_in_quarantine(portal: Portal, people: People, line: list[Snapshot]) -> None:
    portal.retention.quarantine(people.sre, snapshot_id=line[2].id, reason=WHY)
    with pytest.raises(Conflict, match=f"{line[2].id} is in quarantine"):
        imported(portal, people.engineer, dataset_id=line[0].dataset_id, content=b"id,x\n3,7\n", mode="append")
