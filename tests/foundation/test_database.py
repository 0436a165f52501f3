"""Transactions mean the same on SQLite and PostgreSQL, and the migrations lead to the tables that the code has."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import inspect, literal, select, text
from sqlalchemy.exc import OperationalError

from core.foundation.actions.call import Foundation
from core.foundation.actions.idempotency import KeyRow
from core.foundation.actors import Actor
from core.foundation.columns import JSON_DOCUMENT
from core.foundation.database import Database, WriteQueue
from core.foundation.errors import NoSpace, Unavailable
from core.foundation.ids import Kind
from core.foundation.migrations import differences, migrate, undo
from core.foundation.objects import next_id
from core.foundation.settings import Settings
from core.installation import prepare
from core.portal import Portal, build_foundation, build_portal


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Foundation]:
    """An installation without a table, on both databases."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    base = build_foundation(settings.model_copy(update={"database_url": url}))
    yield base
    base.database.close()


def tables(base: Foundation) -> set[str]:
    return set(inspect(base.database.engine).get_table_names()) - {"causeway_alembic"}


def unlike(base: Foundation) -> list[object]:
    """How the migrated tables differ from those of the code; tables that tests have declared do not count."""
    return [difference for difference in differences(base.database) if "Table('test_" not in str(difference)]


def test_migrations_go_up_down_and_up_with_data(empty: Foundation) -> None:
    revision = migrate(empty.database)
    assert unlike(empty) == []
    portal = build_portal(empty.settings, foundation=empty)
    prepare(portal)
    prepare(portal)
    assert len(portal.sessions.people()) == 6
    undo(empty.database)
    assert tables(empty) == set()
    assert migrate(empty.database) == revision == migrate(empty.database)
    assert unlike(empty) == []


def test_a_migration_that_fails_half_way_leaves_nothing_behind(empty: Foundation) -> None:
    with empty.database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE tokens (id INTEGER)"))
    with pytest.raises(Exception, match="tokens"):
        migrate(empty.database)
    assert tables(empty) == {"tokens"}


def test_a_database_without_tables_says_how_to_make_them(empty: Foundation) -> None:
    with pytest.raises(Unavailable, match="no tables yet") as refused:
        build_portal(empty.settings, foundation=empty).sessions.people()
    assert "causeway migrate" in refused.value.hint


def test_the_database_tells_the_time_in_utc(foundation_on: Foundation) -> None:
    with foundation_on.database.read() as session:
        difference = foundation_on.database.now(session) - datetime.now(UTC)
    assert abs(difference.total_seconds()) < 60


