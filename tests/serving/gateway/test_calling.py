"""What the page of an endpoint shows to be copied runs as it stands there, against the gateway and a model server; only
a token and the portal's address are put in."""

import ast
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import core.client
from app.serving.snippets import CURL, JAVASCRIPT, PYTHON, TOKEN, EndpointCall, snippet
from core.serving.values import Endpoint
from tests.http import web
from tests.pages.releasing import version_with_rows
from tests.pages.running import drawn, page
from tests.served import Served
from tests.serving.running import TENSORS, Stage, stage_in


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
