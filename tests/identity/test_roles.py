"""Roles count at once, nobody gives themselves one, and an administrator always remains."""

import threading
from functools import partial

import pytest

from core.foundation.actors import Actor
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn, PortalError
from core.foundation.ids import Kind, kind_of
from core.identity.permissions import Role
from core.portal import Portal
from tests.conftest import People


def test_a_role_taken_away_is_gone_with_the_next_call(portal: Portal, people: People) -> None:
    portal.requirements.list_requirements(people.engineer)
    portal.identity.revoke_role(people.admin, person_id=people.engineer.person_id, role=Role.ENGINEER, project="PROJ-1")
    with pytest.raises(NotAllowed):
        portal.requirements.list_requirements(people.engineer)


def test_a_disabled_person_is_signed_out_everywhere(portal: Portal, people: People) -> None:
    secret = portal.sessions.begin(people.sre.person_id)
    actor = portal.sessions.actor_of_session(secret)
    assert actor is not None
    portal.identity.set_state(people.admin, person_id=people.sre.person_id, state="disabled")
    with pytest.raises(NotSignedIn):
        portal.identity.whoami(actor)


def test_nobody_gives_a_role_to_themselves(portal: Portal, people: People) -> None:
    with pytest.raises(NotAllowed):
        portal.identity.grant_role(people.admin, person_id=people.admin.person_id, role=Role.APPROVER)


def test_the_last_administrator_stays(portal: Portal, people: People) -> None:
    with pytest.raises(NotAllowed):
        portal.identity.revoke_role(people.admin, person_id=people.admin.person_id, role=Role.ADMIN)
    with pytest.raises(NotAllowed):
        portal.identity.set_state(people.admin, person_id=people.admin.person_id, state="disabled")


def test_two_administrators_cannot_remove_each_other_at_once(portal_on: Portal, people: People) -> None:
    """Ten races; in each, one of two administrators remains."""
    identity = portal_on.identity
    system = Actor.system("test")
    for number in range(10):
        other = identity.create_person(system, handle=f"second-{number}", name="Second")
        identity.grant_role(system, person_id=other.id, role=Role.ADMIN)
        pair = [people.admin.person_id, other.id]
        done = race(
            [lambda person=person: identity.revoke_role(system, person_id=person, role=Role.ADMIN) for person in pair]
        )
        assert done.count(True) == 1
        if done[0]:
            identity.grant_role(system, person_id=people.admin.person_id, role=Role.ADMIN)
            identity.revoke_role(system, person_id=other.id, role=Role.ADMIN)


def race(attempts: list) -> list[bool]:
    """Whether each attempt succeeded, all begun at the same moment."""
    start = threading.Barrier(len(attempts))
    done = [False] * len(attempts)

    def run(index: int) -> None:
        start.wait()
        try:
            attempts[index]()
        except PortalError:
            return
        done[index] = True

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_a_project_role_is_given_in_a_project(portal: Portal, people: People) -> None:
    with pytest.raises(Invalid) as refused:
        portal.identity.grant_role(people.admin, person_id=people.sre.person_id, role=Role.ENGINEER)
    assert refused.value.field == "project"


def test_a_service_account_is_none_of_the_people_and_has_no_role(portal: Portal, people: People) -> None:
    account = portal.identity.create_service_account(people.admin, handle="robot", name="Robot", project="PROJ-1")
    assert kind_of(account.id) is Kind.SERVICE_ACCOUNT
    assert kind_of(people.engineer.person_id) is Kind.PERSON
    with pytest.raises(Invalid, match="scopes, not roles"):
        portal.identity.grant_role(people.admin, person_id=account.id, role=Role.SRE)


