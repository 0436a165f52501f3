"""From rows of people to the values others see."""

from sqlmodel import Session, select

from core.foundation.errors import NotFound
from core.foundation.text import _
from core.identity.tables import GrantRow, PersonRow, TokenRow
from core.identity.values import Grant, Person, Token


def person_of(session: Session, row: PersonRow) -> Person:
    grants = session.exec(
        select(GrantRow).where(GrantRow.person_id == row.id).order_by(GrantRow.role, GrantRow.project)
    )
    found = tuple(Grant.model_validate({"role": grant.role, "project": grant.project}) for grant in grants)
    data = {"id": row.id, "kind": row.kind, "handle": row.handle, "name": row.name, "state": row.state}
    return Person.model_validate({**data, "grants": found})


def find_person(session: Session, person_id: str) -> PersonRow:
    row = session.get(PersonRow, person_id)
    if row is None:
        raise NotFound(_("There is no person called {id}").format(id=repr(person_id[:40])))
    return row


def token_of(row: TokenRow) -> Token:
    data = row.model_dump(exclude={"digest", "revoked_at"})
    return Token.model_validate({**data, "scopes": tuple(row.scopes), "revoked": row.revoked_at is not None})
