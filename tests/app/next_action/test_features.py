"""What leads a feature version on."""

import pytest

from app.next_action.features import feature_action
from core.features.values import Check
from core.identity.permissions import Role
from tests.app.next_action.objects import feature_version, rights, view

ENGINEER = rights(Role.ENGINEER)


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("draft", "build"),
        ("building", ""),
        ("failed", "edit"),
        ("staged", "publish"),
        ("published", "alias"),
        ("deprecated", "new_version"),
        ("retired", "new_version"),
    ],
)
def test_the_state_decides(state: str, name: str) -> None:
    assert feature_action(view(), feature_version(state), rights=ENGINEER).name == name
    assert feature_action(view(), feature_version(state), rights=rights(Role.SRE)).name == ""


def test_what_is_live_needs_nothing_but_a_successor() -> None:
    live = feature_version("published")
    assert feature_action(view(live), live, rights=ENGINEER).name == "new_version"
    assert feature_action(view(), None, rights=ENGINEER).name == "new_version"


def test_a_broken_test_is_named_at_the_button() -> None:
    checks = tuple(Check(name=name, verdict=word, detail="") for name, word in (("keys", "pass"), ("nulls", "fail")))
    action = feature_action(view(), feature_version("staged", checks=checks), rights=ENGINEER)
    assert (action.name, action.missing) == ("publish", "Its tests are broken: nulls.")
