"""Another way to say who one is is one file, which a package of its own may bring."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.foundation.errors import NotAllowed, NotFound, NotSignedIn
from core.identity.providers.table import providers
from core.identity.sessions import Sessions
from core.portal import Portal
from tests.installed import People

PROVIDER = """
from core.foundation.actors import Actor
from core.identity.providers.provider import IdentityProvider

class Badge(IdentityProvider):
    '''The badge of a person at the door.'''
    name = title = "badge"
    via = "session"

    def identify(self, session, *, credential, now):
        kind, _, person_id = credential.partition(":")
        return Actor(person_id=person_id, kind="person", via="session") if kind == self.name else None

class Key(Badge):
    '''The key of a program.'''
    name = title = "key"
    via = "token"
"""
ENTRY_POINTS = "[causeway.identity_providers]\nbadge = toy_provider:Badge\nkey = toy_provider:Key\n"


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with two providers, as pip would leave it."""
    about = tmp_path / "site" / "badges-1.0.dist-info"
    about.mkdir(parents=True)
    (about.parent / "toy_provider.py").write_text(PROVIDER)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: badges\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(about.parent))
    providers.cache_clear()
    yield
    providers.cache_clear()


def sessions_with(portal: Portal, provider: str) -> Sessions:
    changed = portal.foundation.settings.model_copy(update={"sign_in": provider})
    return Sessions(replace(portal.foundation, settings=changed))


def test_browsers_sign_in_by_the_provider_that_the_settings_name(portal: Portal, people: People) -> None:
    sessions, person_id = sessions_with(portal, "badge"), people.engineer.person_id
    actor = sessions.actor_of_session(sessions.sign_in_as(f"badge:{person_id}"))
    assert actor is not None
    assert (actor.person_id, actor.via, sessions.people()) == (person_id, "session", ())
    with pytest.raises(NotAllowed):
        sessions.sign_in_as(person_id)
    with pytest.raises(NotAllowed):
        portal.sessions.sign_in_as(f"badge:{person_id}")


def test_every_provider_of_tokens_is_asked_and_none_begins_a_session(portal: Portal, people: People) -> None:
    person_id = people.engineer.person_id
    assert portal.sessions.actor_of_token(f"key:{person_id}").person_id == person_id
    with pytest.raises(NotSignedIn):
        portal.sessions.actor_of_token(f"badge:{person_id}")
    with pytest.raises(NotAllowed):
        sessions_with(portal, "key").sign_in_as(f"key:{person_id}")


def test_a_provider_that_is_not_there_is_refused_at_the_start(portal: Portal) -> None:
    with pytest.raises(NotFound) as refusal:
        sessions_with(portal, "ldap")
    assert refusal.value.hint == "Choose one of: badge, development, key, tokens."
