"""People and service accounts: who may do what and where, and everyone's own tokens."""

import streamlit as st

from app.identity.people import (
    account_dialog,
    person_card,
    person_dialog,
    project_dialog,
    rename_dialog,
    roles_of,
    tokens,
)
from app.session import actor, may, portal
from app.ui import cells, frame, links
from app.ui.cells import Column, Row
from app.ui.components.rows import BESIDE, rows, window
from app.ui.wording import counted
from core.foundation.ids import Kind
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.values import Person


def show() -> None:
    part = window("people")
    listing = portal().identity.list_people(actor(), offset=part.offset, limit=part.limit)
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
        for person in listing.items:
            if person.id in chosen:
                person_card(person)
    tokens()


def _add() -> None:
    if st.button(_("Add a person"), icon=":material/person_add:", type="primary"):
        person_dialog()
    choices = {
        _("Add a service account"): account_dialog,
        _("Add a project"): project_dialog,
        _("Rename a project"): rename_dialog,
    }
    chosen = frame.more(choices)
    if chosen:
        choices[chosen]()


def _list(listing: Listing[Person]) -> tuple[str, ...]:
    columns = (
        Column(_("Name")),
        Column(_("Handle"), "code", 124, priority=2),
        Column(_("Roles"), width=170),
        Column(_("State"), "state", 110),
    )
    lines = [_row(person) for person in listing.items]
    return rows(
        columns,
        lines,
        key="people",
        label=_("People"),
        total=listing.total,
        choice="first",
        chosen=links.id_in_address("id", Kind.PERSON, Kind.SERVICE_ACCOUNT),
        height=BESIDE,
    )


def _row(person: Person) -> Row:
    return Row(
        person.id,
        (
            cells.text(person.name, target=person.id),
            cells.code(person.handle),
            cells.text(roles_of(person)),
            cells.state(person.state),
        ),
        target=person.id,
    )


show()
