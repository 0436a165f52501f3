"""Lists cost no more when the history grows."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from core.features.tables import FeatureVersionRow, FeatureViewRow
from core.foundation.objects import ObjectRow
from core.lake.tables import DatasetRow, SnapshotRow
from core.portal import Portal
from tests.conftest import People

NOW = datetime(2013, 1, 1, tzinfo=UTC)
BY = {"created_at": NOW}


def grow(portal: Portal, *, first: int, last: int, views: int = 20) -> None:
    """Versions of every view and snapshots of every dataset, from `first` up to `last`."""
    with portal.foundation.database.write() as session:
        for at in range(views):
            session.merge(
                FeatureViewRow(
                    id=f"FV-{at}", project="PROJ-1", name=f"v{at:04}", entity="e", description="", owner="P", **BY
                )
            )
            session.merge(
                DatasetRow(id=f"DS-{at}", project="PROJ-1", name=f"d{at:04}", description="", owner="P", **BY)
            )
            session.merge(_entry(f"FV-{at}"))
            session.merge(_entry(f"DS-{at}"))
        session.flush()
        session.add_all(
            _entry(f"{kind}-{at}-{number}")
            for kind in ("FEAT", "SNAP")
            for at in range(views)
            for number in range(first, last)
        )
        session.add_all(_version(at, number) for at in range(views) for number in range(first, last))
        session.add_all(_snapshot(at, number) for at in range(views) for number in range(first, last))


def statements(portal: Portal, people: People, name: str) -> int:
    """How many statements one page of 20 takes."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = portal.foundation.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        service, spec = portal.catalog()[name]
        getattr(service, spec.name.partition(".")[2])(people.viewer, project="PROJ-1", limit=20)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


@pytest.mark.parametrize("name", ["features.list_views", "lake.list_datasets"])
def test_a_page_takes_as_many_statements_after_a_year(portal: Portal, people: People, name: str) -> None:
    grow(portal, first=1, last=3)
    young = statements(portal, people, name)
    grow(portal, first=3, last=23)
    assert statements(portal, people, name) == young


def _entry(object_id: str) -> ObjectRow:
    return ObjectRow(
        id=object_id,
        kind="dataset",
        project="PROJ-1",
        title=object_id,
        state="ready",
        owner="P",
        created_at=NOW,
        updated_at=NOW,
    )


def _version(view: int, number: int) -> FeatureVersionRow:
    return FeatureVersionRow(
        id=f"FEAT-{view}-{number}",
        view_id=f"FV-{view}",
        version=number,
        state="published",
        sql="SELECT 1",
        event_time="t",
        created_time="",
        ttl_seconds=0,
        delay_seconds=0,
        description="",
        created_by="P",
        **BY,
    )


def _snapshot(dataset: int, number: int) -> SnapshotRow:
    report = {"rows_read": 0, "rows_rejected": 0, "reasons": [], "choices": []}
    return SnapshotRow(
        id=f"SNAP-{dataset}-{number}",
        dataset_id=f"DS-{dataset}",
        version=number,
        digest="",
        rows=0,
        bytes=0,
        report=report,
        created_by="P",
        **BY,
    )
