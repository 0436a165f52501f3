"""Sessions and tokens: opaque, revocable at once, and narrower than the person."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from core.foundation.actors import Actor
from core.foundation.errors import Invalid, NotAllowed, NotSignedIn
from core.foundation.reach import EVERYWHERE, NOWHERE
from core.identity.permissions import Permission
from core.identity.tables import TokenRow
from core.portal import Portal, build_portal
from tests.conftest import People

BROKEN = ["", "cwt_", "cwt_%", "CWT_ABC", "\ud800", "x" * 10_000, "cwt_' OR 1=1 --"]


def age(portal: Portal, table: str, by: timedelta) -> None:
    with portal.foundation.database.write() as session:
        now = portal.foundation.database.now(session)
        session.connection().execute(text(f"UPDATE {table} SET expires_at = :then"), {"then": str(now - by)[:19]})


def test_a_session_ends_when_it_is_ended_and_when_it_is_old(portal: Portal, people: People) -> None:
    first, second = portal.sessions.begin(people.sre.person_id), portal.sessions.begin(people.sre.person_id)
    portal.sessions.sign_out(first)
    portal.sessions.sign_out(first)
    assert portal.sessions.actor_of_session(first) is None
    assert portal.sessions.actor_of_session(second) == people.sre
    age(portal, "sessions", timedelta(seconds=5))
    assert portal.sessions.actor_of_session(second) is None


def test_a_token_carries_what_it_was_given_and_no_more(portal: Portal, people: People) -> None:
    minted = portal.identity.mint_token(people.engineer, name="CI", scopes=(Permission.READ,))
    actor = portal.sessions.actor_of_token(minted.secret)
    assert portal.identity.whoami(actor).handle == "mei"
    with pytest.raises(NotAllowed):
        portal.requirements.set_state(actor, requirement_id="R-1", state="met")


def test_a_token_ends_when_it_is_revoked_and_when_it_is_old(portal: Portal, people: People) -> None:
    minted = portal.identity.mint_token(people.engineer, name="CI", scopes=(Permission.READ,))
    actor = portal.sessions.actor_of_token(minted.secret)
    portal.identity.revoke_token(people.engineer, token_id=minted.token.id)
    with pytest.raises(NotSignedIn):
        portal.sessions.actor_of_token(minted.secret)
    with pytest.raises(NotSignedIn):
        portal.identity.whoami(actor)
    old = portal.identity.mint_token(people.engineer, name="old", scopes=(Permission.READ,))
    age(portal, "tokens", timedelta(seconds=5))
    with pytest.raises(NotSignedIn):
        portal.sessions.actor_of_token(old.secret)


@pytest.mark.parametrize("secret", BROKEN)
def test_a_broken_secret_is_nobody(portal: Portal, people: People, secret: str) -> None:
    assert portal.sessions.actor_of_session(secret) is None
    with pytest.raises(NotSignedIn):
        portal.sessions.actor_of_token(secret)


@pytest.mark.parametrize("scope", [Permission.PROMOTE_DECIDE, Permission.PEOPLE_WRITE, Permission.SYSTEM])
def test_no_token_can_carry_what_people_must_do_themselves(portal: Portal, people: People, scope: Permission) -> None:
    with pytest.raises(Invalid):
        portal.identity.mint_token(people.approver, name="CI", scopes=(scope,))


def test_no_secret_is_kept_or_told(portal: Portal, people: People) -> None:
    session_secret = portal.sessions.begin(people.engineer.person_id)
    minted = portal.identity.mint_token(people.engineer, name="CI", scopes=(Permission.READ,))
    dump = "\n".join(portal.foundation.database.engine.raw_connection().driver_connection.iterdump())
    assert session_secret not in dump
    assert minted.secret not in dump


def test_one_may_choose_who_to_be_in_development_only(portal: Portal, people: People) -> None:
    assert portal.sessions.sign_in_as(people.sre.person_id)
    closed = portal.foundation.settings.model_copy(update={"sign_in": "tokens"})
    strict = build_portal(closed)
    assert strict.sessions.people() == ()
    with pytest.raises(NotAllowed):
        strict.sessions.sign_in_as(people.sre.person_id)
    strict.foundation.database.close()


def test_nobody_revokes_the_token_of_someone_else(portal: Portal, people: People) -> None:
    minted = portal.identity.mint_token(people.engineer, name="CI", scopes=(Permission.READ,))
    for other in (people.other_engineer, people.admin):
        with pytest.raises(Invalid, match="You have no token"):
            portal.identity.revoke_token(other, token_id=minted.token.id)
    assert portal.sessions.actor_of_token(minted.secret).person_id == people.engineer.person_id


def test_a_token_stands_for_its_owner_only(portal: Portal, people: People) -> None:
    minted = portal.identity.mint_token(people.engineer, name="CI", scopes=(Permission.READ,))
    borrowed = Actor(person_id=people.sre.person_id, kind="person", via="token", token_id=minted.token.id)
    with pytest.raises(NotSignedIn):
        portal.identity.whoami(borrowed)


def test_a_scope_for_people_only_is_worth_nothing_in_a_token(portal: Portal, people: People) -> None:
    """Whoever wrote it into the row: approving and giving rights take a person who is present."""
    scopes = [Permission.PROMOTE_DECIDE, Permission.PEOPLE_WRITE]
    for person in (people.approver, people.admin):
        minted = portal.identity.mint_token(person, name="CI", scopes=(Permission.READ,))
        with portal.foundation.database.write() as session:
            row = session.get_one(TokenRow, minted.token.id)
            row.scopes = [Permission.READ.value, *(scope.value for scope in scopes)]
            session.add(row)
        actor = portal.sessions.actor_of_token(minted.secret)
        with portal.foundation.database.read() as session:
            reached = [portal.foundation.access.reach(session, actor, scope) for scope in (Permission.READ, *scopes)]
        assert reached == [EVERYWHERE, NOWHERE, NOWHERE]
