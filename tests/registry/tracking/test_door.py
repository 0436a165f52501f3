"""MLflow's own client loads versions and reads runs through the portal, each caller those of the own projects alone."""

import base64
import json
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnxruntime
import pandas as pd
import pytest

from core.foundation.actors import Actor
from core.portal import Portal
from core.registry.tracking.ingester import MlflowIngester
from core.registry.values import MetricPoint, ModelVersion, RunRecord
from tests.http import web
from tests.installed import People, installed, settings_in
from tests.registry.onnx_files import calling, holdout_table, register_tiny, tiny_model
from tests.served import Served

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
API = "/mlflow/api/2.0/mlflow"
FILES = "/mlflow/api/2.0/mlflow-artifacts/artifacts"
HIDDEN = "MLflow has nothing of that name or id."


@dataclass(frozen=True)
class Scene:
    """A portal with a sweep, its trial, a run and versions in PROJ-1, and a run and a version in PROJ-2."""

    portal: Portal
    people: People
    address: str
    version: ModelVersion
    runs: dict[str, str]

    def token(self, actor: Actor) -> str:
        return self.portal.sessions.begin(actor.person_id)

    def get(self, actor: Actor, path: str, **params: Any) -> httpx.Response:
        return self.call("GET", actor, f"{API}/{path}", params=params)

    def call(self, method: str, actor: Actor, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token(actor)}"}
        return web.request(method, f"{self.address}{path}", headers=headers, **more)


