"""Makes an installation: its tables, the stores of the libraries that keep their own, and the first people."""

from dataclasses import dataclass

from core.foundation.actors import Actor
from core.foundation.clock import Clock
from core.foundation.migrations import migrate as run_migrations
from core.foundation.settings import Settings
from core.identity.permissions import Role
from core.portal import Portal, build_foundation, build_portal
from core.registry.tracking import mlflow_store

SYSTEM = Actor.system("installation")
PROJECT = "First project"


@dataclass(frozen=True)
class FirstPerson:
    """Someone to be on a machine of one's own: a handle, a name and one role (a project role, or everywhere)."""

    handle: str
    name: str
    role: Role
    in_project: bool = False


FIRST_PEOPLE = (
    FirstPerson("mei", "Mei Lin", Role.ENGINEER, in_project=True),
    FirstPerson("arjun", "Arjun Rao", Role.ENGINEER, in_project=True),
    FirstPerson("jonas", "Jonas Weber", Role.SRE),
    FirstPerson("sofia", "Sofia Park", Role.APPROVER),
    FirstPerson("ada", "Ada Okafor", Role.ADMIN),
    FirstPerson("priya", "Priya Nair", Role.VIEWER, in_project=True),
)


def migrate(settings: Settings, *, clock: Clock | None = None) -> str:
    """Creates or updates every table and returns the revision; makes the development people once."""
    foundation = build_foundation(settings, clock=clock)
    portal = build_portal(settings, foundation=foundation)
    revision = run_migrations(foundation.database)
    mlflow_store.prepare(settings)
    prepare(portal)
    foundation.database.close()
    return revision


def prepare(portal: Portal) -> None:
    """What an installation needs beyond its tables. Doing it again changes nothing."""
    if not portal.policies.list_policies(SYSTEM):
        portal.policies.ensure_policies(SYSTEM)
    if portal.foundation.settings.sign_in == "development" and not portal.sessions.people():
        _enroll(portal)


def _enroll(portal: Portal) -> None:
    """One person for each role and a project, so that a new installation can be walked through."""
    project = portal.identity.create_project(SYSTEM, name=PROJECT).id
    for first in FIRST_PEOPLE:
        person = portal.identity.create_person(SYSTEM, handle=first.handle, name=first.name)
        where = project if first.in_project else ""
        portal.identity.grant_role(SYSTEM, person_id=person.id, role=first.role, project=where)
