"""What a worker says of itself to an operator: its health and figures on loopback, and its log."""

import json
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.compute.values import JobState
from core.foundation.errors import Unavailable
from core.foundation.observability.operator_server import OperatorServer, Reply
from core.foundation.settings import Settings
from core.portal import Portal
from tests.compute.conftest import StartWorker
from tests.compute.demo_kind import submit
from tests.compute.running import wait_for_job, wait_until

pytestmark = pytest.mark.usefixtures("people")


class TestOfAWorkerThatLogsAsJson:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(**{**settings.model_dump(exclude_unset=True), "log_format": "json"})

    def test_a_worker_says_how_it_is_and_logs_each_transition(
        self, portal: Portal, start_worker: StartWorker, tmp_path: Path
    ) -> None:
        folder = portal.foundation.settings.home / "workers"
        folder.mkdir(parents=True)
        stale = folder / "worker~1~1~no such boot~no such namespace"
        stale.write_text("left behind by another machine")
        job_id = submit(portal, way="count", steps=3)
        failing = submit(portal, way="fail")
        worker = start_worker()
        wait_until(lambda: len(list(folder.glob("worker~*"))) == 2, what="the worker's address")
        address = next(file for file in folder.glob("worker~*") if file != stale).read_text()
        assert wait_for_job(portal, job_id).state is JobState.SUCCEEDED
        assert wait_for_job(portal, failing).state is JobState.FAILED
        wait_until(
            lambda: transitions(address).get(("test.demo", "failed")) == 1, what="the count of what was committed"
        )
        assert transitions(address)["test.demo", "started"] == 2
        live = httpx.get(f"{address}/health/live")
        assert (live.status_code, live.json()) == (200, {"status": "ok", "checks": {"loop": "ok"}})
        assert httpx.get(f"{address}/health/ready").json()["checks"]["database"] == "ok"
        assert httpx.get(f"{address}/secrets").status_code == 404
        worker.terminate()
        assert worker.wait(timeout=30) == 0
        assert list(folder.iterdir()) == [stale]
        lines = [json.loads(line) for line in (tmp_path / "worker-0.log").read_text().splitlines()]
        logged = [line["transition"] for line in lines if line.get("job") == job_id]
        assert logged == ["started", "succeeded"]
        assert {line["process"] for line in lines} == {"worker"}


def test_a_port_that_is_taken_is_refused_with_what_to_do(tmp_path: Path) -> None:
    first = OperatorServer({"/": lambda: Reply(200, "here")}, port=0, file=tmp_path / "first")
    first.open()
    port = int(first.address.rpartition(":")[2])
    with pytest.raises(Unavailable, match=f"Port {port} cannot be listened on") as refusal:
        OperatorServer({}, port=port, file=tmp_path / "second")
    assert "CAUSEWAY_WORKER_PORT=0" in refusal.value.hint
    first.close()
    assert not (tmp_path / "first").exists()


def transitions(address: str) -> dict[tuple[str, str], float]:
    text = httpx.get(f"{address}/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["causeway_worker_leads"].samples[0].value in (0, 1)
    samples = families["causeway_job_transitions"].samples
    return {
        (sample.labels["kind"], sample.labels["transition"]): sample.value
        for sample in samples
        if sample.name.endswith("_total")
    }