@pytest.fixture(scope="module")
def scene(prepared_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    settings = settings_in(tmp_path_factory.mktemp("door") / "home")
    with installed(settings) as (portal, people):
        (settings.home / "mlflow.sqlite").write_bytes(prepared_file.read_bytes())
        version = _fill(portal, people)
        MlflowIngester(portal.foundation).deliver()
        with Served(portal) as address:
            yield Scene(portal, people, address, version, _runs(portal))


def _fill(portal: Portal, people: People) -> ModelVersion:
    table = holdout_table(rows=200)
    model = portal.foundation.store.put_bytes(tiny_model(weight=0.5))
    with calling(portal, people.engineer) as call:
        portal.registry.record_run(call, _record("SWEEP-1", state="running"))
        portal.registry.record_run(call, _record("SWEEP-1/0", parent="SWEEP-1"))
        portal.registry.record_run(call, _record("RUN-7", artifacts={"model.onnx": model}))
        portal.registry.record_run(call, _record("RUN-8", project="PROJ-2", artifacts={"model.onnx": model}))
    version = register_tiny(portal, people.engineer, table=table, run_id="")
    register_tiny(portal, people.engineer, table=table, weight=0.7)
    register_tiny(portal, people.engineer, "churn", table=table)
    register_tiny(portal, people.outsider, "secret", project="PROJ-2", table=table)
    with calling(portal, people.engineer) as call:
        portal.registry.set_alias(call, model_id=version.model_id, version=1, alias="champion")
    return version


def _record(run_id: str, **fields: Any) -> RunRecord:
    known = {"project": "PROJ-1", "state": "finished", "started_at": AT, "ended_at": AT, "name": run_id, **fields}
    points = (MetricPoint(name="loss", step=1, value=0.5, at=AT), MetricPoint(name="loss", step=2, value=0.4, at=AT))
    return RunRecord(run_id=run_id, metrics=points, params={"learning_rate": 0.1}, **known)


def _runs(portal: Portal) -> dict[str, str]:
    """MLflow's ids by ours."""
    with calling(portal, Actor.system("test")) as call:
        known = ("SWEEP-1", "SWEEP-1/0", "RUN-7", "RUN-8")
        return {run_id: portal.registry.mlflow_run(call, run_id) for run_id in known}


@pytest.fixture
def mlflow(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The standard client as the engineer of PROJ-1 has it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow

        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", scene.token(scene.people.engineer))
        monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        mlflow.set_tracking_uri(f"{scene.address}/mlflow")
        yield mlflow
        mlflow.set_tracking_uri(None)


def _token(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


ROWS = {"carrier": ["AA", ""], "origin": ["EWR", "nowhere"], "distance": [0.5, np.nan], "wind": [0.1, 1.5]}


def expected(content: bytes) -> Any:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    arrays = {
        name: np.array(cells, dtype=object if "carrier origin".count(name) else float) for name, cells in ROWS.items()
    }
    return session.run(None, arrays)[0]


def test_a_version_and_a_run_are_loaded_by_the_standard_client(scene: Scene, mlflow: Any) -> None:
    stored = scene.portal.registry.read_model(scene.version.id)
    assert mlflow.onnx.load_model("models:/PROJ-1.late-arrival/1").SerializeToString() == stored
    for uri in ("models:/PROJ-1.late-arrival/1", "models:/PROJ-1.late-arrival@champion"):
        model = mlflow.pyfunc.load_model(uri)
        np.testing.assert_array_equal(model.predict(pd.DataFrame(ROWS))["probability"], expected(stored))
    assert model.metadata.signature.inputs.input_names() == list(ROWS)
    assert model.predict(model.input_example)["probability"].shape == (1,)
    of_run = mlflow.pyfunc.load_model(f"runs:/{scene.runs['RUN-7']}/model")
    np.testing.assert_array_equal(of_run.predict(pd.DataFrame(ROWS))["probability"], expected(tiny_model(weight=0.5)))
    latest = mlflow.onnx.load_model("models:/PROJ-1.late-arrival/latest").SerializeToString()
    assert latest == tiny_model(weight=0.7)


def test_what_is_older_than_the_folders_is_loaded_all_the_same(scene: Scene, mlflow: Any) -> None:
    """A version was a file of the store, and a run's model lay beside its other files."""
    files = scene.portal.foundation.settings.home / "mlflow" / "PROJ-1"
    shutil.rmtree(files / "versions" / scene.version.id)
    of_run = files / scene.runs["RUN-7"] / "artifacts"
    (of_run / "model" / "model.onnx").rename(of_run / "model.onnx")
    shutil.rmtree(of_run / "model")
    stored = scene.portal.registry.read_model(scene.version.id)
    assert mlflow.onnx.load_model("models:/PROJ-1.late-arrival/1").SerializeToString() == stored
    loaded = mlflow.onnx.load_model(f"runs:/{scene.runs['RUN-7']}/model")
    assert loaded.SerializeToString() == tiny_model(weight=0.5)
    (of_run / "model.onnx").unlink()


def test_runs_are_read_by_the_standard_client(scene: Scene, mlflow: Any) -> None:
    client = mlflow.MlflowClient()
    (experiment,) = client.search_experiments()
    assert (experiment.name, experiment.artifact_location) == ("PROJ-1", "mlflow-artifacts:/PROJ-1")
    assert client.get_experiment_by_name("PROJ-1").experiment_id == experiment.experiment_id
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.run_name"], max_results=2)
    rest = client.search_runs([experiment.experiment_id], order_by=["attributes.run_name"], page_token=runs.token)
    assert [run.info.run_name for run in (*runs, *rest)] == ["RUN-7", "SWEEP-1", "SWEEP-1/0"]
    (trial,) = client.search_runs(
        [experiment.experiment_id], f"tags.`mlflow.parentRunId` = '{scene.runs['SWEEP-1']}' and metrics.loss < 0.5"
    )
    assert trial.info.run_id == scene.runs["SWEEP-1/0"]
    assert [point.value for point in client.get_metric_history(trial.info.run_id, "loss")] == [0.5, 0.4]
    assert [file.path for file in client.list_artifacts(scene.runs["RUN-7"])] == ["model"]
    assert "model/MLmodel" in [file.path for file in client.list_artifacts(scene.runs["RUN-7"], "model")]


def test_a_search_for_models_goes_through_the_own_projects_alone_page_by_page(scene: Scene, mlflow: Any) -> None:
    client = mlflow.MlflowClient()
    names, token = [], None
    while token != "":
        page = client.search_registered_models(max_results=1, page_token=token)
        names, token = [*names, *(model.name for model in page)], page.token or ""
    assert names == ["PROJ-1.churn", "PROJ-1.late-arrival"]
    everybody = scene.get(scene.people.admin, "registered-models/search", max_results=2).json()
    rest = scene.get(
        scene.people.admin, "registered-models/search", max_results=2, page_token=everybody["next_page_token"]
    ).json()
    assert [model["name"] for model in rest["registered_models"]] == ["PROJ-2.secret"]
    (version,) = client.search_model_versions("name = 'PROJ-1.churn'")
    assert version.source.startswith("mlflow-artifacts:/PROJ-1/versions/MV-")


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "name LIKE '%secret%'",
        "name = 'PROJ-2.secret'",
        "name != 'x' OR name LIKE 'PROJ-2.%'",
        "name = 'a' -- ",
        ";",
    ],
)
def test_no_filter_reaches_another_project(scene: Scene, condition: str) -> None:
    for place in ("registered-models/search", "model-versions/search", "experiments/search"):
        answer = scene.get(scene.people.engineer, place, filter=condition, max_results=100)
        assert answer.status_code in (200, 400)
        assert "secret" not in answer.text.replace(condition, "")
        assert "PROJ-2" not in answer.text.replace(condition, "")


def elsewhere(scene: Scene) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Every way to name what is another project's, and the same for what does not exist."""
    place = scene.portal.foundation.settings.home / "mlflow" / "PROJ-2" / "versions"
    (version,) = [folder.name for folder in place.iterdir()]
    other = scene.get(scene.people.outsider, "experiments/get-by-name", experiment_name="PROJ-2").json()["experiment"]
    return {
        "experiment": ("experiments/get", "experiment_id", {"id": other["experiment_id"], "none": "999"}),
        "its name": ("experiments/get-by-name", "experiment_name", {"id": "PROJ-2", "none": "PROJ-9"}),
        "run": ("runs/get", "run_id", {"id": scene.runs["RUN-8"], "none": "0" * 32}),
        "files": ("artifacts/list", "run_id", {"id": scene.runs["RUN-8"], "none": "0" * 32}),
        "model": ("registered-models/get", "name", {"id": "PROJ-2.secret", "none": "PROJ-2.none"}),
        "version": ("model-versions/get-download-uri", "name", {"id": "PROJ-2.secret", "none": "PROJ-1.none"}),
        "folder": ("", "path", {"id": f"PROJ-2/versions/{version}", "none": "PROJ-9/a/b"}),
    }


def test_what_is_of_another_project_is_as_if_it_did_not_exist(scene: Scene) -> None:
    for what, (place, name, values) in elsewhere(scene).items():
        answers = [
            scene.call(
                "GET", scene.people.engineer, f"{API}/{place}" if place else FILES, params={name: value, "version": "1"}
            )
            for value in values.values()
        ]
        for answer in answers:
            problem = answer.json()
            assert (answer.status_code, problem) == (
                404,
                {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": HIDDEN},
            ), what
    other = scene.get(scene.people.outsider, "experiments/get-by-name", experiment_name="PROJ-2").json()["experiment"]
    body = {"experiment_ids": [other["experiment_id"]], "max_results": 10}
    assert scene.call("POST", scene.people.engineer, f"{API}/runs/search", json=body).json() == {}
    assert len(scene.call("POST", scene.people.outsider, f"{API}/runs/search", json=body).json()["runs"]) == 1


def test_the_model_itself_needs_its_own_right_and_its_download_is_recorded(scene: Scene) -> None:
    path = f"{FILES}/PROJ-1/versions/{scene.version.id}"
    model = scene.call("GET", scene.people.engineer, f"{path}/model.onnx")
    assert model.content == scene.portal.registry.read_model(scene.version.id)
    (event,) = scene.portal.audit.list_events(
        scene.people.approver, action="tracking.download_model", subject=scene.version.id, limit=1
    ).items
    assert (event.actor, event.details["digest"]) == (scene.people.engineer.person_id, scene.version.model_digest)
    assert scene.call("GET", scene.people.viewer, f"{path}/MLmodel").status_code == 200
    refused = scene.call("GET", scene.people.viewer, f"{path}/model.onnx")
    assert (refused.status_code, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert scene.call("GET", scene.people.outsider, f"{path}/model.onnx").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "PROJ-1/../PROJ-2/x",
        "PROJ-1/%2e%2e/%2e%2e/causeway.sqlite",
        "PROJ-1//x",
        "/etc/passwd",
        "PROJ-1/versions/.draft",
        "..%2f..%2fetc/passwd",
        "PROJ-1/link",
        "PROJ-1/versions",
        "PROJ-1%00/x",
    ],
)
def test_no_path_leads_out_of_the_files(scene: Scene, path: str) -> None:
    link = scene.portal.foundation.settings.home / "mlflow" / "PROJ-1" / "link"
    if not link.is_symlink():
        link.symlink_to("/etc/hostname")
    answer = scene.call("GET", scene.people.engineer, f"{FILES}/{path}")
    assert answer.status_code in (400, 404, 422)
    listed = scene.call("GET", scene.people.engineer, FILES, params={"path": path})
    assert "files" not in listed.json() or path == "PROJ-1/versions"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", f"{API}/runs/create", 403, "PERMISSION_DENIED"),
        ("POST", f"{API}/registered-models/create", 403, "PERMISSION_DENIED"),
        ("DELETE", f"{API}/model-versions/delete", 403, "PERMISSION_DENIED"),
        ("PATCH", f"{API}/model-versions/update", 403, "PERMISSION_DENIED"),
        ("PUT", f"{FILES}/PROJ-1/x", 403, "PERMISSION_DENIED"),
        ("DELETE", f"{API}/runs/get", 405, "BAD_REQUEST"),
        ("POST", f"{API}/registered-models/get", 405, "BAD_REQUEST"),
        ("GET", f"{API}/users/list", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "/mlflow/", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "/mlflow/ajax-api/2.0/mlflow/runs/get", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("POST", "/mlflow/graphql", 403, "PERMISSION_DENIED"),
    ],
)
def test_what_writes_and_what_shows_pages_is_closed(
    scene: Scene, method: str, path: str, status: int, code: str
) -> None:
    answer = scene.call(method, scene.people.admin, path)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert status != 403 or "made by the portal's pages" in answer.json()["message"]


