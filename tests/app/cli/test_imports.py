"""An import by the command line and by REST: what is chosen is read alike, what is open is answered alike, and the rows
that were left out come as the same file."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.commands import cli
from core.foundation.errors import PortalError
from core.lake.import_values import Import
from tests.access.conftest import Installation, installation  # noqa: F401 - one server for the whole file
from tests.http import web
from tests.lake.imports.in_process import read_here

Door = Callable[..., Any]
ROWS = b"day;price;seen\n03/04/2026;1.100;ja\n05/06/2026;2.250;nein\n"
NOTATIONS = {"day": "mm/dd/yyyy", "price": "1.234,5", "seen": "ja/nein"}
READ = (("2026-03-04", 1100, True), ("2026-05-06", 2250, False))
ODD = b"id;amount\n" + b"7;5\n" * 300 + b"8;=1+1\n" + b"9\n"
LEFT_OUT = [
    ["line", "column", "value", "reason"],
    ["302", "amount", "'=1+1", "is no BIGINT"],
    ["303", "", "9", "1 cells instead of 2"],
]


@pytest.fixture(params=["command line", "REST"])
def door(
    request: pytest.FixtureRequest,
    installation: Installation,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Door:
    """Calls an action by one of the two doors, and returns what it answers as JSON."""
    monkeypatch.setenv("CAUSEWAY_ADDRESS", installation.address)
    monkeypatch.setenv("CAUSEWAY_TOKEN", installation.secrets["engineer"])

    def by_command(action: str, *, content: bytes = b"", **arguments: Any) -> Any:
        (path := tmp_path / "content").write_bytes(content)
        options = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in arguments.items()]
        options += [("content", str(path))] if content else []
        words = [word for name, value in options for word in (f"--{name.replace('_', '-')}", value)]
        done = CliRunner().invoke(cli, [*action.replace("_", "-").split("."), *words, "--json"])
        if done.exit_code:
            raise PortalError(str(done.exception))
        return json.loads(done.output)

    def by_rest(action: str, *, content: bytes = b"", **arguments: Any) -> Any:
        address = f"{installation.address}/api/v1/{action.replace('.', '/')}"
        headers = {"Authorization": f"Bearer {installation.secrets['engineer']}"}
        fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in arguments.items()}
        sent: Any = {"files": {"content": content}, "data": fields} if content else {"json": arguments}
        answer = web.post(address, headers=headers, **sent).json()
        if "error" in answer:
            raise PortalError(answer["error"])
        return answer

    return by_command if request.param == "command line" else by_rest


def begun(door: Door, name: str, content: bytes, **choices: Any) -> Any:
    dataset = door("lake.create_dataset", project="PROJ-1", name=name)
    named = {"dataset_id": dataset["id"], "filename": "rows.csv", "choices": choices, "confirm": "true"}
    return door("imports.start_upload", content=content, **named)


def read(installation: Installation, answer: Any) -> Import:  # noqa: F811
    return read_here(installation.portal, Import.model_validate(answer))


def test_how_columns_are_written_is_chosen_alike(
    installation: Installation,  # noqa: F811
    door: Door,
    request: pytest.FixtureRequest,
) -> None:
    name = f"written_{request.node.callspec.id.replace(' ', '_').lower()}"
    ready = read(installation, begun(door, name, ROWS, notations=NOTATIONS))
    assert (ready.state, ready.choices.notations, ready.preview.rows) == ("confirmed", NOTATIONS, READ)
    ready = read(installation, begun(door, f"{name}_later", ROWS))
    assert (ready.state, ready.unanswered) == ("needs confirmation", ("day", "price"))
    corrected = door("imports.correct_import", import_id=ready.id, choices={"notations": NOTATIONS})
    assert read(installation, corrected).preview.rows == READ
    with pytest.raises(PortalError, match=re.escape("1.234,5")):
        door("imports.correct_import", import_id=ready.id, choices={"notations": {"price": "1'234"}})


def test_what_is_proposed_is_answered_for_alike(
    installation: Installation,  # noqa: F811
    door: Door,
    request: pytest.FixtureRequest,
) -> None:
    name = f"proposed_{request.node.callspec.id.replace(' ', '_').lower()}"
    ready = read(installation, begun(door, name, "city;price\nZürich;1.100\n".encode("windows-1252")))
    assert ready.unanswered == ("windows-1252", "price")
    with pytest.raises(PortalError, match="windows-1252 is proposed; Columns that can be read in more"):
        door("imports.confirm_import", import_id=ready.id)
    assert door("imports.confirm_import", import_id=ready.id, as_proposed=list(ready.unanswered))["rows"] == 1


def test_rows_that_were_left_out_are_listed_alike_and_come_as_a_file(
    installation: Installation,  # noqa: F811
    door: Door,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    name = f"left_out_{request.node.callspec.id.replace(' ', '_').lower()}"
    ready = read(installation, begun(door, name, ODD, unfit={"amount": "reject"}))
    assert (ready.state, ready.report.rows_rejected) == ("confirmed", 2)
    rows = door("imports.list_rejected_rows", import_id=ready.id, limit=1)
    assert (rows["total"], rows["items"][0]["line"], rows["items"][0]["value"]) == (2, 302, "=1+1")
    command = ["imports", "list-rejected-rows", "--import-id", ready.id, "--output", str(tmp_path)]
    assert CliRunner().invoke(cli, command).exit_code == 0
    by_command = (tmp_path / f"{ready.id}-left-out.csv").read_bytes()
    headers = {"Authorization": f"Bearer {installation.secrets['viewer']}"}
    by_rest = web.get(f"{installation.address}/api/v1/files/import_rejected/{ready.id}", headers=headers).content
    assert by_command == by_rest
    assert list(csv.reader(io.StringIO(by_rest.decode()))) == LEFT_OUT
