"""What the page of an endpoint shows to be copied runs as it stands there, against the gateway and a model server; only
a token and the portal's address are put in."""

import ast
import io
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv

import core.client
from app.serving.snippets import CURL, JAVASCRIPT, PYTHON, TOKEN, EndpointCall, snippet
from core.features.training_sets.values import EntityQuery, ShareSplits
from core.registry.values import ModelVersion
from core.serving.values import Endpoint
from tests.compute.running import run_job_here
from tests.http import web
from tests.lake.imports.in_process import imported
from tests.pages.releasing import version_with_rows
from tests.pages.running import drawn, page
from tests.pictures import digits
from tests.served import Served
from tests.serving.model_server.test_images import SHARES, joined, learned
from tests.serving.running import TENSORS, Stage, stage_in
from tests.training.sets import make_training_set
from tests.training.text_recipes.corpus import CONTRACT, corpus
from tests.training.torch_recipes.toys import toy


@dataclass(frozen=True)
class Called:
    """An endpoint that serves a version with held-out rows, and the address of its portal."""

    stage: Stage
    endpoint: Endpoint
    address: str

    def runnable(self, text: str) -> str:
        """With a token of an engineer, and the port at which the portal is served here."""
        token = self.stage.portal.sessions.begin(self.stage.people.engineer.person_id)
        return text.replace(TOKEN, token).replace(self.stage.portal.foundation.settings.address, self.address)


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Called]:
    folder = tmp_path_factory.mktemp("called")
    with stage_in(folder / "home") as stage, Served(stage.portal) as address:
        version = version_with_rows(stage.portal, stage.people, folder)
        yield Called(stage, stage.endpoint("called", version), address)


def run_curl(text: str) -> Any:
    first, _between, second = text.partition("\n\n")
    assert first.startswith("TICKET=$(")
    assert first.endswith("| jq -r .token)")
    ticket = curl(first.removeprefix("TICKET=$(").removesuffix(" | jq -r .token)"))
    return curl(second.replace("$TICKET", ticket["token"]))


def curl(command: str) -> Any:
    """What curl would send, by the client of the tests. A shell joins lines that end with a backslash."""
    words = shlex.split(command.replace("\\\n", ""))
    assert words[:2] == ["curl", "-s"]
    pairs = list(zip(words[3::2], words[4::2], strict=True))
    headers = dict(value.split(": ", 1) for flag, value in pairs if flag == "-H")
    (body,) = [value for flag, value in pairs if flag == "-d"]
    return web.post(words[2], headers=headers, content=body.encode()).raise_for_status().json()


def run_python(text: str) -> Any:
    """Run here, as a notebook would; the last line prints the answer."""
    *_before, last = (tree := ast.parse(text)).body
    assert isinstance(last, ast.Expr)
    assert isinstance(last.value, ast.Call)
    namespace: dict[str, Any] = {}
    exec(compile(ast.Module(tree.body[:-1], []), "snippet", "exec"), namespace)
    return eval(compile(ast.Expression(last.value.args[0]), "snippet", "eval"), namespace)