def test_nothing_is_answered_without_a_token(scene: Scene) -> None:
    for path in (f"{API}/experiments/search", f"{FILES}/PROJ-1/x", "/mlflow/", f"{API}/runs/create"):
        answer = web.post(f"{scene.address}{path}", json={})
        assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")
        assert "MLFLOW_TRACKING_TOKEN" in answer.json()["message"]


def test_what_mlflow_refuses_is_said_in_its_own_words(scene: Scene, mlflow: Any) -> None:
    client = mlflow.MlflowClient()
    with pytest.raises(mlflow.exceptions.MlflowException, match="Invalid") as refused:
        client.search_registered_models("colour = 'red'")
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(mlflow.exceptions.MlflowException, match="Nothing is written here"):
        client.create_registered_model("PROJ-1.mine")
    body = scene.call("POST", scene.people.engineer, f"{API}/runs/search", content=b'{"filter": "a", "filter": "b"}')
    assert (body.status_code, body.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


ODD: dict[str, dict[str, Any]] = {
    "a token beyond all rows": {"page_token": _token({"offset": 10**30})},
    "a token of another kind": {"page_token": _token([1])},
    "a token of other letters": {"page_token": "\u00e9"},
    "a time beyond all times": {"filter": f"attributes.start_time > {10**30}"},
    "an order twice": {"order_by": ["metrics.loss"] * 2},
    "more order than a database takes": {"order_by": [f"metrics.m{number}" for number in range(70)]},
}


@pytest.mark.parametrize("case", ODD)
def test_what_can_never_be_answered_is_not_sent_again(scene: Scene, case: str) -> None:
    experiment = scene.get(scene.people.engineer, "experiments/get-by-name", experiment_name="PROJ-1").json()
    sent = {"experiment_ids": [experiment["experiment"]["experiment_id"]]} | ODD[case]
    answer = scene.call("POST", scene.people.engineer, f"{API}/runs/search", json=sent)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
