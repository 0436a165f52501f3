"""Lists ask indexes: no page of one, however far behind, reads a table from end to end."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from core.portal import Portal
from tests.conftest import People

GROWING = frozenset(
    {"audit_events", "evidence", "jobs", "load_tests", "model_versions", "objects", "promotions", "runs"}
)
LISTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("audit.list_events", {}),
    ("audit.list_events", {"outcome": "denied"}),
    ("audit.list_events", {"action": "training."}),
    ("audit.list_events", {"subject": "RUN-1"}),
    ("audit.activity", {}),
    ("identity.search", {}),
    ("compute.list_jobs", {}),
    ("compute.list_jobs", {"state": "running"}),
    ("imports.list_imports", {}),
    ("loadtests.list_tests", {}),
    ("promotion.list_requests", {}),
    ("promotion.list_requests", {"version_id": "MV-1"}),
    ("promotion.what_needs_me", {}),
    ("registry.list_evidence", {}),
    ("registry.list_evidence", {"subject": "MV-1", "kind": "quality"}),
    ("registry.list_versions", {}),
    ("training.list_runs", {}),
    ("training.list_runs", {"state": "failed"}),
    ("training.list_runs", {"order_by": "log_loss"}),
)


@pytest.fixture
def statements(portal: Portal) -> Iterator[list[tuple[str, Any]]]:
    """Every statement to the database, with its parameters."""
    recorded: list[tuple[str, Any]] = []
    hear = lambda _connection, _cursor, query, given, *_others: recorded.append((query, given))  # noqa: E731
    event.listen(portal.foundation.database.engine, "before_cursor_execute", hear)
    yield recorded
    event.remove(portal.foundation.database.engine, "before_cursor_execute", hear)


@pytest.mark.parametrize(("name", "arguments"), LISTS)
@pytest.mark.parametrize("role", ["engineer", "admin"])
def test_a_list_reads_indexes_and_no_whole_table(
    portal: Portal,
    people: People,
    statements: list[tuple[str, Any]],
    name: str,
    arguments: dict[str, Any],
    role: str,
) -> None:
    service, spec = portal.catalog()[name]
    page = {"offset": 90_000} if "offset" in spec.parameters.model_fields else {}
    getattr(service, name.partition(".")[2])(getattr(people, role), **arguments, **page)
    selects = [statement for statement in statements if statement[0].startswith(("SELECT", "WITH"))]
    assert selects
    with portal.foundation.database.engine.connect() as connection:
        plans = [
            row.detail
            for query, given in selects
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", given)
        ]
    assert [plan for plan in plans if scans_a_growing_table(plan)] == []


def scans_a_growing_table(plan: str) -> bool:
    """SQLite says SCAN where it reads a table from end to end, and names the index where it reads that instead."""
    words = plan.split()
    return words[0] == "SCAN" and words[1] in GROWING and "INDEX" not in words


def test_a_scan_is_told_from_a_search(portal: Portal) -> None:
    with portal.foundation.database.engine.connect() as connection:
        plan = connection.execute(text("EXPLAIN QUERY PLAN SELECT id FROM runs WHERE title = 'a'")).one().detail
    assert scans_a_growing_table(plan)
