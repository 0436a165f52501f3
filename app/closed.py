"""What stands in the frame in place of a page that cannot be shown: not found, not allowed, no page at all. Each says
what happened and what to do, and searches for what was meant."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import streamlit as st

from app import navigation
from app.session import actor, may, portal, role_title
from app.ui import cells, frame, links
from app.ui.cells import Column, Row
from app.ui.components.rows import rows
from core.foundation.errors import NotAllowed, NotFound, PortalError, Unavailable
from core.foundation.objects import Thing
from core.foundation.text import _
from core.identity.permissions import ROLES, Permission
from core.identity.values import Person

MOST = 10
MOST_NAMED = 6


@contextmanager
def guarded_page() -> Iterator[None]:
    """Draws a page, or what stands in its place when it is refused as a whole."""
    with frame.guarded():
        try:
            yield
        except PortalError as error:
            refused(error)


def unknown_address() -> str:
    """The last part of the visitor's address where none of our pages has it; "" where one does. Streamlit would show
    a window of its own over Home."""
    name = unquote(urlsplit(st.context.url or "").path).rstrip("/").rpartition("/")[2][:100]
    return "" if name in navigation.cards() else name


def no_such_page() -> None:
    """The page of an address that is none."""
    with guarded_page():
        message = _("There is no page at this address")
        raise NotFound(message, hint=_("It may have been cut off or mistyped. The menu leads to every page."))


def refused(error: PortalError) -> None:
    """Why the page cannot be shown, and where to go from here."""
    frame.name_tab(_title(error))
    with st.container(key="closed_page", gap="small"):
        st.title(_title(error), anchor=False)
        st.markdown(f":gray[:material/{frame.icon_of(error)}:] **{links.escape(_message(error))}**")
        if isinstance(error, NotAllowed) and error.permission:
            _who_may(error)
        elif error.hint:
            st.markdown(links.escape(error.hint))
        with st.container(horizontal=True, gap="small"):
            links.page_link("home", _("Go to Home"), icon=":material/arrow_back:")
            _to_catalog(st.query_params.get("id", ""))
    if not isinstance(error, Unavailable):
        _search()


def need(permission: Permission) -> None:
    """Stands first on a page of which nothing is to be seen without a permission. The services check all the same."""
    if not may(permission):
        raise NotAllowed(_("You may not see this page"), permission=permission)


def _message(error: PortalError) -> str:
    if isinstance(error, NotAllowed) and error.permission:
        return _("None of your roles has the permission {permission}").format(permission=error.permission)
    return error.message


def _title(error: PortalError) -> str:
    if isinstance(error, NotAllowed):
        return _("You may not see this")
    if isinstance(error, Unavailable):
        return _("Not available now")
    return _("Not found") if isinstance(error, NotFound) else _("This page cannot be shown")


def _who_may(error: NotAllowed) -> None:
    """Which roles have the permission, who has such a role, and whom to ask for it."""
    roles = ROLES.get(Permission(error.permission), frozenset())
    titles = sorted(role_title(role) for role in roles)
    words = _(" or ").join(titles)
    st.markdown(
        _("It needs the role {roles}. Ask an administrator for it, or one of these people to help:").format(roles=words)
    )
    holders = [person for person in _people() if any(grant.role in roles for grant in person.grants)]
    with frame.rows("holders"):
        for person in holders[:MOST_NAMED]:
            role_titles = sorted({role_title(grant.role) for grant in person.grants if grant.role in roles})
            frame.row(f"holder_{person.id}", title=person.name, target=person.id, detail=", ".join(role_titles))


def _people() -> tuple[Person, ...]:
    return portal().identity.list_people(actor(), limit=200).items


def _to_catalog(object_id: str) -> None:
    """The list in which an object of this kind would stand."""
    if not links.has_page(object_id):
        return
    card = navigation.cards()[links.url_of(object_id)]
    catalog = navigation.cards()[card.menu or card.url]
    links.page_link(catalog.url, _("Go to {page}").format(page=_(catalog.title)), icon=catalog.icon)


def _search() -> None:
    """A search for what was meant, begun with what was asked for."""
    frame.section(_("Search"))
    wanted = st.query_params.get("id", "") or unknown_address()
    entered = st.text_input(
        _("Search"),
        value=wanted[:120],
        key="closed_query",
        type="search",
        placeholder=_("A name or an id"),
        icon=":material/search:",
        label_visibility="collapsed",
        width=420,
    )
    things = portal().identity.search(actor(), query=(entered or "")[:120], limit=MOST)
    if not things:
        st.caption(_("Nothing has this name. Changed last:"))
        things = portal().identity.search(actor(), limit=MOST)
    columns = (Column(_("Name")), Column(_("State"), "state", 150), Column(_("Changed"), "time", 110, priority=2))
    rows(
        columns,
        [_row(thing) for thing in things if links.has_page(thing.id)],
        key="closed_things",
        label=_("Search results"),
    )


def _row(thing: Thing) -> Row:
    return Row(
        thing.id,
        (
            cells.text(thing.title or thing.id, target=thing.id, detail=thing.id),
            cells.state(thing.state),
            cells.time(thing.updated_at, now=frame.now()),
        ),
        target=thing.id,
    )
