"""Audit and people in the browser."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.session import SECRET
from core.identity.permissions import Permission, Role
from core.portal import Portal
from tests.compute.running import wait_until
from tests.conftest import People
from tests.pages.running import drawn, page, text_of


def test_a_session_that_ends_by_time_is_closed_at_once(portal: Portal, people: People) -> None:
    test, database = page(portal, people.admin, "audit"), portal.foundation.database
    soon = "UPDATE sessions SET expires_at = :soon"
    with database.write() as session:
        then = database.now(session) + timedelta(seconds=2)
        session.connection().execute(text(soon), {"soon": then.isoformat(sep=" ")[:26]})
    assert "Audit" in [title.value for title in drawn(test).title]
    secret = test.session_state[SECRET]
    wait_until(lambda: portal.sessions.actor_of_session(secret) is None, what="the end of the session")
    wait_until(lambda: not drawn(test).title or "Audit" not in [title.value for title in test.title], seconds=5)


def test_the_log_is_verified_in_words(portal: Portal, people: People) -> None:
    test = page(portal, people.admin, "audit")
    next(button for button in test.button if button.label == "Verify the log").click()
    assert "The log is intact." in text_of(drawn(test))


def test_what_a_verification_finds_is_listed_and_a_damaged_event_is_shown(portal: Portal, people: People) -> None:
    with portal.foundation.database.write() as session:
        session.connection().execute(text("UPDATE audit_events SET body = 'oh' WHERE seq = 3"))
    (portal.foundation.settings.home / "audit" / "checkpoints.jsonl").unlink()
    test = page(portal, people.admin, "audit")
    next(button for button in test.button if button.label == "Verify the log").click()
    shown = text_of(drawn(test))
    assert "The log does not hold." in shown
    assert "checkpoints.jsonl is missing" in shown
    assert "the body of event 3 is no JSON object" in shown


def test_a_viewer_may_not_read_the_log(portal: Portal, people: People) -> None:
    shown = text_of(page(portal, people.viewer, "audit"))
    assert "None of your roles has the permission audit.read" in shown


def test_an_engineer_is_offered_no_verification(portal: Portal, people: People) -> None:
    assert "Verify the log" not in [button.label for button in page(portal, people.engineer, "audit").button]


def test_events_are_found_by_their_action(portal: Portal, people: People) -> None:
    test = page(portal, people.admin, "audit")
    test.text_input(key="action").input("identity.create_project")
    assert "2 of 2 shown" in text_of(drawn(test))
    test.text_input(key="action").input("nothing")
    assert "No event matches" in text_of(drawn(test))


def test_an_administrator_takes_a_role_away(portal: Portal, people: People) -> None:
    test = page(portal, people.admin, "people", id=people.viewer.person_id)
    test.button(key=f"take_{people.viewer.person_id}_0").click()
    drawn(test)
    people_now = [
        item for item in portal.identity.list_people(people.admin).items if item.id == people.viewer.person_id
    ]
    assert people_now[0].grants == ()


def test_the_last_administrator_stays(portal: Portal, people: People) -> None:
    test = page(portal, people.admin, "people", id=people.admin.person_id)
    test.button(key=f"take_{people.admin.person_id}_0").click()
    assert "The last administrator stays" in text_of(drawn(test))


@pytest.mark.parametrize("who", ["viewer", "engineer", "sre", "approver"])
def test_others_see_people_and_change_nothing(portal: Portal, people: People, who: str) -> None:
    test = page(portal, getattr(people, who), "people")
    assert "Ada Okafor" in text_of(test)
    labels = {button.label for button in test.button}
    assert not labels & {"Add a person", "Grant a role", "Disable"}


def test_a_token_is_listed_without_its_secret_and_revoked(portal: Portal, people: People) -> None:
    minted = portal.identity.mint_token(people.engineer, name="Nightly", scopes=(Permission.READ,))
    test = page(portal, people.engineer, "people")
    assert "Nightly" in text_of(test)
    assert minted.secret not in text_of(test)
    test.button(key=f"revoke_{minted.token.id}").click()
    drawn(test)
    assert portal.identity.list_tokens(people.engineer)[0].revoked


def test_an_administrator_names_the_project(portal: Portal, people: People) -> None:
    test = page(portal, people.admin, "people")
    test.menu_button(key="more").click("Rename a project")
    test = drawn(test)
    test.menu_button(key="more").click("Rename a project")
    test.text_input(key="new_name_PROJ-2").input("Credit risk")
    test.button(key="project_rename").click()
    drawn(test)
    assert "Credit risk" in {project.name for project in portal.identity.list_projects(people.admin)}


def test_a_disabled_person_is_shown_the_door(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "people")
    portal.identity.set_state(people.admin, person_id=people.engineer.person_id, state="disabled")
    assert "Your session has ended" in text_of(drawn(test))


def test_a_role_works_with_the_next_click(portal: Portal, people: People) -> None:
    test = page(portal, people.viewer, "datasets")
    portal.identity.grant_role(people.admin, person_id=people.viewer.person_id, role=Role.ENGINEER, project="PROJ-1")
    assert "New dataset" in [button.label for button in drawn(test).button]


def test_a_token_is_offered_no_scope_that_its_minter_does_not_have(portal: Portal, people: People) -> None:
    test = page(portal, people.approver, "people")
    test.button(key="mint_own").click()
    drawn(test)
    assert test.multiselect(key="token_scopes").options == [
        "artifact.read",
        "audit.read",
        "audit.verify",
        "read",
        "rollout.abort",
    ]
