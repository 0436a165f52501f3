"""Load tests as people ask for them: who may, on what, how much, and what is written down at the end."""

from pathlib import Path
from typing import Any

import pytest

from core.compute.values import JobState
from core.foundation.actors import Actor
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.loadtests.values import LOAD_TEST, LoadTestState, LoadTestView
from core.portal import Portal
from core.registry.values import ModelVersion
from core.serving.values import Endpoint, Route, Server
from core.tasks.values import Verdict
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.registry.onnx_files import calling, contract, holdout_table, register_tiny
from tests.serving.running import gateway_for, settled
from tests.training.sets import make_training_set

SYSTEM = Actor.system("test")
QUICK = {"profile": "smoke", "rate": 120, "seconds": 5}


@pytest.fixture
def version(portal: Portal, people: People, tmp_path: Path) -> ModelVersion:
    """A version of a small model, with the training set that its held-out rows come from."""
    tables = {name: holdout_table(rows=600, seed=seed) for seed, name in enumerate(("train", "validation", "test"))}
    training_set = make_training_set(
        portal, tmp_path / "splits", tables=tables, contract=contract().model_dump(mode="json")
    )
    return register_tiny(portal, people.engineer, training_set_id=training_set)


@pytest.fixture
def staging(portal: Portal, people: People, version: ModelVersion) -> Endpoint:
    """A staging endpoint that serves the version, as far as the gateway says."""
    endpoint = portal.endpoints.create_endpoint(
        people.sre, project="PROJ-1", name="delays-staging", environment="staging"
    )
    portal.endpoints.deploy_to_staging(people.sre, endpoint_id=endpoint.id, version_id=version.id)
    return confirmed(portal, endpoint.id)


@pytest.fixture
def production(portal: Portal, people: People, version: ModelVersion) -> Endpoint:
    endpoint = portal.endpoints.create_endpoint(people.sre, project="PROJ-1", name="delays", environment="production")
    route = Route(
        version_id=version.id, model=version.model, version=version.version, digest=version.digest, weight=100
    )
    with calling(portal, people.sre) as call:
        portal.endpoints.allow(call, endpoint.id, digest=version.digest, promotion_id="PR-1")
        portal.endpoints.route(call, endpoint.id, (route,), reason="Promoted", promotion_id="PR-1")
    return confirmed(portal, endpoint.id)


def confirmed(portal: Portal, endpoint_id: str) -> Endpoint:
    """As a gateway reports an endpoint that serves what it is wanted to."""
    endpoint = portal.endpoints.get_endpoint(SYSTEM, endpoint_id=endpoint_id)
    servers: tuple[Server, ...] = ()
    actual = {route.version_id: route.weight for route in endpoint.routes}
    portal.endpoints.confirm(
        SYSTEM, endpoint_id=endpoint_id, generation=endpoint.generation, actual=actual, servers=servers, cause=""
    )
    return portal.endpoints.get_endpoint(SYSTEM, endpoint_id=endpoint_id)


def start(portal: Portal, actor: Actor, endpoint: Endpoint, **choices: Any) -> LoadTestView:
    return portal.loadtests.start_test(actor, endpoint_id=endpoint.id, **{**QUICK, **choices})


def test_a_test_of_a_running_endpoint_becomes_evidence_about_the_version(
    portal: Portal, people: People, version: ModelVersion
) -> None:
    endpoint = portal.endpoints.create_endpoint(
        people.sre, project="PROJ-1", name="delays-staging", environment="staging", slo={"p99_ms": 1_000}
    )
    with gateway_for(portal):
        portal.endpoints.deploy_to_staging(people.sre, endpoint_id=endpoint.id, version_id=version.id)
        settled(portal, endpoint.id)
        test = start(portal, people.engineer, endpoint)
        job = run_job_here(portal, test.job_id)
    assert job.state is JobState.SUCCEEDED, job.cause
    done = portal.loadtests.get_test(people.viewer, test_id=test.id)
    report = portal.loadtests.get_report(people.viewer, test_id=test.id)
    assert done.state is LoadTestState.FINISHED
    assert report.failures == {}
    assert report.requests == pytest.approx(480, rel=0.25)
    assert report.server.compute_p50_ms is not None
    assert len(portal.loadtests.series(people.viewer, test_id=test.id)) >= 5
    _check_evidence(portal, people, done)
    assert not list(portal.foundation.settings.home.glob("jobs/*/*/job.json"))  # It carried a ticket.


