"""People run SQL over the datasets of their project, see their own results alone, and can stop what takes too long."""

import time
from datetime import timedelta

import pytest

from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.lake.queries.values import Query, QueryState
from core.lake.tables import QueryRow, SavedQueryRow
from core.lake.values import Snapshot
from core.portal import Portal
from tests.compute.running import wait_until
from tests.conftest import People
from tests.lake.imports.in_process import imported

CSV = b"carrier,delay\nAA,1\nUA,30\nUA,\n"
ENDLESS = "SELECT count(*) AS n FROM range(10000000) a, range(10000000) b"


@pytest.fixture
def snapshot(portal: Portal, people: People) -> Snapshot:
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="flights")
    return imported(portal, people.engineer, dataset_id=dataset.id, content=CSV)


def run(portal: Portal, people: People, sql: str, **more: object) -> Query:
    """A query once it is over."""
    query = portal.queries.start_query(people.engineer, project="PROJ-1", sql=sql, **more)
    wait_until(lambda: now(portal, people, query).state is not QueryState.RUNNING, what="the end of the query")
    return now(portal, people, query)


def now(portal: Portal, people: People, query: Query) -> Query:
    return portal.queries.get_query(people.engineer, query_id=query.id)


def test_a_query_gives_rows_of_the_datasets_it_names(portal: Portal, people: People, snapshot: Snapshot) -> None:
    sql = "SELECT carrier, count(*) AS n, list(delay) AS all FROM flights GROUP BY 1 ORDER BY 1"
    query = run(portal, people, sql.replace("AS all", "AS every"))
    assert (query.state, query.rows, query.cut, query.cause) == (QueryState.DONE, 2, False, "")
    assert query.sources == {"flights": snapshot.id}
    result = portal.queries.result(people.engineer, query_id=query.id)
    assert result.preview.columns == ("carrier", "n", "every")
    assert result.preview.rows == (("AA", 1, "[1]"), ("UA", 2, "[30, NULL]"))


def test_rows_beyond_the_limit_are_cut_and_paged(portal: Portal, people: People, snapshot: Snapshot) -> None:
    query = run(portal, people, "SELECT range AS i FROM range(250)", row_limit=200)
    assert (query.rows, query.cut) == (200, True)
    page = portal.queries.result(people.engineer, query_id=query.id, offset=150, limit=100).preview
    assert ([row[0] for row in page.rows], page.total) == (list(range(150, 200)), 200)


