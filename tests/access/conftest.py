"""The matrix is asked in two ways: of the services themselves, and of a real server by REST and by command line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.foundation.actors import Actor
from core.identity.permissions import OWN_TOKEN_PERMISSIONS, SERVICE_TOKEN_PERMISSIONS, Permission
from core.identity.tables import TokenRow
from core.portal import Portal
from tests.installed import People, installed, settings_in
from tests.served import Served

SYSTEM = Actor.system("test")
PEOPLE_COLUMNS = ("viewer", "engineer", "sre", "approver", "admin")


@dataclass(frozen=True)
class Installation:
    """A portal with its people, their sessions, and a service account with one token for each scope, as each of the
    people has: `own_tokens` are by column and scope."""

    portal: Portal
    people: People
    secrets: dict[str, str]
    account_tokens: dict[str, str]
    own_tokens: dict[tuple[str, str], str]
    address: str
    home: Path

    def actor(self, column: str) -> Actor:
        person: Actor = getattr(self.people, column)
        return person

    def account(self, scope: str) -> Actor:
        return self.portal.sessions.actor_of_token(self.account_tokens[scope])

    def own(self, column: str, scope: str) -> Actor:
        return self.portal.sessions.actor_of_token(self.own_tokens[column, scope])


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("access") / "home"
    with installed(settings_in(home)) as (portal, people), Served(portal) as address:
        secrets = {column: portal.sessions.begin(getattr(people, column).person_id) for column in PEOPLE_COLUMNS}
        tokens = tokens_of_an_account(portal, people)
        yield Installation(portal, people, secrets, tokens, tokens_of_their_own(portal, people), address, home)


def tokens_of_an_account(portal: Portal, people: People) -> dict[str, str]:
    account = portal.identity.create_service_account(people.admin, handle="robot", name="Robot", project="PROJ-1")
    mint = portal.identity.mint_service_token
    scopes: list[Permission] = sorted(SERVICE_TOKEN_PERMISSIONS)
    return {
        scope.value: mint(SYSTEM, account_id=account.id, name=scope.value, scopes=(scope,)).secret for scope in scopes
    }


def tokens_of_their_own(portal: Portal, people: People) -> dict[tuple[str, str], str]:
    """A token for each scope, also those that one can mint no longer once the role is gone."""
    wanted = [(column, scope) for column in PEOPLE_COLUMNS for scope in OWN_TOKEN_PERMISSIONS]
    mint = portal.identity.mint_token
    minted = {
        (column, scope.value): mint(getattr(people, column), name=scope.value, scopes=(Permission.READ,))
        for column, scope in wanted
    }
    with portal.foundation.database.write() as session:
        for (_column, scope), token in minted.items():
            session.add(session.get_one(TokenRow, token.token.id).sqlmodel_update({"scopes": [scope]}))
    return {key: token.secret for key, token in minted.items()}