def _check_evidence(portal: Portal, people: People, done: LoadTestView) -> None:
    report = portal.loadtests.get_report(people.viewer, test_id=done.id)
    evidence = portal.evidence.get_evidence(people.viewer, evidence_id=done.evidence_id)
    assert (evidence.kind, evidence.subject) == (LOAD_TEST, done.version_id)
    assert evidence.content == report.model_dump(mode="json")
    assert evidence.measured_on["version"] == done.digest
    assert evidence.measured_on["endpoint"] == done.endpoint_id
    assert {"plan", "payload"} <= set(evidence.measured_on)
    expected = {"VALID": Verdict.PASS, "INVALID": Verdict.INCONCLUSIVE}
    assert evidence.verdict == expected[report.validity], report.reasons


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254",
        "http://127.0.0.1:22",
        "file:///etc/passwd",
        "http://example.com/",
        "http://[::1]:8601/",
        "2130706433",
        "http://portal@127.0.0.1/",
        "EP-1/../EP-2",
        "EP-999",
        "",
        "PROJ-1",
    ],
)
def test_b066_a_target_is_an_endpoint_id_and_nothing_else(portal: Portal, people: People, target: str) -> None:
    with pytest.raises((NotFound, Invalid)):
        portal.loadtests.start_test(people.sre, endpoint_id=target, **QUICK)
    assert portal.loadtests.list_tests(people.sre).total == 0


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"in_flight": 10**9}, "in_flight"),
    ({"in_flight": 0}, "in_flight"),
    ({"rate": -1}, "rate"),
    ({"rate": 10**9}, "rate"),
    ({"rate": float("nan")}, "rate"),
    ({"seconds": 0}, "seconds"),
    ({"seconds": 365 * 86_400}, "seconds"),
    ({"seconds": 2}, "seconds"),
    ({"rate_cap": 0}, "rate_cap"),
    ({"profile": "fork bomb"}, "profile"),
    ({"spacing": "bursts"}, "spacing"),
    ({"split": "tomorrow"}, "split"),
    ({"seed": -1}, "seed"),
)


def test_b068_a_load_beyond_the_caps_is_refused_by_its_field(portal: Portal, people: People, staging: Endpoint) -> None:
    for choices, field in WRONG:
        with pytest.raises(Invalid) as refused:
            start(portal, people.sre, staging, **choices)
        assert refused.value.field == field
    with pytest.raises(Invalid):
        start(portal, people.sre, staging, url="http://127.0.0.1:22")
    assert portal.loadtests.list_tests(people.sre).total == 0


def test_b068_two_tests_at_once_on_one_endpoint_are_a_conflict(
    portal: Portal, people: People, staging: Endpoint
) -> None:
    first = start(portal, people.engineer, staging)
    with pytest.raises(Conflict, match=first.id):
        start(portal, people.sre, staging)
    with pytest.raises(Conflict, match=first.job_id):
        portal.measurement.check_parity(people.engineer, endpoint_id=staging.id)
    portal.loadtests.stop_test(people.sre, test_id=first.id)
    run_job_here(portal, first.job_id)
    assert portal.loadtests.get_test(people.viewer, test_id=first.id).state is LoadTestState.STOPPED
    assert start(portal, people.sre, staging).state is LoadTestState.QUEUED


def test_a_parity_check_has_the_endpoint_to_itself(portal: Portal, people: People, staging: Endpoint) -> None:
    job = portal.measurement.check_parity(people.engineer, endpoint_id=staging.id)
    with pytest.raises(Conflict, match=job.id):
        start(portal, people.engineer, staging)


def test_what_was_not_asked_comes_from_the_profile_and_the_slo(
    portal: Portal, people: People, staging: Endpoint
) -> None:
    test = portal.loadtests.start_test(people.engineer, endpoint_id=staging.id, profile="capacity")
    assert (test.plan.rate_cap, test.plan.seconds) == (test.plan.rate, 38)
    assert test.plan.in_flight >= test.plan.rate * test.slo.p99_ms / 1e3
    assert (test.version_id, test.state, test.validity) == (staging.routes[0].version_id, LoadTestState.QUEUED, "")
    with pytest.raises(Conflict, match="has no report"):
        portal.loadtests.get_report(people.viewer, test_id=test.id)


