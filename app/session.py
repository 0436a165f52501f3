"""Who is looking, and the portal they look at. The session is ours: the cookie's secret is looked up anew after every
commit, so a session that was ended or a role that was taken away is gone with the next click."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar, cast

import streamlit as st

from core.foundation.actors import Actor
from core.foundation.errors import NotSignedIn
from core.foundation.settings import load_settings
from core.foundation.text import _
from core.identity.permissions import ROLES, Permission, Role
from core.identity.values import Person
from core.portal import Portal, build_portal

T = TypeVar("T")
COOKIE = "cw_session"
SECRET = "causeway_session"
PERSON = "causeway_person"
# Some of what is read depends on the time alone: features grow stale, and nobody commits anything.
MOST_SECONDS = 30.0
# A session ends by time, too.
MOST_SECONDS_OF_ACTOR = 1.0
_installed: list[Portal] = []


@dataclass(frozen=True)
class _Reading:
    """What was read, for whom, when, and at which mark of the database."""

    value: Any
    reader: tuple[str, object]
    mark: str
    at: float


@cache
def _built() -> Portal:
    return build_portal(load_settings())


def install(portal: Portal) -> None:
    """Makes `portal` the one that pages talk to; without it, the settings decide."""
    _installed[:] = [portal]


def portal() -> Portal:
    """Every service, for pages: `portal().training.list_runs(actor(), limit=20)`."""
    return _installed[0] if _installed else _built()


def secret() -> str:
    """The session's secret as the browser sent it. Where no browser is, a test has put it into the session state."""
    from_state = st.session_state.get(SECRET)
    return str(from_state or st.context.cookies.get(COOKIE, ""))


def current() -> Actor | None:
    """Who is signed in, None when nobody is (any more). A page asks dozens of times; ending a session is a commit."""
    session_secret = secret()
    if not session_secret:
        return None
    ask = partial(portal().sessions.actor_of_session, session_secret)
    return unless_changed("actor", ask, most_seconds=MOST_SECONDS_OF_ACTOR)


def actor() -> Actor:
    """Who is looking, for the services; looked up afresh, for a live part of a page runs without the page."""
    signed_in = current()
    if signed_in is None:
        raise NotSignedIn(_("Your session has ended"), hint=_("Sign in again."))
    return signed_in


def unless_changed(name: str, read: Callable[[], T], *, most_seconds: float = MOST_SECONDS) -> T:
    """What `read` gave before in this session under this name; read anew once anyone has committed anything. For what
    every page shows and few pages change."""
    mark, now, key = portal().foundation.database.mark(), time.monotonic(), f"causeway_reading_{name}"
    # What is read depends on the roles that this run knows of, which may be those of a moment before.
    reader = (secret(), st.session_state.get(PERSON))
    reading: _Reading | None = st.session_state.get(key)
    if reading and (reading.reader, reading.mark) == (reader, mark) and now - reading.at < most_seconds:
        return cast(T, reading.value)
    value = read()
    st.session_state[key] = _Reading(value, reader, mark, now)
    return value


def recognize() -> Person | None:
    """Who is looking, with name and roles, kept for this run; None when nobody is signed in or the identity was
    disabled."""
    signed_in = current()
    if signed_in is None:
        return None
    try:
        known = portal().identity.whoami(signed_in)
    except NotSignedIn:
        return None
    st.session_state[PERSON] = known
    return known


def person() -> Person:
    """Who is looking, with name and roles."""
    return cast(Person, st.session_state[PERSON])


def projects() -> dict[str, str]:
    """The projects the visitor can see: id to name."""
    return unless_changed("projects", lambda: {item.id: item.name for item in portal().identity.list_projects(actor())})


def may(permission: Permission, *, project: str = "") -> bool:
    """Whether a button makes sense for the visitor. Presentation only: the service checks again."""
    roles = ROLES[permission]
    grants = [grant for grant in person().grants if grant.role in roles]
    return any(not project or grant.project in ("", project) for grant in grants)


def role_line(person: Person) -> str:
    """The roles of a person in words: "Engineer in Payments, Fraud; Approver"."""
    roles = dict.fromkeys(grant.role for grant in person.grants)
    return "; ".join(_with_projects(role, person) for role in roles) or _("No role yet")


def _with_projects(role: Role, person: Person) -> str:
    within, names = [grant.project for grant in person.grants if grant.role is role], projects()
    if not all(within):
        return role_title(role)
    return _("{role} in {projects}").format(
        role=role_title(role), projects=", ".join(names.get(project, project) for project in within)
    )


def role_title(role: Role) -> str:
    return "SRE" if role is Role.SRE else role.value.capitalize()
