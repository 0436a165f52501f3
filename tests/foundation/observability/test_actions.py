"""One line and one count for each action, with who did what to what and how it ended."""

import logging
from typing import Any

import pytest

from core.foundation.errors import NotAllowed, PortalError
from core.foundation.observability.metrics import ACTIONS
from core.portal import Portal
from tests.conftest import People
from tests.log_lines import log_lines

GOAL = {"project": "PROJ-1", "title": "On time", "business_goal": "Warn", "business_metric": "Calls"}


def summary(line: dict[str, Any]) -> tuple[Any, ...]:
    return (line["level"], line["action"], line["outcome"], line.get("object"), line["actor"])


def count_of(action: str, outcome: str) -> float:
    return float(ACTIONS.labels(action, outcome)._value.get())


def test_a_writing_action_is_one_line_with_its_object(portal: Portal, people: People) -> None:
    before = count_of("identity.create_project", "ok")
    with log_lines("core") as lines:
        project = portal.identity.create_project(people.admin, name="Rail")
    who = people.admin.person_id
    assert [summary(line) for line in lines] == [("info", "identity.create_project", "ok", project.id, who)]
    assert lines[0]["milliseconds"] > 0
    assert count_of("identity.create_project", "ok") == before + 1


def test_a_denial_is_a_warning_also_where_something_is_only_read(portal: Portal, people: People) -> None:
    with log_lines("core") as lines:
        with pytest.raises(NotAllowed):
            portal.identity.create_project(people.viewer, name="Rail")
        with pytest.raises(NotAllowed):
            portal.metrics.render(people.viewer)
    assert [summary(line)[:3] for line in lines] == [
        ("warning", "identity.create_project", "denied"),
        ("warning", "metrics.render", "denied"),
    ]


def test_what_only_reads_is_told_in_detail_alone(portal: Portal, people: People) -> None:
    with log_lines("core") as lines:
        portal.identity.list_projects(people.viewer)
        with pytest.raises(PortalError):
            portal.requirements.get_requirement(people.viewer, requirement_id="R-99")
    assert lines == []
    with log_lines("core", level=logging.DEBUG) as lines:
        portal.identity.list_projects(people.viewer)
    assert [summary(line)[:3] for line in lines] == [("debug", "identity.list_projects", "ok")]


def test_what_fails_is_an_error(portal: Portal, people: People) -> None:
    with portal.foundation.database.write() as session:
        damage = f"UPDATE role_grants SET role = 'nonsense' WHERE person_id = '{people.viewer.person_id}'"
        session.connection().exec_driver_sql(damage)
    with log_lines("core") as lines, pytest.raises(ValueError, match="nonsense"):
        portal.identity.list_people(people.admin)
    assert summary(lines[-1])[:3] == ("error", "identity.list_people", "failed")