def test_an_endpoint_that_serves_nothing_is_not_tested(portal: Portal, people: People) -> None:
    endpoint = portal.endpoints.create_endpoint(people.sre, project="PROJ-1", name="empty", environment="staging")
    with pytest.raises(Conflict, match="does not serve exactly one version"):
        start(portal, people.sre, endpoint)


def test_a_version_without_held_out_rows_is_not_tested(portal: Portal, people: People) -> None:
    endpoint = portal.endpoints.create_endpoint(people.sre, project="PROJ-1", name="uploaded", environment="staging")
    version = register_tiny(portal, people.engineer)
    portal.endpoints.deploy_to_staging(people.sre, endpoint_id=endpoint.id, version_id=version.id)
    with pytest.raises(Conflict, match="no training set"):
        start(portal, people.sre, confirmed(portal, endpoint.id))


def test_production_waits_for_a_second_person(
    portal: Portal, people: People, production: Endpoint, second_sre: Actor
) -> None:
    with pytest.raises(Invalid) as refused:
        start(portal, people.sre, production)
    assert refused.value.field == "endpoint_id"
    with pytest.raises(NotAllowed):
        portal.loadtests.start_production_test(people.engineer, endpoint_id=production.id)
    test = portal.loadtests.start_production_test(people.sre, endpoint_id=production.id)
    assert (test.state, test.job_id) == (LoadTestState.WAITING, "")
    for actor in (people.sre, people.engineer, SYSTEM):
        with pytest.raises(NotAllowed):
            portal.loadtests.confirm_test(actor, test_id=test.id)
    ready = portal.loadtests.confirm_test(second_sre, test_id=test.id)
    assert (ready.state, ready.confirmed_by) == (LoadTestState.QUEUED, second_sre.person_id)
    assert portal.compute.get_job(SYSTEM, job_id=ready.job_id).requested_by == people.sre.person_id
    with pytest.raises(Conflict, match="waits for nobody"):
        portal.loadtests.confirm_test(second_sre, test_id=test.id)


@pytest.fixture
def second_sre(portal: Portal, people: People) -> Actor:
    person = portal.identity.create_person(SYSTEM, handle="noor", name="Noor Haddad")
    portal.identity.grant_role(SYSTEM, person_id=person.id, role="sre")
    return Actor(person_id=person.id, kind="person", via="session")


def test_what_is_confirmed_is_what_was_asked_for(
    portal: Portal, people: People, production: Endpoint, second_sre: Actor
) -> None:
    test = portal.loadtests.start_production_test(people.sre, endpoint_id=production.id)
    other = register_tiny(portal, people.engineer, weight=0.5, training_set_id="TS-1")
    route = Route(version_id=other.id, model=other.model, version=other.version, digest=other.digest, weight=100)
    with calling(portal, people.sre) as call:
        portal.endpoints.allow(call, production.id, digest=other.digest, promotion_id="PR-2")
        portal.endpoints.route(call, production.id, (route,), reason="Promoted", promotion_id="PR-2")
    confirmed(portal, production.id)
    with pytest.raises(Conflict, match="serves another version"):
        portal.loadtests.confirm_test(second_sre, test_id=test.id)
    assert portal.loadtests.stop_test(people.engineer, test_id=test.id).state is LoadTestState.STOPPED


def test_a_test_of_production_keeps_to_lower_caps(portal: Portal, people: People, production: Endpoint) -> None:
    for choices, field in (({"rate": 1_001}, "rate"), ({"seconds": 601}, "seconds"), ({"profile": "capacity"}, "rate")):
        with pytest.raises(Invalid) as refused:
            portal.loadtests.start_production_test(people.sre, endpoint_id=production.id, **choices)
        assert refused.value.field == field


def test_strangers_see_no_test_and_viewers_start_none(portal: Portal, people: People, staging: Endpoint) -> None:
    test = start(portal, people.engineer, staging)
    for action in (portal.loadtests.get_test, portal.loadtests.series, portal.loadtests.stop_test):
        with pytest.raises(NotFound):
            action(people.outsider, test_id=test.id)
    assert portal.loadtests.list_tests(people.outsider).total == 0
    assert portal.loadtests.list_tests(people.viewer, endpoint_id=staging.id).items == (test,)
    with pytest.raises(NotAllowed):
        portal.loadtests.stop_test(people.viewer, test_id=test.id)