def test_writers_that_read_first_wait_for_each_other(foundation_on: Foundation) -> None:
    """Each reads the counter and writes one more; without the lock some would read the same."""
    seen: list[str] = []

    def write() -> None:
        for _round in range(20):
            with foundation_on.database.write() as session:
                seen.append(next_id(session, Kind.RUN))

    writers = [threading.Thread(target=write) for _writer in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(seen, key=lambda run: int(run[4:])) == [f"RUN-{number}" for number in range(1, 121)]


def held(database: Database, *, until: threading.Event, locked: threading.Event) -> None:
    """Somebody else's transaction: another process has a queue of its own."""
    with database.write():
        locked.set()
        until.wait()


@pytest.fixture
def held_by_another(foundation_on: Foundation) -> Iterator[Foundation]:
    """A database in which another process has begun to write."""
    until, locked, other = threading.Event(), threading.Event(), build_foundation(foundation_on.settings)
    holder = threading.Thread(target=held, args=(other.database,), kwargs={"until": until, "locked": locked})
    holder.start()
    locked.wait()
    yield foundation_on
    until.set()
    holder.join()
    other.database.close()


def test_a_writer_waits_for_so_long_and_not_longer_and_then_says_why(held_by_another: Foundation) -> None:
    if held_by_another.database.is_sqlite:
        with pytest.raises(Unavailable, match="Another change holds the database"):
            write_at_once(held_by_another.database)
    assert count_objects(held_by_another.database) == 0


def write_at_once(database: Database) -> str:
    with database.write(seconds=0.0) as session:
        return next_id(session, Kind.RUN)


def count_objects(database: Database) -> int:
    with database.read() as session:
        return int(session.connection().execute(text("SELECT count(*) FROM runs")).scalar_one())


def test_writers_of_a_process_wait_in_turn_and_one_too_many_is_refused_at_once() -> None:
    queue, until, locked = WriteQueue(most_waiting=1), threading.Event(), threading.Semaphore(0)

    def write() -> None:
        with queue.turn(seconds=30):
            locked.release()
            until.wait()

    first, second = threading.Thread(target=write), threading.Thread(target=write)
    first.start()
    locked.acquire()
    with pytest.raises(Unavailable, match="Other changes hold the database"), queue.turn(seconds=0.0):
        pass
    second.start()
    refused = ""
    while not refused.startswith("Too many changes"):
        refused = refusal_of(queue)
    until.set()
    first.join()
    second.join()
    with queue.turn(seconds=0.0) as remaining:
        assert remaining == 0.0


def refusal_of(queue: WriteQueue) -> str:
    with pytest.raises(Unavailable) as refused, queue.turn(seconds=0.0):
        pass
    return refused.value.message


def test_a_full_disk_is_said_to_be_one(foundation: Foundation) -> None:
    def fill() -> None:
        with foundation.database.write() as session:
            session.connection().execute(text("PRAGMA max_page_count = 1"))
            session.connection().execute(text("CREATE TABLE filling AS SELECT zeroblob(100000) AS bytes"))

    with pytest.raises(NoSpace, match="No space is left for the database") as refused:
        fill()
    assert (refused.value.status, refused.value.hint.startswith("Nothing was changed")) == (507, True)
    assert "filling" not in tables(foundation)


def test_the_mark_changes_with_every_commit_of_anyone(foundation_on: Foundation) -> None:
    other = build_foundation(foundation_on.settings)
    seen = [foundation_on.database.mark()]
    for database in (other.database, foundation_on.database, other.database):
        with database.write() as session:
            next_id(session, Kind.RUN)
        seen.append(foundation_on.database.mark())
    other.database.close()
    assert len(set(seen)) == 4


def test_the_mark_stays_while_nothing_is_committed(foundation: Foundation) -> None:
    before = foundation.database.mark()
    with foundation.database.read() as session:
        foundation.database.now(session)
    assert foundation.database.mark() == before


def test_a_mark_is_of_one_observer_alone(foundation: Foundation) -> None:
    """A new observer counts from where the last one may have stopped."""
    before = foundation.database.mark()
    with foundation.database.write() as session:
        next_id(session, Kind.RUN)
    foundation.database.close()
    assert foundation.database.mark() != before


def test_a_database_that_is_away_has_no_mark_and_has_one_later(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/elsewhere/causeway.sqlite")
    with pytest.raises(Unavailable, match="does not answer"):
        database.mark()
    (tmp_path / "elsewhere").mkdir()
    assert database.mark()
    database.close()


def test_what_no_other_try_would_mend_is_not_said_to_be_away(foundation_on: Foundation) -> None:
    statement = "SELECT 1" + ", 1" * 3_000
    with pytest.raises(OperationalError), foundation_on.database.read() as session:
        session.connection().execute(text(statement))


def test_a_database_that_only_reads_is_away_for_who_writes(foundation: Foundation) -> None:
    def write() -> None:
        with foundation.database.read() as session:
            session.connection().execute(text("PRAGMA query_only=ON"))
            next_id(session, Kind.RUN)

    with pytest.raises(Unavailable, match="does not answer"):
        write()


def test_an_error_undoes_the_transaction(portal_on: Portal) -> None:
    database = portal_on.foundation.database

    def fail() -> None:
        with database.write() as session:
            next_id(session, Kind.RUN)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.write() as session:
        assert next_id(session, Kind.RUN) == "RUN-1"


BEFORE = (
    "INSERT INTO objects VALUES ('DS-1', 'dataset', 'PROJ-1', 'flights', 'ready', 'P-1', {now}, {now}),"
    " ('SNAP-1', 'snapshot', 'PROJ-1', 'flights v1', 'ready', 'P-1', {now}, {now}),"
    " ('FV-1', 'feature_view', 'PROJ-1', 'delay', 'ready', 'P-1', {now}, {now}),"
    " ('FEAT-1', 'feature_version', 'PROJ-1', 'delay v1', 'published', 'P-1', {now}, {now})",
    "INSERT INTO datasets VALUES ('DS-1', 'PROJ-1', 'flights', '', 'P-1', {now})",
    "INSERT INTO snapshots VALUES ('SNAP-1', 'DS-1', 1, 'd', '{digest}', 7, 70, '[]',"
    """ '{{"rows_read": 7, "rows_rejected": 0, "reasons": [], "choices": []}}', '[]', 'P-1', {now})""",
    "INSERT INTO feature_views VALUES ('FV-1', 'PROJ-1', 'delay', 'carrier', '[]', '', 'P-1', {now})",
    "INSERT INTO feature_versions VALUES ('FEAT-1', 'FV-1', 1, 'published', 'SELECT 1', '{{}}', 'at', '', 0, 0, '[]',"
    " '', 'v', '', 7, '[]', '[]', '', '', 'P-1', {now})",
)


def test_what_was_there_before_the_feature_platform_goes_on(empty: Foundation) -> None:
    migrate(empty.database, revision="0001")
    with empty.database.engine.begin() as connection:
        for statement in BEFORE:
            connection.exec_driver_sql(statement.format(now="'2013-01-01 00:00:00'", digest="a" * 64))
    migrate(empty.database)
    assert unlike(empty) == []
    portal, reader = build_portal(empty.settings, foundation=empty), Actor.system("test")
    snapshot = portal.datasets.get_snapshot(reader, snapshot_id="SNAP-1")
    assert [(file.digest, file.rows, file.bytes) for file in snapshot.files] == [("a" * 64, 7, 70)]
    view = portal.feature_views.get_view(reader, view_id="FV-1")
    assert view.live is not None
    assert (view.live.id, view.live.published_at) == ("FEAT-1", datetime(2013, 1, 1, tzinfo=UTC))
    undo(empty.database, revision="0001")
    assert "snapshot_files" not in tables(empty)


def test_a_nul_is_no_failure_of_a_database_that_keeps_none(filled_postgres_url: str) -> None:
    database = Database(filled_postgres_url)
    words = "a\0b \\u0000"
    with database.write() as session:
        session.add(KeyRow(id="k", arguments=words, claim="", answer="", ends_at=database.now(session)))
    with database.read() as session:
        (document,) = session.connection().execute(select(literal({words: [words]}, JSON_DOCUMENT))).one()
        arguments = session.get_one(KeyRow, "k").arguments
    database.close()
    visible = "a\ufffdb \\u0000"
    assert (arguments, document) == (visible, {visible: [visible]})
