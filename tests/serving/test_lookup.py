"""Whose features a request is answered with: those of the live store, and for measurements those of the endpoint's own
store; and the features by key."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.features.online.opening import live_address, open_store
from core.features.online.store import OnlineStore
from core.features.values import ServedView
from core.portal import Portal
from core.registry.values import ModelVersion
from core.serving.plans import online_file
from core.serving.tickets import TicketIssuer
from core.serving.values import Endpoint
from tests.features.online.stores import row
from tests.http import web
from tests.installed import People
from tests.serving.chain import make_chain, training_set, version_of
from tests.serving.running import gateway_for, portal_in, settled

AT = datetime(2013, 1, 15, tzinfo=UTC)
AT_US = round(AT.timestamp() * 1e6)
ROW = {"id": "f-1", "due_at": AT.isoformat(), "carrier": "A", "distance": 100}


@dataclass(frozen=True)
class Scene:
    """An endpoint whose model looks one view up, with both stores at hand."""

    portal: Portal
    people: People
    version: ModelVersion
    endpoint: Endpoint
    view: ServedView
    live: OnlineStore
    measured: OnlineStore

    def post(self, path: str, document: dict[str, Any], *, caller: str = "P-1", **headers: str) -> httpx.Response:
        issuer = TicketIssuer(self.portal.foundation.settings.home)
        token, _ends = issuer.issue(self.endpoint.id, subject=caller, now=datetime.now(UTC), seconds=60)
        sent = {"Authorization": f"Bearer {token}", **headers}
        return web.post(f"{self.endpoint.url}{path}", json=document, headers=sent, timeout=10)

    def delay(self, *, caller: str = "P-1", **headers: str) -> Any:
        """The looked-up input that a prediction was made of."""
        answer = self.post("/predict", {"rows": [ROW], "explain": True}, caller=caller, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["predictions"][0]["features"]["v_mean_delay"]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    with portal_in(folder / "home") as (portal, people), gateway_for(portal):
        chain = make_chain(portal, folder / "chain")
        version = version_of(portal, people.engineer, chain, training_set_id=training_set(portal, chain))
        created = portal.endpoints.create_endpoint(
            people.engineer, project="PROJ-1", name="late", environment="staging"
        )
        portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=created.id, version_id=version.id)
        endpoint = settled(portal, created.id)
        settings = portal.foundation.settings
        live = open_store(live_address(settings))
        measured = open_store(online_file(settings, endpoint_id=created.id))
        (view,) = chain.contract.views
        live.put(view, [row("A", AT_US - 5, 1.5), row("B", AT_US - 5, None, created=AT_US - 4)])
        measured.put(view, [row("A", AT_US - 9, 2.5)])
        yield Scene(portal, people, version, endpoint, view, live, measured)


def test_callers_are_answered_from_the_live_store(scene: Scene) -> None:
    assert scene.delay() == 1.5
    scene.live.put(scene.view, [row("A", AT_US - 1, 1.75)])
    assert scene.delay() == 1.75


def test_a_measurement_is_answered_from_the_store_that_it_moves(scene: Scene) -> None:
    assert scene.delay(caller="JOB-7") == 2.5


def test_nobody_else_can_pass_for_a_measurement(scene: Scene) -> None:
    for name in ("x-causeway-caller", "X-Causeway-Caller"):
        assert scene.delay(**{name: "JOB-7"}) == scene.delay() != 2.5


def test_a_view_that_has_no_row_or_an_expired_one_is_counted_as_missing(scene: Scene) -> None:
    expired = (AT + timedelta(days=400)).isoformat()
    rows = [ROW, {**ROW, "carrier": "nobody"}, {**ROW, "due_at": expired}, {**ROW, "carrier": "B"}]
    answer = scene.post("/predict", {"rows": rows})
    assert answer.json()["missing"] == {"carrier_delay": 2}
    assert answer.headers["x-causeway-missing"] == "2"
    assert scene.post("/predict", {"rows": [ROW]}).json()["missing"] == {}


def test_features_are_answered_by_key(scene: Scene) -> None:
    keys = [{"carrier": key} for key in ("B", "nobody", None, "B")]
    answer = scene.post("/features", {"view": "carrier_delay", "keys": keys, "at_us": AT_US})
    assert answer.json() == {
        "view": "carrier_delay",
        "version": "FEAT-1",
        "features": ["mean_delay"],
        "statuses": ["null", "not_found", "not_found", "null"],
        "values": [[None]] * 4,
        "event_us": [AT_US - 5, None, None, AT_US - 5],
        "created_us": [AT_US - 4, None, None, AT_US - 4],
    }
    now = scene.post("/features", {"view": "carrier_delay", "keys": [{"carrier": "B"}]})
    assert now.json()["statuses"] == ["expired"]
    assert time.time() * 1e6 > AT_US + scene.view.ttl_us


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "view: must be one of carrier_delay"),
        ({"view": "other", "keys": [{}]}, "view: must be one of carrier_delay"),
        ({"view": "carrier_delay", "keys": []}, "keys: must be a list"),
        ({"view": "carrier_delay", "keys": [{"origin": "A"}]}, "keys[0]: must be an object with carrier"),
        ({"view": "carrier_delay", "keys": [["A"]]}, "keys[0]: must be an object with carrier"),
        ({"view": "carrier_delay", "keys": [{"carrier": "A", "x": 1}]}, "keys[0]: is no key"),
        ({"view": "carrier_delay", "keys": [{"carrier": ["A"]}]}, "keys[0]: is no key"),
        ({"view": "carrier_delay", "keys": [{"carrier": "A"}] * 4097}, "are too many"),
        ({"view": "carrier_delay", "keys": [{"carrier": "A"}], "at_us": "now"}, "at_us"),
        ({"view": "carrier_delay", "keys": [{"carrier": "A"}], "more": 1}, "unknown"),
    ],
)
def test_what_is_no_question_for_features_is_refused(scene: Scene, document: dict[str, Any], message: str) -> None:
    answer = scene.post("/features", document)
    assert answer.status_code == 422
    assert message in answer.json()["error"]


def test_an_endpoint_says_which_of_its_features_are_not_online(scene: Scene, tmp_path: Path) -> None:
    (missing,) = scene.portal.endpoints.missing_features(scene.people.viewer, endpoint_id=scene.endpoint.id)
    assert (missing.version_id, missing.view) == ("FEAT-1", "carrier_delay")
    assert "is not materialized" in missing.reason
