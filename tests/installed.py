"""Installations with their tables and the people of the tests. Each test process makes one and copies it from then on:
a copy takes a few milliseconds, making one takes a hundred times as long."""

import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import Dialect

from core.foundation.actions.call import Foundation
from core.foundation.actors import Actor
from core.foundation.settings import Settings
from core.identity.permissions import Role
from core.portal import Portal, build_foundation, build_portal

_COMPILED: dict[str, tuple[Dialect, dict[Any, Any]]] = {}


@dataclass(frozen=True)
class People:
    """One of each role in PROJ-1, and an engineer of PROJ-2."""

    admin: Actor
    engineer: Actor
    other_engineer: Actor
    sre: Actor
    approver: Actor
    other_approver: Actor
    viewer: Actor
    outsider: Actor


@dataclass(frozen=True)
class Prepared:
    """Two homes to copy, one with nothing but tables and one with people too."""

    bare: Path
    peopled: Path
    people: People


def settings_in(home: Path, **others: Any) -> Settings:
    """Those of a test: every port is whichever is free."""
    return Settings(home=home, portal_port=0, gateway_port=0, gateway_admin_port=0, **others)


def opened(settings: Settings) -> Foundation:
    """The foundation of an installation that exists. What SQL statements compile to is kept for all databases of this
    process: each test has one of its own, which would compile every statement anew."""
    base = build_foundation(settings)
    engine = base.database.engine
    if engine.name not in _COMPILED:
        # A dialect is whole once it has seen a connection.
        engine.connect().close()
        _COMPILED[engine.name] = engine.dialect, {}
    engine.dialect, statements = _COMPILED[engine.name]
    engine.update_execution_options(compiled_cache=statements)
    return base


@contextmanager
def installed(settings: Settings) -> Iterator[tuple[Portal, People]]:
    """A portal over a new home, and its people."""
    copy_home(settings, with_people=True)
    base = opened(settings)
    yield build_portal(settings, foundation=base), prepared().people
    base.database.close()


def copy_home(settings: Settings, *, with_people: bool) -> None:
    """Lays a prepared home where the settings say; without its database and what signs it where that is elsewhere."""
    ignored = shutil.ignore_patterns("*.sqlite", "audit") if settings.database_url else None
    home = prepared().peopled if with_people else prepared().bare
    shutil.copytree(home, settings.home, ignore=ignored, dirs_exist_ok=True)


@cache
def prepared() -> Prepared:
    """Made when first asked for; its folder goes with the process."""
    folder = Path(mkdtemp(prefix="causeway-homes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    bare, peopled = folder / "bare", folder / "peopled"
    base = build_foundation(settings_in(bare))
    base.database.create_tables()
    base.database.close()
    shutil.copytree(bare, peopled)
    base = build_foundation(settings_in(peopled))
    people = enroll(build_portal(base.settings, foundation=base))
    base.database.close()
    return Prepared(bare, peopled, people)


def enroll(portal: Portal) -> People:
    """Creates the projects and people that tests talk about."""
    system = Actor.system("test")
    here = portal.identity.create_project(system, name="Flights").id
    elsewhere = portal.identity.create_project(system, name="Elsewhere").id

    def person(handle: str, name: str, role: Role, project: str = "") -> Actor:
        created = portal.identity.create_person(system, handle=handle, name=name)
        portal.identity.grant_role(system, person_id=created.id, role=role, project=project)
        return Actor(person_id=created.id, kind="person", via="session")

    return People(
        admin=person("ada", "Ada Okafor", Role.ADMIN),
        engineer=person("mei", "Mei Lin", Role.ENGINEER, here),
        other_engineer=person("arjun", "Arjun Rao", Role.ENGINEER, here),
        sre=person("jonas", "Jonas Weber", Role.SRE),
        approver=person("sofia", "Sofia Park", Role.APPROVER),
        other_approver=person("lena", "Lena Fischer", Role.APPROVER),
        viewer=person("priya", "Priya Nair", Role.VIEWER, here),
        outsider=person("omar", "Omar Haddad", Role.ENGINEER, elsewhere),
    )
