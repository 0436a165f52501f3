"""Parity and replay through a real gateway, with features that are looked up online and move through time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from core.compute.values import Job, JobState
from core.features.tables import TrainingSetRow
from core.foundation.errors import Conflict, Invalid
from core.portal import Portal
from core.registry.values import Evidence, ModelVersion
from core.serving.values import Endpoint, ParityReport
from core.tasks.values import Verdict
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.registry.onnx_files import calling
from tests.serving.chain import Chain, make_chain, tampered, training_set, version_of
from tests.serving.running import admit, gateway_for, portal_in, route_to, settled
from tests.training.judging.outcomes import judge, labels_of, snapshot_of, uploaded


@dataclass(frozen=True)
class Scene:
    """A version with its chain, served by a staging endpoint."""

    portal: Portal
    people: People
    chain: Chain
    version: ModelVersion
    endpoint: Endpoint

    def deploy(self, version: ModelVersion) -> None:
        endpoints = self.portal.endpoints
        endpoints.deploy_to_staging(self.people.engineer, endpoint_id=self.endpoint.id, version_id=version.id)
        settled(self.portal, self.endpoint.id)

    def parity(self, rows: int = 60) -> tuple[Job, Evidence]:
        """A parity check, and the evidence it left about the version that is served."""
        job = self.portal.measurement.check_parity(self.people.engineer, endpoint_id=self.endpoint.id, rows=rows)
        done = run_job_here(self.portal, job.id)
        assert done.state is JobState.SUCCEEDED, done.cause
        evidence = self.portal.evidence.list_evidence(self.people.viewer, kind="parity", limit=1).items[0]
        return done, evidence


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    with portal_in(folder / "home") as (portal, people), gateway_for(portal):
        chain = make_chain(portal, folder / "chain")
        version = version_of(portal, people.engineer, chain, training_set_id=training_set(portal, chain))
        endpoint = portal.endpoints.create_endpoint(
            people.engineer, project="PROJ-1", name="late-departure", environment="staging"
        )
        opened = Scene(portal, people, chain, version, endpoint)
        opened.deploy(version)
        yield opened


def test_parity_holds_where_serving_computes_what_was_computed_offline(scene: Scene) -> None:
    job, evidence = scene.parity(rows=80)
    report = ParityReport.model_validate(evidence.content)
    assert (evidence.verdict, report.mismatches, report.rows, report.cells) == (Verdict.PASS, 0, 80, 320)
    assert report.largest_prediction_gap < 1e-9
    assert evidence.subject == scene.version.id
    assert evidence.source == job.id
    assert evidence.measured_on == {
        "version": scene.version.digest,
        "model": scene.version.model_digest,
        "holdout": scene.chain.digests["test"],
        "endpoint": scene.endpoint.id,
    }
    assert evidence.summary == "80 rows and 320 cells agree"
    assert evidence.created_by == scene.people.engineer.person_id


def test_parity_finds_the_cells_that_differ_and_says_why(scene: Scene) -> None:
    wrong = tampered(scene.portal, scene.chain, "v_mean_delay", rows=10, by=0.001)
    set_id = training_set(scene.portal, scene.chain, test=wrong)
    version = version_of(scene.portal, scene.people.engineer, scene.chain, training_set_id=set_id, weight=0.002)
    scene.deploy(version)
    _job, evidence = scene.parity(rows=2_000)
    report = ParityReport.model_validate(evidence.content)
    assert (evidence.verdict, report.by_input) == (Verdict.FAIL, {"v_mean_delay": 10})
    assert (report.rows_with_mismatch, report.causes[0].cause) == (10, "type or rounding")
    assert abs(float(report.worst[0].offline) - float(report.worst[0].served)) == pytest.approx(0.001)
    scene.deploy(scene.version)


def test_one_measurement_at_a_time_has_an_endpoint(scene: Scene) -> None:
    job = scene.portal.measurement.check_parity(scene.people.engineer, endpoint_id=scene.endpoint.id, rows=5)
    with pytest.raises(Conflict, match="is measuring"):
        scene.portal.measurement.check_parity(scene.people.engineer, endpoint_id=scene.endpoint.id)
    with pytest.raises(Conflict, match="is measuring"):
        replay_of(scene, scene.endpoint.id)
    scene.portal.compute.cancel_job(scene.people.engineer, job_id=job.id)
    assert run_job_here(scene.portal, job.id).state is JobState.CANCELLED
    assert scene.parity(rows=5)[1].verdict is Verdict.PASS


def replay_of(scene: Scene, endpoint_id: str, **changes: object) -> str:
    days = {"start": date(2013, 1, 10), "end": date(2013, 1, 12), "speed": 200_000.0}
    measurement, engineer = scene.portal.measurement, scene.people.engineer
    replay = measurement.start_test_replay(engineer, endpoint_id=endpoint_id, **{**days, **changes})
    return replay.id


def test_a_replay_sends_what_happened_and_joins_what_became_of_it(scene: Scene) -> None:
    replay_id = replay_of(scene, scene.endpoint.id)
    done = run_job_here(scene.portal, replay_id)
    assert done.state is JobState.SUCCEEDED, done.cause
    replay = scene.portal.measurement.get_replay(scene.people.viewer, replay_id=replay_id)
    assert (replay.sent, replay.failed, replay.by_version) == (72, 0, {scene.version.id: 72})
    assert {"auc", "log_loss", "p99_ms", "positive_share"} <= replay.metrics.keys()
    assert 0 < replay.metrics["log_loss"] < 10
    assert scene.portal.measurement.list_replays(scene.people.viewer, endpoint_id=scene.endpoint.id).items[0] == replay


def test_splits_by_share_are_compared_where_they_have_enough_rows_and_not_replayed(scene: Scene) -> None:
    shares = {"train": 500, "test": 3}
    set_id = training_set(scene.portal, scene.chain)
    with calling(scene.portal, scene.people.engineer) as call:
        row = call.session.get_one(TrainingSetRow, set_id)
        files = ({name: file[name] for name in ("name", "digest", "positive_share")} for file in row.splits)
        row.splits = [{**file, "rows": shares[file["name"]]} for file in files]
    scene.deploy(version_of(scene.portal, scene.people.engineer, scene.chain, training_set_id=set_id, weight=0.003))
    assert scene.parity(rows=4)[1].measured_on["holdout"] == scene.chain.digests["train"]
    assert scene.parity(rows=3)[1].measured_on["holdout"] == scene.chain.digests["test"]
    with pytest.raises(Invalid, match=f"{set_id} is not split by time") as refusal:
        replay_of(scene, scene.endpoint.id)
    assert refusal.value.hint == "A load test sends the same rows."
    scene.deploy(scene.version)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"end": date(2013, 1, 10)}, "after the start"),
        ({"start": date(2012, 1, 1), "end": date(2012, 1, 2)}, "No held-out rows"),
        ({"speed": 1.0}, "longer than 50 minutes"),
        ({"speed": 0.0}, "Speed must be more than 0"),
        ({"most_rps": 1e6}, "must be at most"),
    ],
)
def test_replays_that_cannot_be_are_refused(scene: Scene, changes: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        replay_of(scene, scene.endpoint.id, **changes)


def test_parity_needs_held_out_rows_and_a_staging_endpoint_that_serves(scene: Scene) -> None:
    portal, engineer = scene.portal, scene.people.engineer
    with pytest.raises(Invalid, match="no split called"):
        portal.measurement.check_parity(engineer, endpoint_id=scene.endpoint.id, split="november")
    bare = portal.endpoints.create_endpoint(engineer, project="PROJ-1", name="bare", environment="staging")
    with pytest.raises(Conflict, match="does not serve yet"):
        portal.measurement.check_parity(engineer, endpoint_id=bare.id)
    live = portal.endpoints.create_endpoint(engineer, project="PROJ-1", name="live", environment="production")
    with pytest.raises(Invalid, match="is a production endpoint"):
        portal.measurement.check_parity(engineer, endpoint_id=live.id)
    with pytest.raises(Invalid, match="is a production endpoint"):
        replay_of(scene, live.id)


def test_a_job_is_given_its_ticket_at_the_last_moment_and_the_database_never(scene: Scene) -> None:
    from sqlmodel import select

    from core.compute.tables import JobRow

    with scene.portal.foundation.database.read() as session:
        payloads = [row.payload for row in session.exec(select(JobRow))]
    assert payloads
    assert not [payload for payload in payloads if payload.get("token") or payload.get("url")]


def test_a_replay_of_production_is_sent_as_a_caller_would(scene: Scene) -> None:
    """Two versions share the endpoint; both are counted."""
    from core.identity.permissions import Permission

    portal, people = scene.portal, scene.people
    other = version_of(
        portal, people.engineer, scene.chain, training_set_id=scene.version.training_set_id, weight=-0.001
    )
    endpoints = portal.endpoints
    live = endpoints.create_endpoint(people.sre, project="PROJ-1", name="in-production", environment="production")
    for version in (scene.version, other):
        admit(portal, live.id, version)
    route_to(portal, live.id, (scene.version, 50), (other, 50))
    settled(portal, live.id)
    account = portal.identity.create_service_account(people.admin, handle="desk", name="Desk", project="PROJ-1")
    minted = portal.identity.mint_service_token(
        people.admin, account_id=account.id, name="replay", scopes=(Permission.PREDICT_PRODUCTION,), days=1
    )
    caller = portal.sessions.actor_of_token(minted.secret)
    replay = portal.measurement.start_replay(
        caller, endpoint_id=live.id, start=date(2013, 1, 10), end=date(2013, 1, 12), speed=200_000.0
    )
    assert run_job_here(portal, replay.id).state is JobState.SUCCEEDED
    finished = portal.measurement.get_replay(people.viewer, replay_id=replay.id)
    assert sum(finished.by_version.values()) == finished.sent == 72
    assert set(finished.by_version) == {scene.version.id, other.id}


@pytest.mark.parametrize("exporter", ["sklearn-pipeline", "xgboost"])
def test_a_model_from_elsewhere_is_judged_served_and_measured_like_any_other(scene: Scene, exporter: str) -> None:
    portal, people, labels = scene.portal, scene.people, labels_of(exporter)
    version = uploaded(portal, people, exporter)
    snapshot = snapshot_of(portal, people, labels, name=exporter)
    assert judge(portal, people, version, snapshot_id=snapshot.id, label="y").state is JobState.SUCCEEDED
    scene.deploy(version)
    _job, parity = scene.parity(rows=100)
    report = ParityReport.model_validate(parity.content)
    assert (parity.subject, parity.verdict, report.rows) == (version.id, Verdict.PASS, 100)
    assert report.mismatches == 0
    assert report.largest_prediction_gap < 1e-7
    smoke = portal.loadtests.start_test(people.sre, endpoint_id=scene.endpoint.id, profile="smoke", rate=120, seconds=5)
    assert run_job_here(portal, smoke.job_id).state is JobState.SUCCEEDED
    statuses = portal.loadtests.get_report(people.sre, test_id=smoke.id)
    assert statuses.version_id == version.id
    scene.deploy(scene.version)
