"""Two versions that were measured on one endpoint: what was measured on the one is not told of the other."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from core.foundation.actors import Actor
from core.foundation.errors import Conflict
from core.foundation.ids import Kind
from core.identity.permissions import Permission
from core.loadtests.values import LOAD_TEST
from core.portal import Portal
from core.registry.values import ModelVersion, NewEvidence
from core.tasks.values import Verdict
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.lake.imports.in_process import imported
from tests.registry.onnx_files import calling, contract, holdout_table, register_tiny
from tests.serving.running import route_to
from tests.training.sets import make_training_set

SYSTEM = Actor.system("test")
WHY = "It must be said"


@dataclass(frozen=True)
class Measured:
    """A version, the snapshot that it alone learned from, and its load test with the evidence that came of it."""

    version: ModelVersion
    snapshot: str
    test: str
    evidence: str


@dataclass
class Scene:
    """One staging endpoint, on which versions are measured one after the other."""

    portal: Portal
    people: People
    endpoint: str
    training_set: str
    dataset: str

    def measured(self, weight: float) -> Measured:
        version = register_tiny(self.portal, self.people.engineer, weight=weight, training_set_id=self.training_set)
        content = f"id,x\n1,{weight}\n".encode()
        snapshot = imported(self.portal, self.people.engineer, dataset_id=self.dataset, content=content).id
        with calling(self.portal, SYSTEM, permission=Permission.DATA_WRITE) as call:
            call.link(snapshot, version.id, "trained")
        route_to(self.portal, self.endpoint, (version, 100))
        self.confirm(version)
        test = self.portal.loadtests.start_test(
            self.people.sre, endpoint_id=self.endpoint, profile="smoke", rate=120, seconds=5
        )
        self.portal.loadtests.stop_test(self.people.sre, test_id=test.id)
        run_job_here(self.portal, test.job_id)
        return Measured(version, snapshot, test.id, self.evidence(version, test.id))

    def confirm(self, version: ModelVersion) -> None:
        generation = self.portal.endpoints.get_endpoint(SYSTEM, endpoint_id=self.endpoint).generation
        self.portal.endpoints.confirm(
            SYSTEM, endpoint_id=self.endpoint, generation=generation, actual={version.id: 100}, servers=(), cause=""
        )

    def evidence(self, version: ModelVersion, test_id: str) -> str:
        new = NewEvidence(
            project="PROJ-1",
            kind=LOAD_TEST,
            subject=version.id,
            verdict=Verdict.PASS,
            summary="",
            measured_on={"endpoint": self.endpoint},
            content={},
            created_by=self.people.sre.person_id,
        )
        with calling(self.portal, SYSTEM) as call:
            evidence_id = self.portal.registry.add_evidence(call, new).id
            call.link(test_id, evidence_id, "found")
        return evidence_id

    def chain(self, object_id: str) -> set[str]:
        return {thing.id for thing in self.portal.identity.lineage(self.people.viewer, object_id=object_id).things}


@pytest.fixture
def scene(portal: Portal, people: People, tmp_path: Path) -> Scene:
    tables = {name: holdout_table(rows=600, seed=seed) for seed, name in enumerate(("train", "validation", "test"))}
    training_set = make_training_set(
        portal, tmp_path / "splits", tables=tables, contract=contract().model_dump(mode="json")
    )
    endpoint = portal.endpoints.create_endpoint(
        people.sre, project="PROJ-1", name="delays-staging", environment="staging"
    )
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="departures")
    return Scene(portal, people, endpoint.id, training_set, dataset.id)


def test_a_version_is_not_credited_with_what_was_measured_on_another(scene: Scene) -> None:
    first, second = scene.measured(1.0), scene.measured(2.0)
    for ours, other in ((first, second), (second, first)):
        own = {ours.version.id, ours.snapshot, ours.test, ours.evidence}
        foreign = {other.version.id, other.snapshot, other.test, other.evidence}
        for object_id in own:
            assert {ours.version.id, ours.snapshot} <= scene.chain(object_id)
            assert not scene.chain(object_id) & foreign
        assert {*own, scene.endpoint} <= scene.chain(ours.version.id)


def test_an_edge_that_left_an_endpoint_once_leads_nowhere(scene: Scene) -> None:
    first, second = scene.measured(1.0), scene.measured(2.0)
    with calling(scene.portal, SYSTEM, permission=Permission.DATA_WRITE) as call:
        call.link(scene.endpoint, first.test, "took the load of")
    assert first.test not in scene.chain(second.version.id)
    assert second.version.id not in scene.chain(first.evidence)
    assert scene.chain(scene.endpoint) >= {first.version.id, second.version.id, scene.endpoint}
    assert first.test not in scene.chain(scene.endpoint)


def test_a_quarantine_warns_what_rests_on_the_snapshot_and_nothing_measured_beside_it(scene: Scene) -> None:
    first, second = scene.measured(1.0), scene.measured(2.0)
    portal, viewer = scene.portal, scene.people.viewer
    portal.retention.quarantine(scene.people.sre, snapshot_id=second.snapshot, reason=WHY)
    warned = [
        item for item in (first, second) if portal.retention.quarantined_upstream(viewer, object_id=item.evidence)
    ]
    assert warned == [second]
    assert [
        source.snapshot_id for source in portal.retention.quarantined_upstream(viewer, object_id=scene.endpoint)
    ] == [second.snapshot]
    route_to(scene.portal, scene.endpoint, (first.version, 100))
    assert portal.retention.quarantined_upstream(viewer, object_id=scene.endpoint) == ()


def test_an_endpoint_is_hit_only_while_it_holds_on_to_what_came_of_the_snapshot(scene: Scene) -> None:
    first, second = scene.measured(1.0), scene.measured(2.0)
    impact = scene.portal.retention.impact(scene.people.viewer, snapshot_id=first.snapshot)
    assert [(pin.version_id, pin.role) for pin in impact.live] == [(first.version.id, "rollback target")]
    assert scene.endpoint in {thing.id for thing in impact.things}
    scene.measured(3.0)
    impact = scene.portal.retention.impact(scene.people.viewer, snapshot_id=first.snapshot)
    assert impact.live == ()
    assert {thing.id for thing in impact.things} == {first.version.id}
    assert scene.portal.retention.impact(scene.people.viewer, snapshot_id=second.snapshot).live != ()


def test_what_is_live_is_kept_however_much_else_came_of_its_snapshot(scene: Scene) -> None:
    evidence_id = scene.measured(1.0)
    with calling(scene.portal, SYSTEM, permission=Permission.DATA_WRITE) as call:
        for number in range(450):
            built = call.create(
                Kind.FEATURE_VERSION, project="PROJ-1", title=f"v{number}", state="retired", owner="P-2"
            )
            call.link(evidence_id.snapshot, built, "feeds")
    with pytest.raises(Conflict, match="learned from it, and delays-staging serves it"):
        scene.portal.retention.delete_snapshot(scene.people.engineer, snapshot_id=evidence_id.snapshot, reason=WHY)
    impact = scene.portal.retention.impact(scene.people.viewer, snapshot_id=evidence_id.snapshot)
    assert {evidence_id.version.id, scene.endpoint} <= {thing.id for thing in impact.things}
