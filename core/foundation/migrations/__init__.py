"""The database's history. `migrate` brings an installation to the newest state; each step can be undone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from core.foundation.database import BUSY_SECONDS, WRITE_SECONDS, Database
from core.foundation.errors import Unavailable
from core.foundation.text import _

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "causeway_alembic"
FOLDER = Path(__file__).parent
# Any constant: those who migrate one PostgreSQL at the same time wait for each other on it.
MIGRATION_LOCK = 4_217_001


def migrate(database: Database, *, revision: str = "head") -> str:
    """Runs the steps up to `revision`, all in one transaction: a kill half way leaves what was there before."""
    from alembic import command

    with _connection(database) as connection:
        command.upgrade(_config(connection), revision)
        return current_revision(connection)


def undo(database: Database, *, revision: str = "base") -> str:
    """Takes the steps back down to `revision`, in one transaction."""
    from alembic import command

    with _connection(database) as connection:
        command.downgrade(_config(connection), revision)
        return current_revision(connection)


def differences(database: Database) -> list[object]:
    """How the tables of the code and the migrated ones differ; empty when they agree. The caller has imported every
    table."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata))


def write_step(database: Database, *, message: str) -> None:
    """Writes the next step into `versions/`, from what the code's tables have and the migrated database has not."""
    from alembic import command

    number = len(list((FOLDER / "versions").glob("[0-9]*.py"))) + 1
    with _connection(database) as connection:
        command.revision(_config(connection), message=message, autogenerate=True, rev_id=f"{number:04d}")


def current_revision(connection: Connection) -> str:
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision() or "base"


@contextmanager
def _connection(database: Database) -> Iterator[Connection]:
    with (
        database.engine.connect().execution_options(**{WRITE_SECONDS: BUSY_SECONDS}) as connection,
        _unchecked(connection, is_sqlite=database.is_sqlite),
        connection.begin(),
    ):
        if not database.is_sqlite:
            # Another migration may take long, and this one then has nothing more to do.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        yield connection
        if database.is_sqlite and (broken := connection.execute(text("PRAGMA foreign_key_check")).all()):
            raise Unavailable(
                _("The migration would break references of {table}").format(table=broken[0][0]),
                hint=_("Nothing was changed. Restore a backup, or ask for help."),
            )


@contextmanager
def _unchecked(connection: Connection, *, is_sqlite: bool) -> Iterator[None]:
    """SQLite changes a table by making it anew, which its check of references forbids meanwhile; they are checked at
    the end. Outside a transaction, where alone the switch works."""
    raw = connection.connection.dbapi_connection
    if is_sqlite and raw is not None:
        raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        if is_sqlite and raw is not None:
            raw.execute("PRAGMA foreign_keys = ON")


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