@pytest.mark.parametrize(
    ("sql", "words", "line"),
    [
        ("SELECT *\nFROM read_text('/etc/passwd')", "files cannot be read", 2),
        ("SELECT nothing FROM flights", "column nothing not found", 1),
        ("DROP VIEW flights", "one SELECT", 0),
        ("SELECT *\nFROM\n  planes", "table planes not found", 3),
        ('-- für 1\nSELECT\n  carrier AS "ü", now() FROM flights', "function now is not permitted", 3),
        ("SELECT carrier, carrier FROM flights", "two columns", 0),
        ("\n\nSELECT carrier,\n  delay + nothing\nFROM flights", "column nothing not found", 4),
        ("\n\nSELECT\n  carrier::INTEGER AS n\nFROM flights", "Could not convert string", 4),
        ("\nSELECT\n\n  FROM FROM flights", "syntax error", 4),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    portal: Portal, people: People, snapshot: Snapshot, sql: str, words: str, line: int
) -> None:
    query = run(portal, people, sql)
    assert query.state is QueryState.FAILED
    assert words in query.cause
    assert query.line == line
    with pytest.raises(Conflict, match="no rows"):
        portal.queries.result(people.engineer, query_id=query.id)


def test_a_running_query_is_cancelled(portal: Portal, people: People, snapshot: Snapshot) -> None:
    query = portal.queries.start_query(people.engineer, project="PROJ-1", sql=ENDLESS)
    portal.queries.cancel_query(people.engineer, query_id=query.id)
    began = time.monotonic()
    wait_until(lambda: seconds_of(portal, query) > 0, what="the end of its process")
    assert time.monotonic() - began < 10
    assert now(portal, people, query).state is QueryState.CANCELLED
    with pytest.raises(Conflict):
        portal.queries.cancel_query(people.engineer, query_id=query.id)


def seconds_of(portal: Portal, query: Query) -> float:
    with portal.foundation.database.read() as session:
        return session.get_one(QueryRow, query.id).seconds


def test_a_query_whose_portal_went_away_is_told_as_failed(portal: Portal, people: People, snapshot: Snapshot) -> None:
    query = run(portal, people, "SELECT 1 AS x")
    with portal.foundation.database.write() as session:
        row = session.get_one(QueryRow, query.id)
        row.state, row.deadline = QueryState.RUNNING, row.created_at - timedelta(seconds=1)
        session.add(row)
    lost = now(portal, people, query)
    assert (lost.state, "portal stopped" in lost.cause) == (QueryState.FAILED, True)


def test_a_result_is_for_its_author_alone(portal: Portal, people: People, snapshot: Snapshot) -> None:
    query = run(portal, people, "SELECT 1 AS x")
    for actor, error in ((people.viewer, NotAllowed), (people.outsider, NotFound), (people.sre, NotAllowed)):
        with pytest.raises(error):
            portal.queries.result(actor, query_id=query.id)
    assert portal.queries.list_queries(people.outsider).items == ()
    assert [item.id for item in portal.queries.list_queries(people.engineer).items] == [query.id]


def test_data_of_another_project_cannot_be_read(portal: Portal, people: People, snapshot: Snapshot) -> None:
    query = portal.queries.start_query(people.outsider, project="PROJ-2", sql="SELECT * FROM flights")
    wait_until(
        lambda: portal.queries.get_query(people.outsider, query_id=query.id).state is not QueryState.RUNNING,
        what="the end of the query",
    )
    assert "not found" in portal.queries.get_query(people.outsider, query_id=query.id).cause
    with pytest.raises(NotFound):
        portal.queries.start_query(people.outsider, project="PROJ-2", sql="SELECT * FROM f", sources={"f": snapshot.id})


def test_a_saved_query_can_be_deleted_whatever_its_name_has_in_it(portal: Portal, people: People) -> None:
    old = {"project": "PROJ-1", "name": "by\u200b carrier"}
    with portal.foundation.database.write() as session:
        session.add(SavedQueryRow(**old, sql="SELECT 2 AS x", saved_by="P-1", saved_at=portal.foundation.clock.now()))
    portal.queries.delete_saved(people.engineer, **old)
    assert portal.queries.list_saved(people.engineer, project="PROJ-1").total == 0


def test_queries_are_saved_under_a_name(portal: Portal, people: People) -> None:
    save = portal.queries.save_query
    save(people.engineer, project="PROJ-1", name="  by   carrier ", sql="SELECT 1 AS x")
    save(people.engineer, project="PROJ-1", name="by carrier", sql="SELECT 2 AS x")
    (saved,) = portal.queries.list_saved(people.engineer, project="PROJ-1").items
    assert (saved.name, saved.sql) == ("by carrier", "SELECT 2 AS x")
    portal.queries.delete_saved(people.engineer, project="PROJ-1", name="by carrier")
    assert portal.queries.list_saved(people.engineer, project="PROJ-1").total == 0
    with pytest.raises(NotFound):
        portal.queries.delete_saved(people.engineer, project="PROJ-1", name="by carrier")
    with pytest.raises(Invalid):
        save(people.engineer, project="PROJ-1", name="   ", sql="SELECT 1 AS x")
    save(people.engineer, project="PROJ-1", name="coco", sql="SELECT 1 AS x")
    with pytest.raises(Invalid, match="looks like coco") as refused:
        save(people.engineer, project="PROJ-1", name="\u0441\u043e\u0441\u043e", sql="SELECT 3 AS x")
    assert refused.value.field == "name"
