"""MLflow hears of everything exactly once, late if it must, and decides nothing."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlmodel import select

from core.foundation.errors import Unavailable
from core.foundation.settings import Settings
from core.portal import Portal, build_foundation, build_portal
from core.registry.tables import OutboxRow
from core.registry.tracking import mlflow_store, outbox
from core.registry.tracking.ingester import MlflowIngester
from core.registry.values import MetricPoint, RunRecord
from tests.conftest import ROOT
from tests.installed import People, enroll
from tests.registry.onnx_files import calling, holdout_table, register_tiny, tiny_model

STARTED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def client_of(settings: Settings) -> Any:
    from mlflow.tracking import MlflowClient

    url = mlflow_store.address(settings)
    return MlflowClient(tracking_uri=url, registry_uri=url)


def record(steps: range, *, ended: bool = False) -> RunRecord:
    points = [
        MetricPoint(name="loss", step=step, value=1 / (step + 1), at=STARTED + timedelta(seconds=step))
        for step in steps
    ]
    return RunRecord(
        run_id="RUN-1",
        project="PROJ-1",
        name="Tabular, first try",
        state="finished" if ended else "running",
        params={"learning_rate": 0.003, "layers": [64, 32], "note": "x" * 9000},
        metrics=tuple(points),
        tags={"recipe": "tabular"},
        started_at=STARTED,
        ended_at=STARTED + timedelta(minutes=5) if ended else None,
    )


def record_runs(portal: Portal, people: People, *records: RunRecord) -> None:
    with calling(portal, people.engineer) as call:
        for run in records:
            portal.registry.record_run(call, run)


def waiting(portal: Portal) -> list[OutboxRow]:
    with portal.foundation.database.read() as session:
        return list(session.exec(select(OutboxRow)))


def only_experiment(client: Any) -> str:
    (experiment,) = [candidate for candidate in client.search_experiments() if candidate.name == "PROJ-1"]
    return str(experiment.experiment_id)


def only_run(client: Any) -> Any:
    (run,) = client.search_runs([only_experiment(client)])
    return run


def test_a_run_arrives_with_all_it_says(
    portal: Portal, people: People, settings: Settings, with_mlflow: Callable[[], None]
) -> None:
    with_mlflow()
    put = portal.foundation.store.put_bytes
    files = {"model.onnx": put(tiny_model()), "notes.txt": put(b"notes"), "gone": "0" * 64}
    ended = record(range(900, 1800), ended=True).model_copy(update={"artifacts": files})
    record_runs(portal, people, record(range(900)), ended)
    assert MlflowIngester(portal.foundation).deliver() == 2
    client = client_of(settings)
    run = only_run(client)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "Tabular, first try")
    assert run.info.end_time - run.info.start_time == 300_000
    assert run.data.params["layers"] == "[64, 32]"
    assert run.data.tags["causeway.run"] == "RUN-1"
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [point.step for point in history] == list(range(1800))
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["model", "notes.txt"]
    assert run.info.artifact_uri == (settings.home / "mlflow/PROJ-1" / run.info.run_id / "artifacts").as_uri()
    assert "The store has no file" in run.data.tags["causeway.missing.gone"]
    with calling(portal, people.engineer) as call:
        assert portal.registry.mlflow_run(call, "RUN-1") == run.info.run_id
    assert waiting(portal) == []


def test_trials_are_nested_in_their_sweep_and_every_file_lies_in_the_home(
    portal: Portal, people: People, settings: Settings, with_mlflow: Callable[[], None]
) -> None:
    with_mlflow()
    version = register_tiny(portal, people.engineer, table=holdout_table(rows=200))
    trial = record(range(2), ended=True).model_copy(update={"run_id": "SWEEP-1/0", "parent": "RUN-1"})
    record_runs(portal, people, record(range(1)), trial)
    assert MlflowIngester(portal.foundation).deliver() == 3
    client = client_of(settings)
    by_name = {run.data.tags["causeway.run"]: run for run in client.search_runs([only_experiment(client)])}
    parent = by_name["RUN-1"].info.run_id
    assert by_name["SWEEP-1/0"].data.tags["mlflow.parentRunId"] == parent
    source = client.get_model_version("PROJ-1.late-arrival", "1").source
    assert source == (settings.home / "mlflow/PROJ-1/versions" / version.id).as_uri()
    assert (Path(urlsplit(source).path) / "model.onnx").read_bytes() == portal.registry.read_model(version.id)
    places = {experiment.name: experiment.artifact_location for experiment in client.search_experiments()}
    assert places["Default"].endswith("/mlflow/Default")
    assert not [place for place in places.values() if place.startswith(ROOT.as_uri())]


def test_what_is_delivered_twice_is_there_once(
    portal: Portal, people: People, settings: Settings, with_mlflow: Callable[[], None]
) -> None:
    """A worker that is killed after MLflow's commit and before ours delivers everything again."""
    with_mlflow()
    registered = register_tiny(portal, people.engineer, table=holdout_table(rows=200))
    record_runs(portal, people, record(range(20)), record(range(20, 40), ended=True))
    with calling(portal, people.engineer) as call:
        portal.registry.set_alias(call, model_id=registered.model_id, version=1, alias="champion")
    target = mlflow_store.MlflowStore(settings, store=portal.foundation.store)
    target.open()
    for row in waiting(portal):
        target.deliver(row.kind, message=row.message)
    assert MlflowIngester(portal.foundation).deliver() == 4
    client = client_of(settings)
    run = only_run(client)
    assert [point.step for point in client.get_metric_history(run.info.run_id, "loss")] == list(range(40))
    (version,) = client.search_model_versions("name = 'PROJ-1.late-arrival'")
    assert version.tags["causeway.digest"] == registered.digest
    assert client.get_model_version_by_alias("PROJ-1.late-arrival", "champion").version == version.version
    with calling(portal, people.engineer) as call:
        portal.registry.set_alias(call, model_id=registered.model_id, version=1, alias="champion", points=False)
    assert MlflowIngester(portal.foundation).deliver() == 1
    assert client.get_registered_model("PROJ-1.late-arrival").aliases == {}


