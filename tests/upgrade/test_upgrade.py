"""A home of version 0.1.0 goes on under today's code, on SQLite and on PostgreSQL: its audit log is sound, its
approvals hold, its endpoints answer with the bytes that were approved."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select

from core.foundation.migrations import differences
from core.foundation.objects import ObjectRow
from core.portal import Portal
from core.promotion.tables import DecisionRow
from core.promotion.values import RequestState
from core.serving.values import Endpoint
from tests.compute.running import wait_until
from tests.serving.running import endpoint_now, gateway_for, ticket_header
from tests.upgrade.home import PEOPLE, upgraded

EVENTS = 115
APPLIED, WAITING = "PR-1", "PR-2"
# Of a flight on a day that the version was judged on; what the portal knows of the carrier it looks up itself.
FLIGHT = {"flight_id": "F1", "sched_dep_utc": "2013-12-01T12:00:00Z", "carrier": "UA", "origin": "EWR", "dest": "ORD",
          "distance": 719, "hour": 7}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Portal]:
    postgres = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    with upgraded(tmp_path, postgres=postgres) as portal:
        yield portal


def test_the_tables_are_those_of_the_code_and_audit_log_and_store_are_whole(portal: Portal) -> None:
    # Tests that ran before in this process may have brought tables of their own.
    changes = [change for change in differences(portal.foundation.database) if not is_of_a_test(change)]
    assert changes == []
    assert portal.store_verification.verify(PEOPLE.sre).problems == ()
    report = portal.audit.verify(PEOPLE.sre)
    assert report.problems == ()
    assert report.signed_to == EVENTS <= report.events


def is_of_a_test(change: Any) -> bool:
    return isinstance(change, tuple) and change[0] == "add_table" and change[1].name.startswith("test_")


def test_approvals_hold_on_the_digests_they_were_given_on(portal: Portal) -> None:
    requests = {id_: portal.requests.get_request(PEOPLE.viewer, request_id=id_) for id_ in (APPLIED, WAITING)}
    assert [request.state for request in requests.values()] == [RequestState.APPLIED, RequestState.APPROVED]
    with portal.foundation.database.read() as session:
        decided = {row.promotion_id: row for row in session.exec(select(DecisionRow))}
        for id_, request in requests.items():
            assert request.digests.model_dump() == decided[id_].model_dump(
                include=set(type(request.digests).model_fields)
            )
    (decision,) = requests[WAITING].decisions
    assert (decision.counts, decision.why_not, requests[WAITING].blocking) == (True, "", ())
    applying = portal.rollouts.apply(PEOPLE.sre, request_id=WAITING)
    assert applying.state is RequestState.APPLYING


def test_endpoints_answer_with_the_bytes_that_were_approved(portal: Portal) -> None:
    """With a real gateway and real model servers, which look features up in the online store of the home."""
    endpoints = portal.endpoints.list_endpoints(PEOPLE.viewer).items
    assert {endpoint.environment for endpoint in endpoints} == {"production", "staging"}
    with gateway_for(portal):
        answers = [prediction(portal, endpoint) for endpoint in endpoints]
    version = portal.registry.get_version(PEOPLE.viewer, version_id="MV-1")
    assert [answer.headers["x-causeway-digest"] for answer in answers] == [version.digest] * 2
    probabilities = {tuple(row["probability"] for row in answer.json()["predictions"]) for answer in answers}
    ((early, late),) = probabilities
    assert 0 < early < late < 1


def prediction(portal: Portal, endpoint: Endpoint) -> httpx.Response:
    """Two flights that differ in their hour alone, once the gateway has started what the home wants to be served."""
    production = endpoint.environment == "production"
    headers = ticket_of_production if production else ticket_of_staging
    request = {"json": {"rows": [FLIGHT, {**FLIGHT, "flight_id": "F2", "hour": 19}]}, "timeout": 10}
    request["headers"] = headers(portal, endpoint.id)
    answers: list[httpx.Response] = []

    def answered() -> bool:
        with suppress(httpx.TransportError):
            answers.append(httpx.post(f"{endpoint_now(portal, endpoint.id).url}/predict", **request))
        return bool(answers) and answers[-1].is_success

    wait_until(answered, seconds=60, what=f"an answer of {endpoint.name}")
    return answers[-1]


def ticket_of_staging(portal: Portal, endpoint_id: str) -> dict[str, str]:
    return ticket_header(portal, PEOPLE.engineer, endpoint_id)


def ticket_of_production(portal: Portal, endpoint_id: str) -> dict[str, str]:
    """Only a service account whose token says so may ask production."""
    mint, scopes = portal.identity.mint_service_token, ("predict.production",)
    secret = mint(PEOPLE.admin, account_id="SA-1", name="Caller", scopes=scopes).secret
    actor = portal.sessions.actor_of_token(secret)
    return {"Authorization": f"Bearer {portal.endpoints.issue_ticket(actor, endpoint_id=endpoint_id).token}"}


def test_whatever_was_made_can_still_be_read(portal: Portal) -> None:
    """Every object with a page, by the action that its page reads it with."""
    with portal.foundation.database.read() as session:
        ids = {row.id for row in session.exec(select(ObjectRow)) if row.project == "PROJ-1"}
    mei = PEOPLE.engineer
    assert {thing.id for thing in portal.identity.search(mei, limit=200)} >= ids
    assert portal.datasets.get_snapshot(mei, snapshot_id="SNAP-1").rows > 5_000
    assert portal.feature_versions.get_version(mei, version_id="FEAT-1").state == "published"
    assert portal.training_sets.get_training_set(mei, training_set_id="TS-1").state == "ready"
    assert portal.training.get_run(mei, run_id="RUN-1").version_id == "MV-1"
    assert portal.sweeps.get_sweep(mei, sweep_id="SW-1").state == "finished"
    assert portal.loadtests.get_report(mei, test_id="LT-1").plan.rate == 20
    assert len(portal.evidence.list_evidence(mei, limit=200).items) == 10
    assert portal.materialization.get_online(mei, version_id="FEAT-1", keys=({"carrier": "UA"},))
    assert len(portal.registry.download_artifact(mei, version_id="MV-1").content) > 5_000
