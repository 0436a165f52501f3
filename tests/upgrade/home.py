"""Unpacks the home of an earlier version and opens it as an upgrade does: with the migrations, then with the portal.
The upgrade is made once and copied."""

import atexit
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import psycopg
from sqlalchemy import text

from core.foundation.actors import Actor
from core.foundation.database import Database
from core.installation import migrate
from core.portal import Portal, build_portal
from tests.installed import People, settings_in
from tests.postgres import Postgres

PACKED = Path(__file__).with_name("home_0.1.0.tar.xz")
PLACE = "@home@"
# Who has which id there, by the names that tests have for them.
IDS = {"admin": 1, "engineer": 2, "other_engineer": 3, "sre": 4, "approver": 5, "other_approver": 6, "viewer": 7,
       "outsider": 8}  # fmt: skip
PEOPLE = People(**{name: Actor(person_id=f"P-{number}", kind="person", via="session") for name, number in IDS.items()})
# When an approval ends is not what an upgrade is tried for, and no packed one would last.
LASTING = "UPDATE promotion_decisions SET expires_at = '2999-01-01 00:00:00'"
# On PostgreSQL only jobs know where the home lies.
MOVED = "UPDATE jobs SET payload = CAST(replace(CAST(payload AS text), :place, :home) AS jsonb)"


@dataclass(frozen=True)
class Upgraded:
    """What tests copy: the home after its upgrade, with PLACE where its own path belongs, which columns of which of its
    files have that, and the PostgreSQL database that belongs to it, where there is one."""

    home: Path
    columns: Mapping[str, Sequence[tuple[str, str]]]
    template: str


@contextmanager
def upgraded(folder: Path, *, postgres: Postgres | None = None) -> Iterator[Portal]:
    """The portal of today's code over an upgraded home; over PostgreSQL, where one is given, with the rows of the same
    installation."""
    origin, home = upgrade(postgres), folder / "home"
    shutil.copytree(origin.home, home)
    for file, columns in origin.columns.items():
        move_rows(home / file, columns, home=home)
    with postgres.database(template=origin.template) if postgres else nullcontext("") as url:
        portal = build_portal(settings_in(home, database_url=url))
        if url:
            with portal.foundation.database.write() as session:
                session.connection().execute(text(MOVED), {"place": PLACE, "home": str(home)})
        yield portal
        portal.foundation.database.close()


@cache
def upgrade(postgres: Postgres | None) -> Upgraded:
    """Unpacks the home and opens it with the migrations; once in a test process for each kind of database."""
    folder = Path(mkdtemp(prefix="causeway-upgraded-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(PACKED) as packed:
        packed.extractall(folder, filter="data")
    home, template = folder / "home", postgres.create() if postgres else ""
    settings = settings_in(home, database_url=postgres.address_of(template) if postgres else "")
    if settings.database_url:
        fill(settings.database_url, dump=folder / "postgresql.sql")
    migrate(settings)
    database = Database(settings.database)
    with database.write() as session:
        session.connection().execute(text(LASTING))
    database.close()
    files = {str(path.relative_to(home)): placed_columns(path) for path in home.rglob("*.sqlite")}
    return Upgraded(home, files, template)


def placed_columns(file: Path) -> list[tuple[str, str]]:
    """Tables and columns of a database in which PLACE stands."""
    with closing(sqlite3.connect(file)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        columns = [
            (table, column)
            for (table,) in tables
            for _number, column, *_rest in database.execute(f'PRAGMA table_info("{table}")').fetchall()
        ]
        having = 'SELECT count(*) FROM "{}" WHERE typeof("{}") = \'text\' AND instr("{}", ?)'
        return [
            (table, column)
            for table, column in columns
            if database.execute(having.format(table, column, column), (PLACE,)).fetchone() != (0,)
        ]


def move_rows(file: Path, columns: Sequence[tuple[str, str]], *, home: Path) -> None:
    """Writes the home's own path wherever a row of the database has its place."""
    with closing(sqlite3.connect(file)) as database, database:
        for table, column in columns:
            database.execute(f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?)', (PLACE, str(home)))


def fill(database_url: str, *, dump: Path) -> None:
    """Runs the statements of the dump, as they are."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        connection.execute(dump.read_bytes())