RECORDING = """
from core.foundation.failpoints import arm
from core.foundation.settings import load_settings
from core.portal import build_portal
from core.registry.tracking.ingester import MlflowIngester

settings = load_settings()
arm(settings)
MlflowIngester(build_portal(settings).foundation).deliver()
"""


def test_a_worker_killed_while_telling_leaves_no_doubles(
    portal: Portal, people: People, settings: Settings, with_mlflow: Callable[[], None]
) -> None:
    with_mlflow()
    # Another tag: they are not told together.
    ended = record(range(20, 40), ended=True).model_copy(update={"tags": {"sweep": "SW-1"}})
    record_runs(portal, people, record(range(20)), ended)
    environment = {
        **os.environ,
        "CAUSEWAY_HOME": str(settings.home),
        "CAUSEWAY_ALLOW_FAILPOINTS": "true",
        "CAUSEWAY_FAILPOINTS": "registry.after_mlflow=kill",
    }
    killed = subprocess.run(
        [sys.executable, "-c", RECORDING], env=environment, cwd=ROOT, check=False, capture_output=True
    )
    assert killed.returncode == -9, killed.stderr
    client = client_of(settings)
    assert len(client.get_metric_history(only_run(client).info.run_id, "loss")) == 20
    assert len(waiting(portal)) == 2
    end_claims(portal)
    assert MlflowIngester(portal.foundation).deliver() == 2
    assert len(client.get_metric_history(only_run(client).info.run_id, "loss")) == 40


def end_claims(portal: Portal) -> None:
    """As if half a minute had passed."""
    with portal.foundation.database.write() as session:
        for row in session.exec(select(OutboxRow)):
            row.claimed_until = STARTED
            session.add(row)


def test_while_mlflow_is_away_nothing_waits_for_it_and_nothing_is_lost(
    portal: Portal, people: People, settings: Settings, with_mlflow: Callable[[], None]
) -> None:
    ingester = MlflowIngester(portal.foundation)
    record_runs(portal, people, record(range(20)))
    with pytest.raises(Unavailable):
        ingester.deliver()
    now = portal.foundation.clock.now()
    ingester.tick(now)
    ingester.wait(10)
    record_runs(portal, people, record(range(20, 40), ended=True))
    assert [row.problem for row in waiting(portal)] == ["", ""]
    with_mlflow()
    ingester.tick(now + timedelta(seconds=1))
    assert len(waiting(portal)) == 2
    ingester.tick(now + timedelta(seconds=31))
    ingester.wait(60)
    assert waiting(portal) == []
    client = client_of(settings)
    assert len(client.get_metric_history(only_run(client).info.run_id, "loss")) == 40


