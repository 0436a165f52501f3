"""What an endpoint needs next."""

from typing import Any

import pytest

from app.next_action.serving import endpoint_action
from core.identity.permissions import Role
from core.serving.values import Endpoint
from tests.app.next_action.objects import endpoint, rights

NOTHING_ELSE: dict[str, Any] = {"has_other_version": True, "can_return": False, "rollout": "", "is_tested": False}
SERVING = {"serves": {2: 100}}


@pytest.mark.parametrize(
    ("environment", "state", "known", "role", "name"),
    [
        ("staging", {}, {}, Role.ENGINEER, "deploy"),
        ("staging", SERVING, {}, Role.ENGINEER, "test"),
        ("staging", SERVING, {"is_tested": True}, Role.SRE, "deploy"),
        ("staging", {**SERVING, "settled": False}, {}, Role.ENGINEER, "deploy"),
        ("staging", {}, {}, Role.APPROVER, ""),
        ("production", SERVING, {}, Role.ENGINEER, "request"),
        ("production", SERVING, {}, Role.VIEWER, ""),
        ("production", SERVING, {"rollout": "PR-3"}, Role.VIEWER, "follow"),
        ("production", {**SERVING, "cause": "no memory"}, {"can_return": True}, Role.SRE, "roll_back"),
        ("production", {**SERVING, "cause": "no memory"}, {"can_return": True}, Role.ENGINEER, "request"),
        ("production", {**SERVING, "cause": "no memory"}, {}, Role.SRE, "request"),
    ],
)
def test_the_state_and_the_rights_decide(
    environment: str, state: dict[str, Any], known: dict[str, Any], role: Role, name: str
) -> None:
    action = endpoint_action(endpoint(environment, **state), **{**NOTHING_ELSE, **known}, rights=rights(role))
    assert action.name == name


@pytest.mark.parametrize("subject", [endpoint("staging"), endpoint("production")])
def test_without_another_version_the_button_says_what_is_missing(subject: Endpoint) -> None:
    known = {**NOTHING_ELSE, "has_other_version": False}
    action = endpoint_action(subject, **known, rights=rights(Role.ENGINEER))
    assert action.missing.startswith("There is no other version to ")
    assert not action.is_possible
