"""What an actor may do, read from the database in the transaction of the call: a role taken away is gone at once."""

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from core.foundation.actors import Actor
from core.foundation.errors import NotAllowed, NotSignedIn
from core.foundation.reach import EVERYWHERE, NOWHERE, Reach, within
from core.foundation.text import N_, _
from core.identity.permissions import OWN_TOKEN_PERMISSIONS, PEOPLE_ONLY, ROLES, Permission, token_permissions
from core.identity.tables import GrantRow, PersonRow, TokenRow

# Asked at the beginning of every action, so it is written once: a person, with each of their roles or with none.
PERSON = (
    select(PersonRow.state, PersonRow.kind, GrantRow.role, GrantRow.project)
    .outerjoin(GrantRow, col(GrantRow.person_id) == col(PersonRow.id))
    .where(col(PersonRow.id) == bindparam("person_id"))
)
# Where a token is minted that carries a scope.
OWN_WAY = N_(
    "Mint a token of your own with the scope {scope}: on the page People or with `causeway identity mint-token`."
)
SERVICE_WAY = N_(
    "An administrator who may do this too mints a token with the scope {scope} for this account: on the page People or "
    "with `causeway identity mint-service-token`."
)


class RoleAccess:
    """The access matrix over the granted roles."""

    def reach(self, session: Session, actor: Actor, permission: str) -> Reach:
        """Where the actor has the permission.
        Raises NotSignedIn when the identity is unknown, disabled, or its token was revoked."""
        wanted = Permission(permission)
        if actor.kind == "system":
            return NOWHERE if wanted in PEOPLE_ONLY else EVERYWHERE
        granted = self._granted(session, actor, wanted)
        if actor.via == "token" and not self._token_carries(session, actor, wanted):
            return NOWHERE
        return granted

    def refusal(self, session: Session, actor: Actor, permission: str, *, action: str) -> NotAllowed:
        """What is said to an actor who has the permission nowhere: the scope that the token lacks, or else the role."""
        message = _("You may not do this: {action} needs the permission {permission}")
        hint = _("Ask an administrator for a role that has it.")
        if not ROLES[Permission(permission)]:
            hint = _("No role has it: service accounts do this, with a token that carries this scope.")
        if way := self.missing_scope(session, actor, permission, everywhere=False):
            message, hint = _("This token may not do this: {action} needs the scope {permission}"), way
        return NotAllowed(message.format(action=action, permission=permission), hint=hint, permission=permission)

    def missing_scope(self, session: Session, actor: Actor, permission: str, *, everywhere: bool) -> str:
        """What to do where the actor would have the permission but for the token in use; empty where no token is in the
        way."""
        wanted = Permission(permission)
        if actor.via != "token" or self._token_carries(session, actor, wanted):
            return ""
        granted = self._granted(session, actor, wanted)
        if granted.is_nowhere or (everywhere and not granted.is_everywhere):
            return ""
        return _way_to(wanted, kind=actor.kind)

    def _token_carries(self, session: Session, actor: Actor, permission: Permission) -> bool:
        token = session.get(TokenRow, actor.token_id)
        if token is None or token.revoked_at is not None or token.person_id != actor.person_id:
            raise NotSignedIn(_("This token was revoked"), hint=_("Mint a new one."))
        return permission in token_permissions(actor.kind) and permission.value in token.scopes

    def _granted(self, session: Session, actor: Actor, permission: Permission) -> Reach:
        """Where the identity has the permission, whatever token it uses."""
        grants = session.execute(PERSON, {"person_id": actor.person_id}).all()
        if not grants or (grants[0].state, grants[0].kind) != ("active", actor.kind):
            raise NotSignedIn(_("This identity is unknown or disabled"), hint=_("Sign in again."))
        # A service account has no role: its token's scopes say what, its grants say where.
        roles = ROLES[permission]
        reached = {
            grant.project
            for grant in grants
            if grant.project is not None and (grant.kind == "service" or grant.role in roles)
        }
        return EVERYWHERE if "" in reached else within(frozenset(reached))


def _way_to(permission: Permission, *, kind: str) -> str:
    """Where a token is minted that carries a permission, or who does what no token may do."""
    if permission not in OWN_TOKEN_PERMISSIONS:
        return _("No token carries it, for people do this themselves: sign in to the portal.")
    scope = permission.value
    if permission in token_permissions(kind):
        return _(SERVICE_WAY if kind == "service" else OWN_WAY).format(scope=scope)
    return _("Service accounts do not do this. {way}").format(way=_(OWN_WAY).format(scope=scope))