def test_a_tick_returns_at_once(portal: Portal, people: People, with_mlflow: Callable[[], None]) -> None:
    with_mlflow()
    ingester = MlflowIngester(portal.foundation)
    record_runs(portal, people, *(record(range(start, start + 500)) for start in range(0, 5000, 500)))
    started = time.thread_time()
    ingester.tick(portal.foundation.clock.now())
    assert time.thread_time() - started < 0.1
    ingester.wait(60)
    assert waiting(portal) == []


def test_a_message_that_mlflow_never_takes_holds_up_no_other(
    portal: Portal, people: People, settings: Settings, with_mlflow: Callable[[], None]
) -> None:
    with_mlflow()
    changed = record(range(1)).model_copy(update={"params": {"learning_rate": 0.5}})
    record_runs(portal, people, record(range(1)), changed, record(range(1, 2)))
    ingester = MlflowIngester(portal.foundation)
    assert ingester.deliver() == 2
    (refused,) = waiting(portal)
    assert "learning_rate" in refused.problem
    client = client_of(settings)
    assert len(client.get_metric_history(only_run(client).info.run_id, "loss")) == 2
    assert ingester.deliver() == 0


def test_what_a_run_says_in_a_while_is_told_together_and_what_differs_apart(portal: Portal, people: People) -> None:
    file = portal.foundation.store.put_bytes(b"a model")
    ended = record(range(2, 4), ended=True).model_copy(update={"artifacts": {"model.onnx": file}})
    renamed = record(range(1)).model_copy(update={"name": "Renamed"})
    record_runs(portal, people, record(range(2)), renamed, ended)
    messages = [outbox.message_of(together) for together in outbox.gathered(waiting(portal))]
    steps = [[point["step"] for point in message["metrics"]] for message in messages]
    assert steps == [[0, 1], [0], [2, 3]]
    assert messages[1]["name"] == "Renamed"
    assert (messages[2]["state"], messages[2]["artifacts"]) == ("finished", {"model.onnx": file})


def test_only_one_reader_empties_the_outbox(portal: Portal, people: People) -> None:
    record_runs(portal, people, record(range(2)))
    database = portal.foundation.database
    claimed = outbox.claim(database)
    assert len(claimed) == 1
    assert outbox.claim(database) == []
    outbox.release(database, claimed)
    assert len(outbox.claim(database)) == 1


def test_what_is_set_in_mlflow_decides_nothing(
    portal: Portal, people: People, settings: Settings, with_mlflow: Callable[[], None]
) -> None:
    with_mlflow()
    registered = register_tiny(portal, people.engineer, table=holdout_table(rows=200))
    MlflowIngester(portal.foundation).deliver()
    client = client_of(settings)
    name, number = "PROJ-1.late-arrival", client.search_model_versions("name = 'PROJ-1.late-arrival'")[0].version
    client.set_model_version_tag(name, str(number), "approved", "true")
    client.set_model_version_tag(name, str(number), "causeway.digest", "0" * 64)
    client.set_registered_model_alias(name, "champion", str(number))
    assert portal.registry.get_version(people.viewer, version_id=registered.id) == registered


def test_tables_that_are_there_are_not_made_again(prepared_file: Path) -> None:
    before = prepared_file.stat()
    started = time.process_time()
    mlflow_store.prepare(Settings(home=prepared_file.parent))
    assert time.process_time() - started < 0.5
    assert (prepared_file.stat().st_mtime_ns, prepared_file.stat().st_size) == (before.st_mtime_ns, before.st_size)


def test_telemetry_and_pickles_are_off() -> None:
    mlflow_store.silence()
    from mlflow.environment_variables import MLFLOW_ALLOW_PICKLE_DESERIALIZATION
    from mlflow.telemetry import get_telemetry_client

    assert get_telemetry_client() is None
    assert not MLFLOW_ALLOW_PICKLE_DESERIALIZATION.get()
    assert os.environ["DO_NOT_TRACK"] == "true"


@pytest.fixture
def on_postgres(postgres_url: str, settings: Settings) -> Iterator[Portal]:
    foundation = build_foundation(settings.model_copy(update={"database_url": postgres_url}))
    foundation.database.create_tables()
    yield build_portal(foundation.settings, foundation=foundation)
    foundation.database.close()


def test_on_postgresql_mlflow_lives_in_its_own_schema(on_postgres: Portal) -> None:
    people = enroll(on_postgres)
    mlflow_store.prepare(on_postgres.foundation.settings)
    record_runs(on_postgres, people, record(range(20), ended=True))
    assert MlflowIngester(on_postgres.foundation).deliver() == 1
    client = client_of(on_postgres.foundation.settings)
    assert len(client.get_metric_history(only_run(client).info.run_id, "loss")) == 20
