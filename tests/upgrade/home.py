"""Unpacks the home of an earlier version and opens it as an upgrade does: with the migrations, then with the portal."""

import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import text

from core.foundation.actors import Actor
from core.foundation.settings import Settings
from core.installation import migrate
from core.portal import Portal, build_portal
from tests.conftest import People

PACKED = Path(__file__).with_name("home_0.1.0.tar.xz")
PLACE = "@home@"
# Who has which id there, by the names that tests have for them.
IDS = {"admin": 1, "engineer": 2, "other_engineer": 3, "sre": 4, "approver": 5, "other_approver": 6, "viewer": 7,
       "outsider": 8}  # fmt: skip
PEOPLE = People(**{name: Actor(person_id=f"P-{number}", kind="person", via="session") for name, number in IDS.items()})
# When an approval ends is not what an upgrade is tried for, and no packed one would last.
LASTING = "UPDATE promotion_decisions SET expires_at = '2999-01-01 00:00:00'"


@contextmanager
def upgraded(folder: Path, *, database_url: str = "") -> Iterator[Portal]:
    """The portal of today's code over the unpacked home; over an empty PostgreSQL, where one is named, that gets the
    rows of the same installation."""
    unpack(folder)
    settings = Settings(
        home=folder / "home", database_url=database_url, portal_port=0, gateway_port=0, gateway_admin_port=0
    )
    if database_url:
        fill(database_url, dump=folder / "postgresql.sql")
    migrate(settings)
    portal = build_portal(settings)
    with portal.foundation.database.write() as session:
        session.connection().execute(text(LASTING))
    yield portal
    portal.foundation.database.close()


def unpack(folder: Path) -> None:
    """The home as if it had always been there."""
    with tarfile.open(PACKED) as packed:
        packed.extractall(folder, filter="data")
    home = folder / "home"
    for path in [*home.rglob("*"), folder / "postgresql.sql"]:
        if path.suffix == ".sqlite":
            move_rows(path, home)
        elif path.is_file() and PLACE.encode() in (data := path.read_bytes()):
            path.write_bytes(data.replace(PLACE.encode(), str(home).encode()))


def move_rows(file: Path, home: Path) -> None:
    """Writes the home's own path wherever a row of the database has its place."""
    with closing(sqlite3.connect(file)) as database, database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for _number, column, *_rest in database.execute(f'PRAGMA table_info("{table}")').fetchall():
                database.execute(
                    f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?) '
                    f'WHERE typeof("{column}") = \'text\' AND instr("{column}", ?)',
                    (PLACE, str(home), PLACE),
                )


def fill(database_url: str, *, dump: Path) -> None:
    """Runs the statements of the dump, as they are."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        connection.execute(dump.read_bytes())
