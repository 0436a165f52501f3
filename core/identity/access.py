"""What an actor may do, read from the database in the transaction of the call: a role taken away is gone at once."""

from collections.abc import Sequence

from sqlalchemy import Row, bindparam
from sqlmodel import Session, col, select

from core.foundation.actors import Actor
from core.foundation.errors import NotSignedIn
from core.foundation.reach import EVERYWHERE, NOWHERE, Reach, within
from core.foundation.text import _
from core.identity.permissions import PEOPLE_ONLY, ROLES, TOKEN_PERMISSIONS, Permission
from core.identity.tables import GrantRow, PersonRow, TokenRow

# Asked at the beginning of every action, so it is written once: a person, with each of their roles or with none.
PERSON = (
    select(PersonRow.state, PersonRow.kind, GrantRow.role, GrantRow.project)
    .outerjoin(GrantRow, col(GrantRow.person_id) == col(PersonRow.id))
    .where(col(PersonRow.id) == bindparam("person_id"))
)


class RoleAccess:
    """The access matrix over the granted roles."""

    def reach(self, session: Session, actor: Actor, permission: str) -> Reach:
        """Where the actor has the permission.
        Raises NotSignedIn when the identity is unknown, disabled, or its token was revoked."""
        wanted = Permission(permission)
        if actor.kind == "system":
            return NOWHERE if wanted in PEOPLE_ONLY else EVERYWHERE
        grants = session.execute(PERSON, {"person_id": actor.person_id}).all()
        if not grants or (grants[0].state, grants[0].kind) != ("active", actor.kind):
            raise NotSignedIn(_("This identity is unknown or disabled"), hint=_("Sign in again."))
        if actor.via == "token" and not self._token_carries(session, actor, wanted):
            return NOWHERE
        return self._granted(grants, wanted)

    def _token_carries(self, session: Session, actor: Actor, permission: Permission) -> bool:
        token = session.get(TokenRow, actor.token_id)
        if token is None or token.revoked_at is not None or token.person_id != actor.person_id:
            raise NotSignedIn(_("This token was revoked"), hint=_("Mint a new one."))
        return permission in TOKEN_PERMISSIONS and permission.value in token.scopes

    def _granted(self, grants: Sequence[Row[tuple[str, str, str, str]]], permission: Permission) -> Reach:
        # A service account has no role: its token's scopes say what, its grants say where.
        roles = ROLES[permission]
        reached = {
            grant.project
            for grant in grants
            if grant.project is not None and (grant.kind == "service" or grant.role in roles)
        }
        return EVERYWHERE if "" in reached else within(frozenset(reached))