def test_an_administrator_of_one_project_decides_nothing_for_the_others(portal: Portal, people: People) -> None:
    identity = portal.identity
    local = identity.create_person(people.admin, handle="local", name="Lou Local").id
    identity.grant_role(people.admin, person_id=local, role=Role.ADMIN, project="PROJ-1")
    other = identity.create_project(people.admin, name="Far away").id
    lou = Actor(person_id=local, kind="person", via="session")
    policy = portal.policies.ensure_policies(Actor.system("test"))[0]
    friend = people.viewer.person_id
    change = {"gates": policy.gates, "approvals": policy.approvals, "valid_days": 1, "reason": "Shorter"}
    refused = (
        partial(identity.grant_role, lou, person_id=friend, role=Role.ADMIN),
        partial(identity.revoke_role, lou, person_id=people.admin.person_id, role=Role.ADMIN),
        partial(identity.set_state, lou, person_id=people.sre.person_id, state="disabled"),
        partial(identity.create_project, lou, name="Mine"),
        partial(portal.policies.propose_policy, lou, policy_id=policy.id, **change),
        partial(portal.policies.confirm_policy, lou, policy_id=policy.id, revision=1),
    )
    for call in refused:
        with pytest.raises(NotAllowed, match=r"every project, and your role is for PROJ-1$"):
            call()
    with pytest.raises(NotFound):
        identity.grant_role(lou, person_id=friend, role=Role.ENGINEER, project=other)
    identity.grant_role(lou, person_id=friend, role=Role.ENGINEER, project="PROJ-1")
    identity.revoke_role(lou, person_id=friend, role=Role.ENGINEER, project="PROJ-1")


def test_a_handle_belongs_to_one_person(portal: Portal, people: People) -> None:
    with pytest.raises(Conflict):
        portal.identity.create_person(people.admin, handle="mei", name="Another Mei")


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "two\nlines", "", "x" * 81, "nul\x00"])
def test_a_name_that_could_do_harm_is_refused(portal: Portal, people: People, name: str) -> None:
    with pytest.raises(Invalid):
        portal.identity.create_person(people.admin, handle="someone", name=name)


def test_what_lies_in_another_project_does_not_exist(portal: Portal, people: People) -> None:
    criteria = ({"metric": "auc", "comparison": "at_least", "limit": 0.6},)
    requirement = portal.requirements.create_requirement(
        people.engineer, project="PROJ-1", title="On time", criteria=criteria
    )
    with pytest.raises(NotFound, match="no object called"):
        portal.requirements.get_requirement(people.outsider, requirement_id=requirement.id)
    with pytest.raises(NotFound):
        portal.requirements.create_requirement(people.outsider, project="PROJ-1", title="On time", criteria=criteria)
    assert portal.requirements.list_requirements(people.outsider).total == 0
    assert portal.identity.search(people.outsider, query="On time") == ()
    denied = portal.audit.list_events(people.admin, outcome="denied")
    assert denied.total == 2


def test_nobody_looks_like_somebody_else(portal: Portal, people: People) -> None:
    create = portal.identity.create_person
    with pytest.raises(Invalid, match="looks like Jonas Weber") as refusal:
        create(people.admin, handle="another", name="\uff2aonas Weber")
    assert refusal.value.field == "name"
    with pytest.raises(Conflict, match="The handle jonas is taken"):
        create(people.admin, handle="jonas", name="Somebody")
    with pytest.raises(Invalid, match="looks like Flights"):
        portal.identity.create_project(people.admin, name="FIights")
    assert create(people.admin, handle="another-jonas", name="Jonas Weber").name == "Jonas Weber"


def test_a_project_has_another_name_for_everyone_and_the_same_id(portal: Portal, people: People) -> None:
    identity = portal.identity
    identity.rename_project(people.admin, project="PROJ-1", name="Credit risk")
    assert {item.id: item.name for item in identity.list_projects(people.engineer)}["PROJ-1"] == "Credit risk"
    assert identity.find_object(people.engineer, name="Credit risk").id == "PROJ-1"
    with pytest.raises(Conflict, match="There is a project called Elsewhere"):
        identity.rename_project(people.admin, project="PROJ-1", name="Elsewhere")
    assert identity.rename_project(people.admin, project="PROJ-1", name="Credit risk").name == "Credit risk"


def test_people_are_found_by_their_handle(portal: Portal, people: People) -> None:
    assert [thing.title for thing in portal.identity.search(people.viewer, query="jonas")] == ["Jonas Weber"]
    assert portal.identity.find_object(people.viewer, name="jonas").id == people.sre.person_id
