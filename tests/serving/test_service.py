"""Endpoints, routes, history and tickets: the rules, without a gateway."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.foundation.actors import Actor
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from core.foundation.observability.health import status_of
from core.health.readiness import health_of as readiness_of
from core.identity.permissions import Permission
from core.portal import Portal
from core.registry.values import ModelVersion
from core.serving.service import EndpointService
from core.serving.values import Route, Server
from tests.conftest import People
from tests.registry.onnx_files import calling, register_tiny
from tests.serving.damaged import DAMAGES, damage_bytes
from tests.serving.running import admit, endpoint_now, route_to

SYSTEM = Actor.system("gateway")


def staging(portal: Portal, people: People, name: str = "late-arrival") -> str:
    return portal.endpoints.create_endpoint(people.engineer, project="PROJ-1", name=name, environment="staging").id


def test_an_endpoint_serves_nothing_until_something_is_deployed(portal: Portal, people: People) -> None:
    endpoint = endpoint_now(portal, staging(portal, people))
    assert (endpoint.routes, endpoint.settled, endpoint.generation) == ((), False, 0)
    assert endpoint.url.endswith("/endpoints/late-arrival")


def test_a_name_is_taken_once_in_the_whole_installation(portal: Portal, people: People) -> None:
    staging(portal, people)
    with pytest.raises(Conflict, match="is taken"):
        portal.endpoints.create_endpoint(people.outsider, project="PROJ-2", name="late-arrival", environment="staging")


@pytest.mark.parametrize("name", ["", "A", "a/b", "../x", "a b", "a" * 61, "1a", "a\u202e"])
def test_names_are_safe_in_an_address(portal: Portal, people: People, name: str) -> None:
    with pytest.raises(Invalid):
        staging(portal, people, name)


def test_deploying_wants_the_version_alone_and_writes_history(portal: Portal, people: People) -> None:
    first, second = (register_tiny(portal, people.engineer, weight=weight, rows=50) for weight in (1.0, 0.5))
    endpoint = staging(portal, people)
    for generation, version in enumerate((first, second), start=1):
        portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=version.id)
        serves(portal, endpoint, generation)
    deployed = endpoint_now(portal, endpoint)
    assert [(route.version_id, route.digest, route.weight) for route in deployed.routes] == [
        (second.id, second.digest, 100)
    ]
    assert (deployed.generation, deployed.settled) == (2, True)
    history = portal.endpoints.history(people.viewer, endpoint_id=endpoint).items
    assert [period.routes[0].version_id for period in history] == [second.id, first.id]
    assert history[0].to_time is None
    assert history[1].to_time == history[0].from_time
    assert [period.state for period in history] == ["served", "served"]
    assert history[0].changed_by == people.engineer.person_id
    edges = portal.identity.lineage(people.engineer, object_id=endpoint).edges
    assert {(edge.source, edge.relation) for edge in edges if edge.target == endpoint} == {
        (first.id, "served by"),
        (second.id, "served by"),
    }


def serves(portal: Portal, endpoint_id: str, generation: int) -> None:
    """The gateway has reached what was wanted then."""
    portal.endpoints.confirm(SYSTEM, endpoint_id=endpoint_id, generation=generation, actual={}, servers=(), cause="")


def test_history_says_of_nothing_that_it_served_before_the_gateway_does(portal: Portal, people: People) -> None:
    """What was wanted and given up never served, and what had served before went on meanwhile."""
    endpoint = staging(portal, people)
    versions = [register_tiny(portal, people.engineer, weight=weight, rows=50) for weight in (1.0, 0.5, 0.2)]

    def wanted(version: ModelVersion) -> list[tuple[str, bool]]:
        portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=version.id)
        return states()

    def states() -> list[tuple[str, bool]]:
        history = portal.endpoints.history(people.viewer, endpoint_id=endpoint).items
        return [(period.state, period.to_time is None) for period in history]

    assert wanted(versions[0]) == [("wanted", False)]
    serves(portal, endpoint, 1)
    assert states() == [("served", True)]
    assert wanted(versions[1]) == [("wanted", False), ("served", True)]
    serves(portal, endpoint, 1)
    assert states() == [("wanted", False), ("served", True)]
    assert wanted(versions[2]) == [("wanted", False), ("never", False), ("served", True)]
    serves(portal, endpoint, 3)
    assert states() == [("served", True), ("never", False), ("served", False)]
    edges = portal.identity.lineage(people.engineer, object_id=endpoint).edges
    assert {edge.source for edge in edges if edge.target == endpoint} == {versions[0].id, versions[2].id}
    newest, _never, oldest = portal.endpoints.history(people.viewer, endpoint_id=endpoint).items
    assert oldest.to_time == newest.from_time
    serves(portal, endpoint, 0)
    assert states() == [("served", True), ("never", False), ("served", False)]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("part", ["model.onnx", "manifest"])
def test_damaged_bytes_are_not_deployed(portal: Portal, people: People, part: str, damage: str) -> None:
    version, endpoint = register_tiny(portal, people.engineer, rows=50), staging(portal, people)
    damage_bytes(portal, version, part, damage)
    with pytest.raises(Conflict, match=rf"\({version.id}\) cannot serve: (File|The store has no file) \w+") as refusal:
        portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=version.id)
    assert "causeway store verify" in refusal.value.hint
    assert (endpoint_now(portal, endpoint).routes, endpoint_now(portal, endpoint).generation) == ((), 0)
    assert portal.endpoints.history(people.viewer, endpoint_id=endpoint).total == 0


def test_production_is_no_place_to_deploy_to_directly(portal: Portal, people: People) -> None:
    version = register_tiny(portal, people.engineer, rows=50)
    endpoint = portal.endpoints.create_endpoint(
        people.sre, project="PROJ-1", name="late-arrival", environment="production"
    )
    with pytest.raises(Invalid, match="is a production endpoint"):
        portal.endpoints.deploy_to_staging(people.sre, endpoint_id=endpoint.id, version_id=version.id)


@pytest.mark.parametrize("weights", [(60, 30), (60, 50), (100, 1), (0, 0), (0,)])
def test_b071_weights_sum_to_a_hundred(portal: Portal, people: People, weights: tuple[int, ...]) -> None:
    versions = [register_tiny(portal, people.engineer, weight=float(at + 1), rows=50) for at in range(len(weights))]
    endpoint = staging(portal, people)
    with pytest.raises(Invalid, match="weights sum to"):
        route_to(portal, endpoint, *zip(versions, weights, strict=True))


def test_a_version_has_one_weight_and_one_digest(portal: Portal, people: People) -> None:
    version, endpoint = register_tiny(portal, people.engineer, rows=50), staging(portal, people)
    with pytest.raises(Invalid, match="two weights"):
        route_to(portal, endpoint, (version, 50), (version, 50))
    with pytest.raises(Invalid, match="does not say what"):
        route_to(portal, endpoint, (version.model_copy(update={"digest": "0" * 64}), 100))


def test_a_version_of_another_project_is_not_served(portal: Portal, people: People) -> None:
    foreign = register_tiny(portal, people.outsider, "other-model", project="PROJ-2", rows=50)
    endpoint = staging(portal, people)
    with pytest.raises(Invalid, match="another project"):
        route_to(portal, endpoint, (foreign, 100))
    with pytest.raises(NotFound):
        portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=foreign.id)


def test_a_version_that_is_served_is_not_archived_and_an_archived_one_not_served(
    portal: Portal, people: People
) -> None:
    served, unused = (register_tiny(portal, people.engineer, weight=weight, rows=50) for weight in (1.0, 0.5))
    endpoint = staging(portal, people)
    portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=served.id)
    with pytest.raises(Conflict):
        portal.registry.archive_version(people.engineer, version_id=served.id)
    portal.registry.archive_version(people.engineer, version_id=unused.id)
    with pytest.raises(Conflict, match="is archived"):
        portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=unused.id)


def test_what_the_gateway_reports_settles_an_endpoint(portal: Portal, people: People) -> None:
    version, endpoint = register_tiny(portal, people.engineer, rows=50), staging(portal, people)
    portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=version.id)
    (plan,) = portal.endpoints.wanted(SYSTEM)
    assert (plan.weights, plan.generation, plan.servers[0].digest) == ({version.id: 100}, 1, version.digest)
    ready = Server(version_id=version.id, state="ready", address="unix:x", cause="", started_at=datetime.now(UTC))
    portal.endpoints.confirm(
        SYSTEM, endpoint_id=endpoint, generation=1, actual={version.id: 100}, servers=(ready,), cause=""
    )
    reported = endpoint_now(portal, endpoint)
    assert (reported.settled, reported.actual, reported.servers) == (True, {version.id: 100}, (ready,))
    route_to(portal, endpoint, (version, 100))
    assert not endpoint_now(portal, endpoint).settled
    late = {"generation": 1, "actual": {}, "servers": (), "cause": "of the wish before", "wanted": 1}
    portal.endpoints.confirm(SYSTEM, endpoint_id=endpoint, **late)
    assert (endpoint_now(portal, endpoint).cause, endpoint_now(portal, endpoint).actual) == ("", {version.id: 100})


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"")])
def test_a_lost_key_of_admissions_is_not_replaced_by_one_that_no_server_could_start_under(
    portal: Portal, people: People, damage: Callable[[Path], object]
) -> None:
    file = portal.foundation.settings.home / "secrets" / "admissions.key"
    version, endpoint = register_tiny(portal, people.engineer, rows=50), staging(portal, people)
    portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=version.id)
    admit(portal, endpoint, version)
    assert portal.endpoints.wanted(SYSTEM)
    file.chmod(0o600)
    damage(file)
    with pytest.raises(Unavailable, match=r"admissions\.key is"):
        portal.endpoints.wanted(SYSTEM)
    assert not file.exists() or file.read_bytes() == b""


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"kty": "EC"}', b"\xff"])
def test_a_damaged_key_of_tickets_is_said_in_words(portal: Portal, people: People, content: bytes) -> None:
    endpoint = staging(portal, people)
    (portal.foundation.settings.home / "secrets" / "tickets.json").write_bytes(content)
    with pytest.raises(Unavailable, match="key that signs tickets"):
        portal.endpoints.issue_test_ticket(people.engineer, endpoint_id=endpoint)


def test_only_our_own_processes_may_report(portal: Portal, people: People) -> None:
    endpoint = staging(portal, people)
    for person in (people.admin, people.sre, people.engineer):
        with pytest.raises(NotAllowed):
            portal.endpoints.wanted(person)
        with pytest.raises(NotAllowed):
            portal.endpoints.confirm(person, endpoint_id=endpoint, generation=1, actual={}, servers=(), cause="")


def test_tickets_are_short_and_for_the_right_environment(portal: Portal, people: People) -> None:
    test, live = (
        staging(portal, people),
        portal.endpoints.create_endpoint(people.sre, project="PROJ-1", name="live", environment="production"),
    )
    ticket = portal.endpoints.issue_test_ticket(people.engineer, endpoint_id=test, minutes=60)
    assert ticket.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert ticket.url.endswith("/endpoints/late-arrival")
    usual = portal.endpoints.issue_test_ticket(people.engineer, endpoint_id=test)
    # Ten minutes in which none is issued stop nobody who renews in time.
    assert usual.expires_at - usual.renew_at == timedelta(minutes=15)
    assert timedelta(minutes=14) < usual.renew_at - datetime.now(UTC) < timedelta(minutes=15)
    with pytest.raises(Invalid):
        portal.endpoints.issue_test_ticket(people.engineer, endpoint_id=test, minutes=61)
    with pytest.raises(Invalid, match="is a production endpoint"):
        portal.endpoints.issue_test_ticket(people.sre, endpoint_id=live.id)
    with pytest.raises(NotAllowed):
        portal.endpoints.issue_ticket(people.sre, endpoint_id=live.id)


def test_a_service_account_with_the_scope_gets_tickets_for_production(portal: Portal, people: People) -> None:
    live = portal.endpoints.create_endpoint(people.sre, project="PROJ-1", name="live", environment="production")
    account = portal.identity.create_service_account(
        people.admin, handle="desk", name="Departure desk", project="PROJ-1"
    )
    minted = portal.identity.mint_service_token(
        people.admin, account_id=account.id, name="t", scopes=(Permission.PREDICT_PRODUCTION,), days=1
    )
    caller = portal.sessions.actor_of_token(minted.secret)
    assert portal.endpoints.issue_ticket(caller, endpoint_id=live.id).token.count(".") == 2


def test_endpoints_are_seen_within_ones_projects(portal: Portal, people: People) -> None:
    staging(portal, people)
    assert portal.endpoints.list_endpoints(people.viewer, environment="staging").total == 1
    assert portal.endpoints.list_endpoints(people.viewer, environment="production").total == 0
    assert portal.endpoints.list_endpoints(people.outsider).total == 0
    with pytest.raises(NotFound):
        portal.endpoints.get_endpoint(people.outsider, endpoint_id="EP-1")


def test_routes_change_the_same_way_on_both_databases(portal_on: Portal, people: People) -> None:
    version = register_tiny(portal_on, people.engineer, rows=50)
    endpoint = staging(portal_on, people)
    route = Route(version_id=version.id, model=version.model, version=1, digest=version.digest, weight=100)
    serving: EndpointService = portal_on.endpoints
    with calling(portal_on, SYSTEM, permission=Permission.DEPLOY) as call:
        serving.allow(call, endpoint, digest=version.digest, promotion_id="PR-1")
        serving.allow(call, endpoint, digest=version.digest, promotion_id="PR-2")
        assert serving.route(call, endpoint, (route,), reason="first").generation == 1
    (plan,) = serving.wanted(SYSTEM)
    assert plan.servers[0].admission is not None
    assert plan.servers[0].admission.promotion_id == "PR-2"


def test_settled_means_that_the_server_of_every_version_answers(portal: Portal, people: People) -> None:
    endpoint, version = staging(portal, people), register_tiny(portal, people.engineer, rows=50)
    portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=version.id)
    for state, of, is_settled in (
        ("ready", version.id, True),
        ("unresponsive", version.id, False),
        ("starting", version.id, False),
        ("refused", version.id, False),
        ("draining", "MV-77", True),
        ("ready", version.id, True),
    ):
        report(portal, endpoint, server_in(state, of))
        assert endpoint_now(portal, endpoint).settled is is_settled, state


def test_a_server_that_rests_is_in_the_history_of_its_endpoint_once_and_with_its_cause(
    portal: Portal, people: People
) -> None:
    endpoint, version = staging(portal, people), register_tiny(portal, people.engineer, rows=50)
    portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=version.id)
    now = datetime.now(UTC)
    resting = server_in("refused", version.id, cause="It needs more memory", rests_until=now)
    for server in (resting, resting, resting.model_copy(update={"rests_until": now + timedelta(minutes=1)})):
        report(portal, endpoint, server)
    events = portal.audit.list_events(people.admin, action="serving.server_rests").items
    assert [(event.subject, event.details) for event in events] == [
        (endpoint, {"version": version.id, "cause": "It needs more memory"})
    ] * 2
    health = portal.health.of_objects(people.engineer, object_ids=(endpoint,))[0]
    assert (health.state, "It needs more memory" in health.reason) == ("refused", True)
    says = readiness_of(portal.foundation).report()
    assert says["model_servers"] == f"A model server rests after starts that failed, of: {endpoint}"
    # One model keeps nobody from the portal.
    assert status_of(says) == 200
    report(portal, endpoint, resting)
    assert readiness_of(portal.foundation).report()["model_servers"] == "ok"


def server_in(state: str, version_id: str, **others: object) -> Server:
    known = {
        "version_id": version_id,
        "state": state,
        "address": "unix:x",
        "cause": "",
        "started_at": datetime.now(UTC),
    }
    return Server.model_validate(known | others)


def report(portal: Portal, endpoint_id: str, server: Server) -> None:
    portal.endpoints.confirm(
        SYSTEM, endpoint_id=endpoint_id, generation=1, actual={}, servers=(server,), cause=server.cause
    )
