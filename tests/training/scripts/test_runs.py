"""Runs of people's own code, from a request to what came of it."""

from pathlib import Path
from typing import Any

import pytest

from core.compute.values import JobState
from core.foundation.actions.content import Content
from core.foundation.errors import Conflict, Invalid, NotAllowed
from core.foundation.settings import Settings
from core.portal import Portal
from core.training.recipes.script import Script
from core.training.values import Run
from core.training.workspace.titles import run_title
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.foundation.source_trees.repositories import commit, repository
from tests.installed import installed, settings_in
from tests.sweeps.running import start as start_sweep
from tests.training.scripts.sources import FILE, LINEAR, PREDICTED, READ, packed
from tests.training.sets import make_training_set, start

# The texts of the flights as numbers would be another exercise: only their numbers are learned from.
MAPPED = """
columns = [{"name": name} for name in contract["numbers"]]
columns[0] |= {"missing": 0.0}
for column in columns:
    column["missing"] = 0.0
mapping = {"inputs": [{"tensor": "x", "columns": columns}],
           "answers": [{"name": "probability", "tensor": "output", "role": "value"}]}
(made / "mapping.json").write_text(json.dumps(mapping))
print("depth is", params["arguments"]["depth"], "and the seed", params["seed"])
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home", git_folder=str(tmp_path / "repositories"))


@pytest.fixture
def with_git(settings: Settings) -> Any:
    with installed(settings) as (portal, people):
        yield portal, people


def run_of(portal: Portal, people: People, training_set: str, **choices: Any) -> Run:
    run = start(portal, people, training_set, recipe="script", **choices)
    run_job_here(portal, run.job_id, seconds=180)
    return portal.training.get_run(people.viewer, run_id=run.id)


def test_a_commit_becomes_a_run_and_a_version(with_git: tuple[Portal, People], tmp_path: Path) -> None:
    portal, people = with_git
    folder = tmp_path / "repositories/mine"
    wanted = repository(folder, {"src/train.py": READ + LINEAR + FILE + PREDICTED + MAPPED})
    commit(folder, {"src/train.py": "raise SystemExit('a later one')"})
    training_set = make_training_set(portal, tmp_path / "splits")
    params = {"repository": folder.as_uri(), "commit": wanted, "entry_point": "src/train.py"}
    done = run_of(portal, people, training_set, params={**params, "arguments": {"depth": 3}}, seed=5)
    assert done.state is JobState.SUCCEEDED, done.cause
    assert [evaluation.holdout_name for evaluation in done.evaluations] == ["train", "validation", "test"]
    known = done.environment
    assert (known["repository"], known["commit"], done.code_commit) == (folder.as_uri(), wanted, wanted)
    assert portal.foundation.store.path(known["source"]).is_file()
    assert known["packages"] == "the portal's own"
    log = portal.compute.read_log(people.engineer, job_id=done.job_id).text
    assert "depth is 3 and the seed 5" in log
    assert str(tmp_path) not in log
    version = portal.training.register_version(people.engineer, run_id=done.id, model="mine")
    assert (version.digest, version.code_commit) == (done.manifest, wanted)


def test_an_archive_that_predicts_is_judged_and_gives_no_version(
    portal: Portal, people: People, tmp_path: Path
) -> None:
    archive = Content.of(packed({"train.py": READ + LINEAR + PREDICTED}))
    training_set = make_training_set(portal, tmp_path / "splits")
    done = run_of(portal, people, training_set, params={}, source=archive)
    assert done.state is JobState.SUCCEEDED, done.cause
    assert [evaluation.holdout_name for evaluation in done.evaluations] == ["validation", "test"]
    assert (done.manifest, done.params["archive"]) == ("", done.environment["source"])
    with pytest.raises(Conflict, match="gave predictions only"):
        portal.training.register_version(people.engineer, run_id=done.id, model="mine")


def test_a_run_of_code_that_fails_says_why_and_keeps_nothing(portal: Portal, people: People, tmp_path: Path) -> None:
    source = "import socket\nsocket.create_connection(('127.0.0.1', 80))\n"
    training_set = make_training_set(portal, tmp_path / "splits")
    done = run_of(portal, people, training_set, params={}, source=Content.of(packed({"train.py": source})))
    assert done.state is JobState.FAILED
    assert "PermissionError" in done.cause
    assert not list((portal.foundation.settings.home / "jobs").rglob("checkpoints/script"))


def test_a_commit_that_is_not_there_fails_the_run_with_words(with_git: tuple[Portal, People], tmp_path: Path) -> None:
    portal, people = with_git
    folder = tmp_path / "repositories/mine"
    repository(folder, {"train.py": ""})
    training_set = make_training_set(portal, tmp_path / "splits")
    params = {"repository": folder.as_uri(), "commit": "f" * 40}
    done = run_of(portal, people, training_set, params=params)
    assert done.state is JobState.FAILED
    assert "no commit, branch or tag" in done.cause


def test_code_is_refused_before_a_run_begins(portal: Portal, people: People, tmp_path: Path) -> None:
    training_set = make_training_set(portal, tmp_path / "splits")
    archive = packed({"train.py": ""})
    elsewhere = {"repository": "https://evil.example/a/b", "commit": "main"}
    public = {"repository": "https://github.com/a/b", "commit": "main"}
    for field, choices in (
        ("params.repository", {"recipe": "script", "params": {}}),
        ("params.repository", {"recipe": "script", "params": elsewhere}),
        ("params.repository", {"recipe": "script", "params": public, "source": Content.of(archive)}),
        ("params", {"recipe": "script", "params": {"repository": "https://github.com/a/b"}}),
        ("params.entry_point", {"recipe": "script", "params": {"entry_point": "../train.py"}}),
        ("params.arguments", {"recipe": "script", "params": {"arguments": "depth: 3"}}),
        ("source", {"recipe": "script", "params": {}, "source": Content.of(b"no archive")}),
        ("source", {"recipe": "tabular", "source": Content.of(archive)}),
    ):
        with pytest.raises(Invalid) as refusal:
            start(portal, people, training_set, **choices)
        assert refusal.value.field == field
    assert portal.training.list_runs(people.viewer).total == 0
    with pytest.raises(Invalid, match="A sweep cannot search"):
        start_sweep(portal, people, training_set, recipe="script", base_params={})


def test_the_recipe_can_be_switched_off(tmp_path: Path) -> None:
    with installed(settings_in(tmp_path / "home", recipes_off="script, linear")) as (portal, people):
        training_set = make_training_set(portal, tmp_path / "splits")
        names = {card.name for card in portal.training.list_recipes(people.viewer)}
        assert not names & {"script", "linear"}
        assert "tabular" in names
        with pytest.raises(NotAllowed, match="Nobody may train with script here"):
            start(portal, people, training_set, recipe="script", params={}, source=Content.of(packed({"train.py": ""})))


def test_a_run_of_a_commit_is_called_by_what_people_say_of_it() -> None:
    params = {"repository": "https://github.com/me/mine/", "commit": "0123456789" * 4, "entry_point": "train.py"}
    assert run_title(Script, params=params, rows="Rows") == "Script · repository mine, commit 01234567"