def run_javascript(text: str) -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    command = [node, "--input-type=module", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def image_version(stage: Stage) -> ModelVersion:
    sql = "SELECT path AS id, item AS photo, label AS kind FROM files"
    training_set = joined(stage.portal, stage.people, digits(), sql=sql, task="multi_class")
    return learned(stage.portal, stage.people, training_set, epochs=1)


def text_version(stage: Stage, folder: Path) -> ModelVersion:
    corpora, target = corpus("binary", rows=200)
    tables = {name: table.select(["row_id", "label", "shop", "price", "review"]) for name, table in corpora.items()}
    about = {"contract": CONTRACT.model_dump(mode="json"), "target": target.model_dump(mode="json")}
    set_id = make_training_set(stage.portal, folder / "texts", tables=tables, **about)
    run = stage.portal.training.start_run(
        stage.people.engineer, project="PROJ-1", recipe="text", training_set_id=set_id, params={"buckets": 4096}
    )
    assert run_job_here(stage.portal, run.job_id).cause == ""
    return stage.portal.training.register_version(stage.people.engineer, run_id=run.id, title="Of texts")


def offers(stage: Stage) -> str:
    """The snapshot of rows that each offer an item to a user: row_id, request, label, user, item, page, age, price."""
    mei, content = stage.people.engineer, io.BytesIO()
    csv.write_csv(pa.concat_tables(toy("ranking")[0].values()), content)
    dataset = stage.portal.datasets.create_dataset(mei, project="PROJ-1", name="offers")
    return imported(stage.portal, mei, dataset_id=dataset.id, filename="o.csv", content=content.getvalue()).id


def version_of(stage: Stage, snapshot: str, recipe: str, *, params: dict[str, Any], **rows: Any) -> ModelVersion:
    """A version that a run of the recipe on these rows of the offers became."""
    mei, sets = stage.people.engineer, stage.portal.training_sets
    entity = EntityQuery(sources={"offers": snapshot}, row_id="row_id", label="label", **rows)
    shares = ShareSplits(shares=SHARES, by="grouped", column="request")
    begun = sets.create_training_set(mei, project="PROJ-1", title=f"For {recipe}", entity=entity, shares=shares)
    assert run_job_here(stage.portal, begun.job_id).cause == ""
    run = stage.portal.training.start_run(mei, project="PROJ-1", recipe=recipe, training_set_id=begun.id, params=params)
    assert run_job_here(stage.portal, run.job_id).cause == ""
    return stage.portal.training.register_version(mei, run_id=run.id, title=f"By {recipe}")


RANKED, RANKS = "SELECT * FROM offers", {"task": "ranking", "group": "request"}
RUNNERS = {CURL: run_curl, PYTHON: run_python, JAVASCRIPT: run_javascript}


@pytest.mark.parametrize(("language", "run"), RUNNERS.items())
def test_what_the_page_shows_is_answered(
    called: Called, language: str, run: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "causeway_client", core.client)
    test = page(
        called.stage.portal, called.stage.people.engineer, "endpoint", id=called.endpoint.id, tab="How to call it"
    )
    test.segmented_control(key="call_language").set_value(language)
    answer = run(called.runnable(drawn(test).code[0].value))
    predictions = answer["predictions"] if isinstance(answer, dict) else answer
    (prediction,) = predictions
    assert prediction["row_id"].startswith("row-")
    assert 0 < prediction["probability"] < 1


def test_images_and_texts_are_sent_as_the_page_shows_it(
    called: Called, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "causeway_client", core.client)
    stage = called.stage
    for name, version in (("images", image_version(stage)), ("texts", text_version(stage, tmp_path))):
        endpoint = stage.endpoint(name, version)
        test = page(stage.portal, stage.people.engineer, "endpoint", id=endpoint.id, tab="how_to_call_it")
        for language, run in RUNNERS.items():
            test.segmented_control(key="call_language").set_value(language)
            answer = run(called.runnable(drawn(test).code[0].value))
            (prediction,) = answer["predictions"] if isinstance(answer, dict) else answer
            assert prediction.keys() & {"probability", "probabilities"}, (name, language)


def test_vectors_pairs_and_ranked_rows_are_sent_as_the_page_shows_it(
    called: Called, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "causeway_client", core.client)
    stage = called.stage
    snapshot, wanted = offers(stage), "SELECT * REPLACE (CAST(label > 1 AS INT) AS label)"
    towers = {"epochs": 1, "hidden_width": 16, "user": ["user"], "precision": "fp32"}
    pair: dict[str, Any] = {"categories": ("user", "item"), "numbers": ("price",)}
    with_vector = f"{wanted}, [coalesce(age, 0.0), price] AS place FROM offers"
    versions = (
        ("vectors", version_of(stage, snapshot, "linear", params={}, sql=with_vector, vectors=("place",))),
        ("pairs", version_of(stage, snapshot, "two_tower", params=towers, sql=f"{wanted} FROM offers", **pair)),
        ("ranks", version_of(stage, snapshot, "gradient_boosting", params={"rounds": 5}, sql=RANKED, **pair, **RANKS)),
    )
    for name, version in versions:
        endpoint = stage.endpoint(name, version)
        test = page(stage.portal, stage.people.engineer, "version", id=version.id, tab="how_to_call_it")
        for language, run in RUNNERS.items():
            test.segmented_control(key="call_language").set_value(language)
            shown = drawn(test).code[0].value
            assert f"{endpoint.url}/predict" in shown or language == PYTHON
            answer = run(called.runnable(shown))
            (prediction,) = answer["predictions"] if isinstance(answer, dict) else answer
            assert prediction.keys() & {"probability", "score"}, (name, language)


def test_a_body_that_no_command_takes_is_read_from_its_input() -> None:
    call = EndpointCall(
        portal="http://p", endpoint_id="EP-1", environment="staging", url="http://g", path="/predict", body={"rows": []}
    )
    assert "<<" not in snippet(call, CURL)
    body = {"rows": [{"photo": "it's " + "A" * 200_000}]}
    text = snippet(call.model_copy(update={"body": body}), CURL)
    command, _begin, rest = text.rpartition("-d @- <<'BODY'\n")
    assert len(command) < 1000
    assert json.loads(rest.removesuffix("\nBODY\n")) == body


@pytest.mark.parametrize(("language", "run"), RUNNERS.items())
def test_a_call_with_whole_tensors_is_answered(
    called: Called, language: str, run: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "causeway_client", core.client)
    call = EndpointCall(
        portal=called.stage.portal.foundation.settings.address,
        endpoint_id=called.endpoint.id,
        environment="staging",
        url=called.endpoint.url,
        path="/v2/models/late-arrival/infer",
        body={"inputs": TENSORS},
    )
    answer = run(called.runnable(snippet(call, language)))
    assert len(answer["outputs"][0]["data"]) == 2
    hostile = [{**TENSORS[0], "data": ["it's `a` $(b)", '"\u2028\\n${c}']}, *TENSORS[1:]]
    text = snippet(call.model_copy(update={"body": {"inputs": hostile}}), language)
    assert run(called.runnable(text))["parameters"] == {"unknown.carrier": 2}
