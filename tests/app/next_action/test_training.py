"""What a run and a training set need next."""

from typing import Any

import pytest

from app.next_action.training import run_action, training_set_action
from core.identity.permissions import Role
from tests.app.next_action.objects import NOW, rights, run, training_set


@pytest.mark.parametrize(
    ("state", "changes", "role", "name"),
    [
        ("running", {}, Role.ENGINEER, ""),
        ("failed", {}, Role.ENGINEER, "resume"),
        ("cancelled", {}, Role.ENGINEER, "resume"),
        ("failed", {}, Role.VIEWER, ""),
        ("succeeded", {}, Role.ENGINEER, "register"),
        ("succeeded", {}, Role.SRE, ""),
        ("succeeded", {"version_id": "MV-1"}, Role.VIEWER, "open_version"),
    ],
)
def test_the_state_of_a_run_decides(state: str, changes: dict[str, Any], role: Role, name: str) -> None:
    assert run_action(run(state, **changes), rights=rights(role)).name == name


def test_a_run_without_a_model_says_why_it_is_not_registered() -> None:
    action = run_action(run("succeeded", manifest=""), rights=rights(Role.ENGINEER))
    assert (action.name, action.missing) == ("register", "It saved no model that could be registered.")


@pytest.mark.parametrize(
    ("state", "role", "name"),
    [
        ("ready", Role.ENGINEER, "start_training"),
        ("ready", Role.VIEWER, ""),
        ("building", Role.ENGINEER, ""),
        ("needs_review", Role.ENGINEER, "accept_inputs"),
        ("needs_review", Role.VIEWER, ""),
    ],
)
def test_a_set_that_is_ready_is_learned_from(state: str, role: Role, name: str) -> None:
    assert training_set_action(training_set(state), now=NOW, rights=rights(role)).name == name


def test_a_set_without_a_label_says_what_is_missing() -> None:
    action = training_set_action(training_set("ready", label=""), now=NOW, rights=rights(Role.ENGINEER))
    assert "it has no label" in action.missing
