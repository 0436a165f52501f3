"""Who someone is, and what they may do."""

from core.foundation.actors import Actor
from core.identity.access import RoleAccess
from core.identity.permissions import Permission, Role
from core.identity.service import IdentityService
from core.identity.sessions import Sessions
from core.identity.values import Grant, NewToken, Person, Project, Token

__all__ = [
    "Actor",
    "Grant",
    "IdentityService",
    "NewToken",
    "Permission",
    "Person",
    "Project",
    "Role",
    "RoleAccess",
    "Sessions",
    "Token",
]
