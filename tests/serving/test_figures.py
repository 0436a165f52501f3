"""What a real Envoy counts and logs: versions and endpoints are labels, arms are told from versions, and a request has
one name in the answer, in the gateway's log and in the model server's."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.foundation.storage import Store
from core.gateway import PortalOverDatabase
from core.serving.gateway.figures import TAGS, arm_figures
from core.serving.gateway.fleet import server_name, version_of
from tests.compute.running import wait_until
from tests.log_lines import log_lines
from tests.registry.onnx_files import register_tiny, tiny_model
from tests.serving.running import DISTANCE, Stage, answering, gateway_over, portal_in, spec_of

REQUESTS = 8


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    home = tmp_path_factory.mktemp("figures")
    with portal_in(home) as (portal, people):
        low, high = (
            register_tiny(portal, people.engineer, model=answering(p), features=DISTANCE, rows=50) for p in (0.1, 0.9)
        )
        settings = portal.foundation.settings.model_copy(update={"access_log": True, "log_format": "json"})
        with gateway_over(settings, PortalOverDatabase(portal.endpoints)) as gateway:
            yield Stage(portal=portal, people=people, gateway=gateway, low=low, high=high)


def figures(stage: Stage) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Envoy's figures of our clusters by name: labels and value."""
    address = (stage.gateway.folder / "admin").read_text()
    text = httpx.get(f"http://{address}/stats/prometheus?usedonly&filter=%5Ecluster").text
    samples: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append((sample.labels, sample.value))
    return samples


def value_of(stage: Stage, name: str, **labels: str) -> float:
    return sum(value for given, value in figures(stage).get(name, []) if labels.items() <= given.items())


def test_endpoint_and_version_are_labels_and_an_arm_is_no_version(stage: Stage) -> None:
    endpoint = stage.endpoint("two-armed", stage.low, stage.high)
    for _request in range(REQUESTS):
        assert stage.ask(endpoint).status_code == 200
    shares = {str(version.version): version for version in (stage.low, stage.high)}
    known = {"endpoint": "two-armed"}
    assert (
        sum(value_of(stage, "envoy_cluster_upstream_rq_total", **known, version=number) for number in shares)
        >= REQUESTS
    )
    of_arms = [value_of(stage, "envoy_cluster_upstream_rq_completed_total", **known, arm=number) for number in shares]
    assert sum(of_arms) == REQUESTS
    names = {labels["envoy_cluster_name"] for labels, _value in figures(stage)["envoy_cluster_membership_healthy"]}
    assert {f"two-armed_{number}_{version.id}" for number, version in shares.items()} <= names
    assert not [name for name in figures(stage) if "two_armed" in name or "MV" in name]
    for given, _value in figures(stage)["envoy_cluster_upstream_rq_total"]:
        assert not {"arm", "version"} <= given.keys()


def test_answers_are_counted_by_the_version_that_gave_them(stage: Stage) -> None:
    endpoint = stage.endpoint("counted", stage.high)
    for _request in range(REQUESTS):
        stage.ask(endpoint)
    assert httpx.post(f"{endpoint.url}/predict", json={}, headers=stage.ticket(endpoint)).status_code == 422
    name = f"counted_{stage.high.version}_{stage.high.id}"
    wait_until(
        lambda: value_of(stage, "envoy_cluster_endpoint_rq_total", envoy_cluster_name=name) >= REQUESTS + 1,
        what="the figures of the version",
    )


def test_a_switch_of_traffic_is_one_line(stage: Stage) -> None:
    endpoint = stage.endpoint("switched", stage.low)
    with log_lines("core.serving.gateway") as lines:
        stage.serve(endpoint.id, (stage.high, 100))
    names = [f"switched_{version.version}_{version.id}" for version in (stage.low, stage.high)]
    switches = [(line["event"], line["object"], line["before"], line["weights"]) for line in lines]
    assert switches == [("traffic switched", endpoint.id, {names[0]: 100}, {names[1]: 100})]


def test_a_request_has_one_name_everywhere(stage: Stage) -> None:
    endpoint = stage.endpoint("named", stage.low)
    answer = stage.ask(endpoint)
    name = answer.headers["x-request-id"]
    refused = httpx.post(f"{endpoint.url}/predict", json={})
    assert refused.status_code == 401
    assert refused.headers["x-request-id"] not in ("", name)
    folder = stage.gateway.folder
    at_server = line_about(folder / "servers" / f"named_{stage.low.version}_{stage.low.id}" / "log", name)
    assert (at_server["event"], at_server["process"]) == ("POST /predict 200", "model server")
    at_gateway = line_about(folder / "log", name)
    assert (at_gateway["event"], at_gateway["process"]) == ("POST /endpoints/named/predict 200", "gateway proxy")
    assert int(at_gateway["total_us"]) > 0
    assert line_about(folder / "log", refused.headers["x-request-id"])["event"].endswith(" 401")


def line_about(log: Path, request: str) -> dict[str, Any]:
    def lines() -> list[dict[str, Any]]:
        documents = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
        return [document for document in documents if document.get("request") == request]

    wait_until(lines, seconds=20, what=f"a line about {request}")
    return lines()[0]


@pytest.mark.parametrize("endpoint", ["late", "arm", "a-1", "arm-late", "x9-"])
def test_names_are_parted_as_they_were_joined(tmp_path: Path, endpoint: str) -> None:
    plain = spec_of(Store(tmp_path), model=tiny_model(), online=tmp_path)
    spec = plain.model_copy(update={"endpoint": endpoint, "version": 12})
    name = server_name(spec)
    assert version_of(name) == spec.version_id
    assert "." not in name
    for figure, expected in ((name, {"endpoint", "version"}), (arm_figures(name), {"endpoint", "arm"})):
        matches = {tag: re.match(pattern, f"cluster.{figure}.upstream_rq_total") for tag, pattern in TAGS.items()}
        values = {tag: match[2] for tag, match in matches.items() if match}
        assert values == {tag: endpoint if tag == "endpoint" else "12" for tag in expected}
