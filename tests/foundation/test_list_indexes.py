"""Lists and searches ask indexes: no page of one, however far behind, reads a table from end to end, on SQLite and on
PostgreSQL; and none asks the database for each of its rows."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlmodel import Session

from core.features.tables import FeatureVersionRow, MaterializationRow
from core.foundation.errors import NotAllowed, NotFound
from core.foundation.objects import ObjectRow
from core.lake.tables import ImportRow
from core.portal import Portal
from core.sweeps.tables import SweepRow
from tests.bench.history.lists import OF_FILES
from tests.conftest import People

Statements = list[tuple[str, Any]]
GROWING = frozenset(
    {
        "audit_events",
        "evidence",
        "feature_parity",
        "feature_versions",
        "imports",
        "jobs",
        "links",
        "load_tests",
        "model_versions",
        "objects",
        "promotions",
        "queries",
        "replays",
        "run_metrics",
        "run_tags",
        "run_values",
        "runs",
        "served",
        "snapshots",
    }
)
# What lists are narrowed to, beside every list of the catalog as it begins.
NARROWED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("audit.activity", {}),
    ("audit.list_events", {"action": "training."}),
    ("audit.list_events", {"outcome": "denied"}),
    ("audit.list_events", {"subject": "RUN-1"}),
    ("compute.list_jobs", {"state": "running"}),
    ("features.catalog", {"query": "late"}),
    ("features.catalog", {"use": "live", "fresh": "stale"}),
    ("features.catalog", {"use": "unused"}),
    ("features.list_training_sets", {"search": "arrival"}),
    ("features.list_views", {"query": "arrival"}),
    ("health.own_failures", {}),
    ("health.own_problems", {}),
    ("identity.search", {}),
    ("identity.search", {"query": "arrival"}),
    ("lake.list_datasets", {"query": "arrival"}),
    ("promotion.list_requests", {"state": "in review"}),
    ("promotion.list_requests", {"version_id": "MV-1"}),
    ("promotion.what_needs_me", {}),
    ("registry.list_models", {"query": "arrival"}),
    ("registry.list_evidence", {"subject": "MV-1", "kind": "quality"}),
    ("training.list_runs", {"order_by": "best"}),
    ("training.list_runs", {"state": "failed"}),
    ("training.list_runs", {"state": "failed", "training_set_id": "TS-1"}),
    ("training.list_runs", {"state": "succeeded", "training_set_id": "TS-1", "order_by": "best"}),
    ("training.list_runs", {"state": "succeeded", "order_by": "best"}),
    ("training.search_runs", {"search": "late"}),
    ("training.search_runs", {"tag": "late", "only_starred": True}),
    ("training.search_runs", {"sort": "params.epochs", "descending": True}),
    ("training.search_runs", {"filters": ({"field": "params.epochs", "comparison": ">", "value": "3"},)}),
)
# Lists whose rows show what stands in other tables.
SHOWING_MORE = (
    "features.catalog",
    "features.list_views",
    "imports.list_imports",
    "lake.list_datasets",
    "online.list_materializations",
    "sweeps.list_sweeps",
)
THEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def statements(portal_on: Portal) -> Iterator[Statements]:
    """Every statement to the database, with its parameters."""
    recorded: Statements = []
    hear = lambda _connection, _cursor, query, given, *_others: recorded.append((query, given))  # noqa: E731
    event.listen(portal_on.foundation.database.engine, "before_cursor_execute", hear)
    yield recorded
    event.remove(portal_on.foundation.database.engine, "before_cursor_execute", hear)


@pytest.mark.parametrize("role", ["engineer", "admin"])
def test_a_list_reads_indexes_and_no_whole_table(
    portal_on: Portal, people: People, statements: Statements, role: str
) -> None:
    scans = {}
    for name, arguments in (*whole_lists(portal_on), *NARROWED):
        statements.clear()
        # An administrator may not read what is for those who write SQL.
        with suppress(NotAllowed):
            call_list(portal_on, getattr(people, role), name, arguments)
            plans = plans_of(portal_on, selects(statements))
            scans |= {f"{name} {arguments}": plan for plan in plans if scans_a_growing_table(plan)}
    assert scans == {}


def whole_lists(portal: Portal) -> list[tuple[str, dict[str, Any]]]:
    """Every list of the catalog that needs not be told what it is about."""
    specs = [spec for _service, spec in portal.catalog().values() if spec.reads and spec.name not in OF_FILES]
    fields = {spec.name: spec.parameters.model_fields for spec in specs}
    lists = {name: known.values() for name, known in fields.items() if {"offset", "limit"} <= set(known)}
    return [(name, {}) for name, known in lists.items() if not any(field.is_required() for field in known)]


def call_list(portal: Portal, person: Any, name: str, arguments: dict[str, Any]) -> Any:
    """One page of a list, far behind where it has pages."""
    service, spec = portal.catalog()[name]
    page = {"offset": 90_000} if "offset" in spec.parameters.model_fields else {}
    return getattr(service, name.partition(".")[2])(person, **arguments, **page)


def selects(statements: Statements) -> Statements:
    questions = [statement for statement in statements if statement[0].startswith(("SELECT", "WITH"))]
    assert questions
    return questions


def plans_of(portal: Portal, questions: Statements) -> list[str]:
    """The lines of the plans that the database has for these statements."""
    with portal.foundation.database.engine.connect() as connection:
        return [line for query, given in questions for line in plan_of(connection, query, given)]


def plan_of(connection: Connection, query: str, given: Any = ()) -> list[str]:
    if connection.dialect.name == "sqlite":
        return [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", given)]
    # The tables of a test are so small that reading them whole is cheapest, unless that is forbidden where there is
    # another way.
    connection.execute(text("SET enable_seqscan = off"))
    return [row[0].strip(" ->") for row in connection.exec_driver_sql(f"EXPLAIN {query}", given or None)]


def scans_a_growing_table(plan: str) -> bool:
    """SQLite says SCAN where it reads a table from end to end, and names the index where it reads that instead;
    PostgreSQL says Seq Scan."""
    words = plan.split()
    if words[:3] == ["Seq", "Scan", "on"]:
        return words[3] in GROWING
    return words[0] == "SCAN" and words[1] in GROWING and "INDEX" not in words


@pytest.mark.parametrize("role", ["engineer", "admin"])
def test_what_a_name_means_is_looked_up_and_not_sought(
    portal_on: Portal, people: People, statements: Statements, role: str
) -> None:
    if not portal_on.foundation.database.is_sqlite:
        pytest.skip("PostgreSQL chooses by how many rows there are, and there are few here")
    with suppress(NotFound):
        portal_on.identity.find_object(getattr(people, role), name="nothing")
    questions = [(query, given) for query, given in selects(statements) if "objects.title = " in query]
    plan = plans_of(portal_on, questions)
    for index in ("ix_objects_kind_name (kind=? AND name=?)", "ix_objects_kind_title (kind=? AND title=?)"):
        assert any(index in line for line in plan), plan


def test_a_scan_is_told_from_a_search(portal_on: Portal) -> None:
    with portal_on.foundation.database.engine.connect() as connection:
        by_title = plan_of(connection, "SELECT id FROM runs WHERE title = 'a'")
        by_id = plan_of(connection, "SELECT id FROM runs WHERE id = 'a'")
    assert [scans_a_growing_table(line) for line in by_title].count(True) == 1
    assert not any(map(scans_a_growing_table, by_id))


def test_a_list_asks_as_often_for_many_rows_as_for_few(
    portal_on: Portal, people: People, statements: Statements
) -> None:
    counted = []
    for number in (1, 2, 3, 4):
        add_rows(portal_on, people, number)
        counts = {}
        for name in SHOWING_MORE:
            service, _spec = portal_on.catalog()[name]
            statements.clear()
            assert len(getattr(service, name.partition(".")[2])(people.engineer).items) == number
            counts[name] = len(statements)
        counted.append(counts)
    assert counted[1:] == [counted[0]] * 3


def add_rows(portal: Portal, people: People, number: int) -> None:
    """A dataset with an import, a feature view with a version that is materialized, and a sweep."""
    mei = people.engineer
    dataset_id = portal.datasets.create_dataset(mei, project="PROJ-1", name=f"flights_{number}").id
    view_id = portal.feature_views.create_view(mei, project="PROJ-1", name=f"delays_{number}", entity="carrier").id
    same = {"created_by": mei.person_id, "created_at": THEN}
    version = FeatureVersionRow(
        id=f"FEAT-{number}",
        view_id=view_id,
        version=1,
        state="staged",
        sql="",
        event_time="at",
        created_time="",
        ttl_seconds=0,
        delay_seconds=0,
        description="",
        features=[{"name": "late_share", "type": "DOUBLE", "kind": "number"}],
        **same,
    )
    materialization = MaterializationRow(
        id=f"MAT-{number}", project="PROJ-1", version_id=version.id, state="paused", every_seconds=0, **same
    )
    source = {"kind": "upload", "name": "flights.csv"}
    imported = ImportRow(
        id=f"IMP-{number}",
        dataset_id=dataset_id,
        project="PROJ-1",
        state="reading",
        source=source,
        mode="replace",
        **same,
    )
    sweep = SweepRow(
        id=f"SW-{number}",
        project="PROJ-1",
        title="Flights",
        recipe="tabular",
        training_set_id="TS-1",
        state="running",
        metric="auc",
        split="validation",
        sampler="random",
        pruner="none",
        trials=2,
        workers=1,
        seed=1,
        confirm_seeds=0,
        requested_by=mei.person_id,
        created_at=THEN,
    )
    with Session(portal.foundation.database.engine) as session:
        known = session.get_one(ObjectRow, view_id).model_dump(exclude={"id", "kind"})
        session.add(ObjectRow(**known, id=version.id, kind="feature_version"))
        session.add_all([version, materialization, imported, sweep])
        session.commit()
