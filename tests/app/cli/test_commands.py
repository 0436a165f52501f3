"""The command line: reads well, answers as REST does, and says refusals in one line."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli.commands import EXIT_REFUSED, cli
from core.foundation.digests import digest_bytes
from core.foundation.errors import NotSignedIn
from core.lake.retention.verification import PART_FILES
from tests.access.conftest import Installation, installation  # noqa: F401 - one server for the whole file

HELP = CliRunner().invoke(cli, ["--help"]).output


@pytest.fixture
def signed_in(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:  # noqa: F811
    monkeypatch.setenv("CAUSEWAY_ADDRESS", installation.address)
    monkeypatch.setenv("CAUSEWAY_TOKEN", installation.secrets["engineer"])
    return installation


def commands(group: click.Group) -> list[tuple[str, click.Command]]:
    own = list(group.commands.items())
    return own + [pair for _name, child in own if isinstance(child, click.Group) for pair in commands(child)]


def test_every_command_says_what_it_does_in_a_sentence() -> None:
    for name, command in commands(cli):
        text = (command.help or "").strip()
        assert text, name
        assert text[0].isupper(), name
        assert ". " in f"{text} " or text.endswith("."), name


@pytest.mark.parametrize(("address", "way_out"), [("", "causeway up"), ("https://elsewhere", "CAUSEWAY_TOKEN")])
def test_signing_in_makes_no_portal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, way_out: str
) -> None:
    home = tmp_path / "fresh"
    monkeypatch.setenv("CAUSEWAY_HOME", str(home))
    monkeypatch.delenv("CAUSEWAY_DATABASE_URL", raising=False)
    monkeypatch.setenv("CAUSEWAY_ADDRESS", address)
    refused = CliRunner().invoke(cli, ["sign-in", "--as", "mei"]).exception
    assert isinstance(refused, NotSignedIn)
    assert way_out in refused.hint
    assert not home.exists()


def test_an_option_with_parts_shows_how_it_is_written() -> None:
    def help_of(*words: str) -> str:
        return " ".join(CliRunner().invoke(cli, [*words, "--help"], terminal_width=400).output.split())

    plan = help_of("promotion", "open-request").partition("--plan JSON ")[2]
    assert plan.startswith("In which steps traffic moves: the weight in percent, and for how long it is held. ")
    assert '{"steps": [{"weight": NUMBER, "hold_seconds": NUMBER}, ...]}' in plan
    tags = help_of("features", "create-version").partition("--tags JSON ")[2]
    assert tags.startswith("Words to find it by. Words with commas between them, or [TEXT, ...]")
    assert '"partition": "" | "day" | "month"' in help_of("imports", "start-upload")
    parameters = [parameter for _name, command in commands(cli) for parameter in command.params]
    options = [option for option in parameters if isinstance(option, click.Option) and option.name != "params"]
    assert all(option.help for option in options)


def test_the_help_begins_with_what_causeway_is_and_names_each_domain(signed_in: Installation) -> None:
    assert "carries a model from a business goal to production" in " ".join(HELP.split())
    domains = {service.domain for service in signed_in.portal.services()}
    assert domains <= {line.split()[0] for line in HELP.splitlines() if line.startswith("  ") and line.strip()}


def test_every_action_takes_json(signed_in: Installation) -> None:
    done = CliRunner().invoke(cli, ["identity", "whoami", "--json"])
    assert json.loads(done.output)["handle"] == "mei"
    assert "Mei Lin" in CliRunner().invoke(cli, ["identity", "whoami"]).output


def test_structured_options_are_json_a_list_of_words_or_a_file(signed_in: Installation, tmp_path: Path) -> None:
    criteria = tmp_path / "criteria.json"
    criteria.write_text('[{"metric": "auc", "comparison": "at_least", "limit": 0.6}]')
    words = ["requirements", "create-requirement", "--project", "PROJ-1", "--title", "On time", "--json"]
    for given in (criteria.read_text(), f"@{criteria}"):
        created = CliRunner().invoke(cli, [*words, "--criteria", given])
        assert json.loads(created.output)["criteria"][0]["limit"] == 0.6
    twice = CliRunner().invoke(cli, [*words, "--criteria", criteria.read_text().replace("{", '{"limit": 0.9, ')])
    assert (twice.exit_code, "'limit' is there twice" in twice.output + str(twice.exception)) == (1, True)
    minted = CliRunner().invoke(cli, ["identity", "mint-token", "--name", "x", "--scopes", "read,jobs.write", "--json"])
    assert json.loads(minted.output)["token"]["scopes"] == ["read", "jobs.write"]


def test_a_file_is_sent_by_its_path_and_an_optional_structure_is_json(signed_in: Installation, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("carrier,late\nUA,1\nDL,0\n")
    dataset = CliRunner().invoke(cli, ["lake", "create-dataset", "--project", "PROJ-1", "--name", "sent", "--json"])
    upload = ["imports", "start-upload", "--dataset-id", json.loads(dataset.output)["id"], "--filename", "rows.csv"]
    choices = ["--choices", '{"key": ["carrier"]}', "--confirm", "true", "--json"]
    begun = json.loads(CliRunner().invoke(cli, [*upload, "--content", str(rows), *choices]).output)
    assert (begun["state"], begun["choices"]["key"]) == ("reading", ["carrier"])
    missing = CliRunner().invoke(cli, [*upload, "--content", str(tmp_path / "nothing.csv")])
    assert (missing.exit_code, "there is no file" in missing.output) == (2, True)
    start = ["training", "start-run", "--project", "PROJ-1", "--recipe", "tabular", "--training-set-id", "TS-1"]
    refused = CliRunner().invoke(cli, [*start, "--params", '{"epochs": 2}'])
    assert "TS-1" in str(refused.exception)


def test_a_folder_is_sent_as_an_archive_of_its_files(signed_in: Installation, tmp_path: Path) -> None:
    for path, text in (("notes/good/a.txt", "fine"), ("notes/bad/b.txt", "poor"), ("notes/.hidden", "no")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    dataset = CliRunner().invoke(cli, ["lake", "create-dataset", "--project", "PROJ-1", "--name", "notes", "--json"])
    upload = ["imports", "start-upload", "--dataset-id", json.loads(dataset.output)["id"], "--filename", "notes.zip"]
    begun = CliRunner().invoke(cli, [*upload, "--content", str(tmp_path / "notes"), "--json"])
    source = json.loads(begun.output)["source"]
    with zipfile.ZipFile(signed_in.portal.foundation.store.path(source["digest"])) as archive:
        assert archive.namelist() == ["notes/bad/b.txt", "notes/good/a.txt"]


def test_a_refusal_is_one_line_and_its_hint(signed_in: Installation) -> None:
    environment = {"CAUSEWAY_ADDRESS": signed_in.address, "CAUSEWAY_TOKEN": signed_in.secrets["viewer"]}
    command = [sys.executable, "-m", "app.cli.commands", "identity", "create-person", "--handle", "x-y", "--name", "X"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == EXIT_REFUSED
    assert done.stdout == ""
    assert done.stderr.splitlines()[0].startswith("You may not do this")
    assert "Traceback" not in done.stderr


def test_a_verification_that_finds_something_ends_with_a_status_for_scripts(
    signed_in: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUSEWAY_TOKEN", signed_in.secrets["sre"])
    file = signed_in.portal.foundation.settings.home / "audit" / "checkpoints.jsonl"
    whole = file.read_bytes()
    assert CliRunner().invoke(cli, ["audit", "verify"]).exit_code == 0
    file.write_bytes(whole + b'{"seq": 12')
    done = CliRunner().invoke(cli, ["audit", "verify"], env={"COLUMNS": "200"})
    file.write_bytes(whole)
    assert (done.exit_code, "is torn or no JSON object" in done.output) == (EXIT_REFUSED, True)


def test_the_store_is_verified_to_its_end_with_a_status_for_scripts(
    signed_in: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUSEWAY_TOKEN", signed_in.secrets["sre"])
    store = signed_in.portal.foundation.store
    contents = {digest_bytes(content): content for content in (b"whole %d" % number for number in range(PART_FILES))}
    for digest, content in contents.items():
        store.path(digest).parent.mkdir(parents=True, exist_ok=True)
        store.path(digest).write_bytes(content)
    digests = sorted([*contents, store.put_bytes(b"one more")])
    done = CliRunner().invoke(cli, ["store", "verify", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["files"] >= len(digests)) == (0, True)
    assert done.stderr.strip().endswith("%")
    for digest in (digests[0], digests[-1]):
        store.path(digest).unlink()
        store.path(digest).write_bytes(b"rotten")
    done = CliRunner().invoke(cli, ["store", "verify", "--json"])
    assert {file["digest"] for file in json.loads(done.stdout)["damaged"]} == {digests[0], digests[-1]}
    assert done.exit_code == EXIT_REFUSED
    for digest in digests:
        store.path(digest).unlink()


def test_without_a_portal_it_says_how_to_start_one(tmp_path: Path) -> None:
    environment = {"CAUSEWAY_HOME": str(tmp_path), "CAUSEWAY_TOKEN": "cwt_x", "CAUSEWAY_ADDRESS": "http://127.0.0.1:1"}
    command = [sys.executable, "-m", "app.cli.commands", "identity", "whoami"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "causeway up" in done.stderr) == (EXIT_REFUSED, True)


def test_settings_are_listed_without_secrets(tmp_path: Path) -> None:
    url = "postgresql+psycopg://someone:hidden@127.0.0.1/db"
    environment = {"CAUSEWAY_HOME": str(tmp_path), "CAUSEWAY_DATABASE_URL": url}
    command = [sys.executable, "-m", "app.cli.commands", "settings", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "hidden" not in done.stdout
    assert {"CAUSEWAY_HOME", "CAUSEWAY_DATABASE_URL"} <= {row["setting"] for row in json.loads(done.stdout)}
