"""An answer that is lost on the way: the client and the command line send again, and it is done once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from app.cli.commands import cli
from core.client import connect, transport
from core.client.errors import Conflict, Unavailable
from core.portal import Portal
from tests.http import web
from tests.installed import People
from tests.served import Served

Status = Callable[[int], int]
LOST = 0


@contextmanager
def between(address: str, status: Status) -> Iterator[tuple[str, list[str]]]:
    """A way to the portal, and the keys that were sent on it. What the portal answers to request n comes with the
    `status` of n; where that is LOST it does not come at all."""
    keys: list[str] = []

    class Way(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            keys.append(self.headers["Idempotency-Key"])
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = web.post(address + self.path, content=body, headers=dict(self.headers))
            if (chosen := status(len(keys))) == LOST:
                self.close_connection = True
                return
            self.send_response(chosen)
            if chosen != 200:
                self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_parts: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Way)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", keys
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def token(portal: Portal, people: People, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(transport, "PAUSE_SECONDS", 0.0)
    return portal.sessions.begin(people.engineer.person_id)


def names(portal: Portal, people: People) -> list[str]:
    return [dataset.name for dataset in portal.datasets.list_datasets(people.engineer).items]


@pytest.mark.parametrize("first", [LOST, 409, 503])
def test_what_was_lost_is_sent_again_with_the_same_key_and_done_once(
    portal: Portal, people: People, token: str, first: int
) -> None:
    with Served(portal) as address, between(address, lambda number: first if number == 1 else 200) as (way, keys):
        first_dataset = connect(way, token).run("lake.create_dataset", project="PROJ-1", name="flights")
        assert (
            connect(way, token).run("lake.create_dataset", project="PROJ-1", name="planes")["id"] != first_dataset["id"]
        )
    assert names(portal, people) == ["flights", "planes"]
    assert keys[0] == keys[1] != keys[2]


def test_where_no_answer_comes_the_error_names_the_key_to_go_on_with(
    portal: Portal, people: People, token: str
) -> None:
    with Served(portal) as address, between(address, lambda _number: LOST) as (way, keys):
        with pytest.raises(Unavailable, match="gave no answer") as lost:
            connect(way, token).run("lake.create_dataset", project="PROJ-1", name="flights")
        assert keys == [keys[0]] * transport.TRIES
        assert keys[0] in lost.value.hint
        direct, call = connect(address, token), {"project": "PROJ-1", "name": "flights"}
        assert direct.run("lake.create_dataset", idempotency_key=keys[0], **call)["name"] == "flights"
        with pytest.raises(Conflict, match="with other arguments"):
            direct.run("lake.create_dataset", idempotency_key=keys[0], project="PROJ-1", name="planes")
    assert names(portal, people) == ["flights"]


def test_the_command_line_sends_a_key_of_its_own_or_the_one_that_is_given(
    portal: Portal, people: People, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["lake", "create-dataset", "--project", "PROJ-1", "--name"]
    monkeypatch.setenv("CAUSEWAY_TOKEN", token)
    with Served(portal) as address, between(address, lambda _number: 200) as (way, keys):
        monkeypatch.setenv("CAUSEWAY_ADDRESS", way)
        for arguments in (["flights"], ["planes"], ["trips", "--idempotency-key", "k"]):
            assert CliRunner().invoke(cli, [*command, *arguments]).exit_code == 0
        assert CliRunner().invoke(cli, [*command, "trips", "--idempotency-key", "k"]).exit_code == 0
    assert len(set(keys)) == 3
    assert keys[2:] == ["k", "k"]
    assert names(portal, people) == ["flights", "planes", "trips"]
    assert "--idempotency-key" not in CliRunner().invoke(cli, ["lake", "list-datasets", "--help"]).output
