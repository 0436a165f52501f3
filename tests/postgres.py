"""One real PostgreSQL for all test processes of a run, and databases of it that are copied instead of filled."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import make_url

from core.foundation.database import Database
from core.portal import build_foundation, build_portal
from tests.installed import copy_home, enroll, settings_in

# Nobody reads these databases after a crash of the machine.
HASTE = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class Postgres:
    """A running server, as one test process uses it."""

    def __init__(self, address: str) -> None:
        self.address = address

    @contextmanager
    def database(self, *, template: str = "template1") -> Iterator[str]:
        """The address of a new database: a copy of `template`, and empty without one."""
        name = self.create(template)
        yield self.address_of(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def template(self, *, with_people: bool) -> str:
        """The name of a database with every table, made once."""
        return self._with_people if with_people else self._with_tables

    @cached_property
    def _with_tables(self) -> str:
        name = self.create()
        database = Database(self.address_of(name))
        database.create_tables()
        database.close()
        return name

    @cached_property
    def _with_people(self) -> str:
        """They are those of every prepared home, whose key signs the audit log."""
        name = self.create(self._with_tables)
        with tempfile.TemporaryDirectory() as home:
            settings = settings_in(Path(home), database_url=self.address_of(name))
            copy_home(settings, with_people=True)
            base = build_foundation(settings)
            enroll(build_portal(settings, foundation=base))
            base.database.close()
        return name

    def create(self, template: str = "template1") -> str:
        """The name of a new database that stays."""
        name = f"test_{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def address_of(self, name: str) -> str:
        """Where that database is reached."""
        return make_url(self.address).set(database=name).render_as_string(hide_password=False)

    def run(self, *statements: str) -> None:
        """Each in no transaction, as statements about databases want it."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.execute(text(statement))

    @cached_property
    def _engine(self) -> Any:
        return Database(self.address).engine

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def shared_postgres(pgserver: Any) -> Iterator[Postgres]:
    """The server of this run of the tests: the first process starts it, the last one stops it and removes its folder.
    That is not one of pytest's: a second run at the same time would take away the permissions that the server's user
    needs."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", os.getpid())
    server = pgserver.get_server(Path(tempfile.gettempdir()) / f"causeway-postgres-{run}", cleanup_mode="delete")
    postgres = Postgres(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    postgres.run(*(f"ALTER SYSTEM SET {setting}" for setting in HASTE), "SELECT pg_reload_conf()")
    yield postgres
    postgres.close()
    server.cleanup()
