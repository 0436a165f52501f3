"""From rows of people to the values others see."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from core.foundation.errors import NotFound
from core.foundation.text import _
from core.identity.tables import GrantRow, PersonRow, TokenRow
from core.identity.values import Grant, Person, Token


def person_of(session: Session, row: PersonRow) -> Person:
    return people_of(session, [row])[0]


def people_of(session: Session, rows: Sequence[PersonRow]) -> tuple[Person, ...]:
    """People with their roles, all of which are read at once."""
    grants_of_rows = select(GrantRow).where(col(GrantRow.person_id).in_([row.id for row in rows]))
    grants: dict[str, list[Grant]] = {row.id: [] for row in rows}
    for grant in session.exec(grants_of_rows.order_by(GrantRow.role, GrantRow.project)):
        grants[grant.person_id].append(Grant.model_validate({"role": grant.role, "project": grant.project}))
    shown = {"id", "kind", "handle", "name", "state"}
    return tuple(Person.model_validate({**row.model_dump(include=shown), "grants": grants[row.id]}) for row in rows)


def find_person(session: Session, person_id: str) -> PersonRow:
    row = session.get(PersonRow, person_id)
    if row is None:
        raise NotFound(_("There is no person called {id}").format(id=repr(person_id[:40])))
    return row


def token_of(row: TokenRow) -> Token:
    data = row.model_dump(exclude={"digest", "revoked_at"})
    return Token.model_validate({**data, "scopes": tuple(row.scopes), "revoked": row.revoked_at is not None})
