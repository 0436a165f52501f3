"""People and service accounts: who may do what and where, and everyone's own tokens."""

import streamlit as st

from app.identity.people import account_dialog, person_card, person_dialog, project_dialog, roles_of, tokens
from app.session import actor, may, portal
from app.ui import frame
from app.ui.tables import grid, offset_of, pager, shown_of
from app.ui.wording import counted
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.values import Person

SIZE = 50


def show() -> None:
    listing = portal().identity.list_people(actor(), offset=offset_of("people_page", size=SIZE), limit=SIZE)
    machines = sum(person.kind == "service" for person in listing.items)
    facts = [
        counted(listing.total - machines, _("person"), _("people")),
        counted(machines, _("service account"), _("service accounts")),
    ]
    with frame.header(_("People"), facts=facts):
        if may(Permission.PEOPLE_WRITE):
            _add()
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen = _list(listing)
    with right, frame.card("person"):
        if chosen is not None:
            person_card(listing.items[chosen])
    tokens()


def _add() -> None:
    if st.button(_("Add a person"), icon=":material/person_add:", type="primary"):
        person_dialog()
    choices = {_("Add a service account"): account_dialog, _("Add a project"): project_dialog}
    chosen = st.menu_button(
        "", list(choices), icon=":material/more_horiz:", type="tertiary", help=_("More"), key="more"
    )
    if chosen:
        choices[chosen]()


def _list(listing: Listing[Person]) -> int | None:
    wanted = st.query_params.get("id", "")
    ids = [person.id for person in listing.items]
    chosen = grid(
        {
            _("Name"): [person.name for person in listing.items],
            _("Handle"): [person.handle for person in listing.items],
            _("Roles"): [roles_of(person) for person in listing.items],
            _("State"): [person.state for person in listing.items],
        },
        key="people",
        states=_("State"),
        widths={_("Handle"): 110, _("State"): 96},
        required=True,
        selected=ids.index(wanted) if wanted in ids else 0,
    )
    st.caption(shown_of(len(listing.items), listing.total))
    pager(listing.total, key="people_page", size=SIZE)
    return chosen


show()
