"""Sessions and tokens: opaque, revocable at once, and narrower than the person."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from core.foundation.actions.run import run_action
from core.foundation.actors import Actor
from core.foundation.errors import Invalid, NotAllowed, NotSignedIn
from core.foundation.reach import EVERYWHERE, NOWHERE
from core.identity.permissions import Permission
from core.identity.sessions import Sessions
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


def test_only_where_people_choose_who_to_be_are_there_people_to_choose_from(portal: Portal, people: People) -> None:
    assert people.engineer.person_id in {person.id for person in portal.sessions.people()}
    by_token = portal.foundation.settings.model_copy(update={"sign_in": "tokens"})
    assert Sessions(replace(portal.foundation, settings=by_token)).people() == ()


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


def test_each_of_many_tokens_stands_for_who_minted_it(portal: Portal, people: People) -> None:
    owners = [people.engineer, people.sre, people.approver, people.admin, people.viewer, people.outsider]
    secrets = [portal.identity.mint_token(who, name="CI", scopes=(Permission.READ,)).secret for who in owners]
    assert [portal.sessions.actor_of_token(secret).person_id for secret in secrets] == [who.person_id for who in owners]
    with pytest.raises(NotSignedIn):
        portal.sessions.actor_of_token("cwt_of-nobody")


def test_a_token_lasts_a_month_unless_somebody_says_otherwise(portal: Portal, people: People) -> None:
    token = portal.identity.mint_token(people.engineer, name="CI", scopes=(Permission.READ,)).token
    assert token.expires_at - token.created_at == timedelta(days=30)


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
    for owner, other in ((people.engineer, people.sre), (people.sre, people.engineer)):
        minted = portal.identity.mint_token(owner, name="CI", scopes=(Permission.READ,))
        borrowed = Actor(person_id=other.person_id, kind="person", via="token", token_id=minted.token.id)
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


PEOPLE_PAGE = "on the page People or with `causeway identity"
OWN = "Mint a token of your own with the scope"


@pytest.mark.parametrize(
    ("scope", "action", "hint"),
    [
        ("feature.sql", "queries.list_queries", f"{OWN} feature.sql: {PEOPLE_PAGE} mint-token`."),
        ("jobs.write", "training.resume_run", f"{OWN} jobs.write: {PEOPLE_PAGE} mint-token`."),
        (
            "token.mint",
            "identity.mint_token",
            "No token carries it, for people do this themselves: sign in to the portal.",
        ),
    ],
)
def test_a_refusal_for_want_of_a_scope_names_it_and_where_to_get_it(
    portal: Portal, people: People, scope: str, action: str, hint: str
) -> None:
    minted = portal.identity.mint_token(people.engineer, name="CI", scopes=(Permission.READ,))
    with pytest.raises(NotAllowed) as refused:
        attempt(portal, action, portal.sessions.actor_of_token(minted.secret))
    assert refused.value.message == f"This token may not do this: {action} needs the scope {scope}"
    assert refused.value.hint == hint


def test_a_service_account_learns_who_mints_its_token_and_what_it_never_does(portal: Portal, people: People) -> None:
    account = portal.identity.create_service_account(people.admin, handle="ci", name="CI", project="PROJ-1")
    mint = partial(portal.identity.mint_service_token, people.admin, account_id=account.id, name="CI")
    actor = portal.sessions.actor_of_token(mint(scopes=(Permission.READ,)).secret)
    with pytest.raises(NotAllowed) as refused:
        attempt(portal, "training.resume_run", actor)
    way = (
        f"An administrator who may do this too mints a token with the scope jobs.write for this account: {PEOPLE_PAGE}"
    )
    assert refused.value.hint == f"{way} mint-service-token`."
    with pytest.raises(NotAllowed) as refused:
        attempt(portal, "queries.list_queries", actor)
    assert refused.value.hint.startswith(f"Service accounts do not do this. {OWN} feature.sql")
    with pytest.raises(Invalid, match=r"A token cannot carry feature\.sql"):
        mint(scopes=(Permission.FEATURE_SQL,))


def test_where_the_role_is_missing_no_token_is_advised(portal: Portal, people: People) -> None:
    minted = portal.identity.mint_token(people.viewer, name="CI", scopes=(Permission.READ,))
    with pytest.raises(NotAllowed) as refused:
        attempt(portal, "queries.list_queries", portal.sessions.actor_of_token(minted.secret))
    assert refused.value.message == "You may not do this: queries.list_queries needs the permission feature.sql"
    assert refused.value.hint == "Ask an administrator for a role that has it."
    with pytest.raises(NotAllowed) as refused:
        attempt(portal, "serving.issue_ticket", people.engineer)
    assert refused.value.hint == "No role has it: service accounts do this, with a token that carries this scope."


def attempt(portal: Portal, action: str, actor: Actor) -> None:
    service, spec = portal.catalog()[action]
    run_action(service, actor, spec=spec, arguments={})
