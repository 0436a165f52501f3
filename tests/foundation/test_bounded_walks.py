"""A walk of the lineage costs what it shows, however much follows from an object."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from core.foundation.actions.call import Foundation
from core.foundation.objects import LINEAGE_DEPTH, MOST_SHOWN, LinkRow, ObjectRow, walk

THEN = datetime(2026, 1, 1, tzinfo=UTC)
FOLLOWERS = 2 * MOST_SHOWN


def thing(object_id: str) -> ObjectRow:
    fields = {"kind": "run", "project": "PROJ-1", "title": object_id, "state": "ready", "owner": "P-1"}
    return ObjectRow(id=object_id, **fields, created_at=THEN, updated_at=THEN)


def edge(source: str, target: str) -> LinkRow:
    return LinkRow(source=source, target=target, relation="feeds", created_at=THEN)


@pytest.fixture
def hub(foundation_on: Foundation) -> Iterator[Session]:
    """DS-1, from which many runs follow, from the first of which many versions follow."""
    runs = [f"RUN-{number:04d}" for number in range(FOLLOWERS)]
    versions = [f"MV-{number:04d}" for number in range(FOLLOWERS)]
    with Session(foundation_on.database.engine) as session:
        session.add_all(map(thing, ("DS-1", *runs, *versions)))
        session.flush()
        session.add_all([*(edge("DS-1", run) for run in runs), *(edge(runs[0], version) for version in versions)])
        session.flush()
        yield session


def test_what_is_shown_is_the_nearest(hub: Session) -> None:
    edges = walk(hub, "DS-1", upstream=False, most=MOST_SHOWN)
    assert len(edges) == MOST_SHOWN
    assert {edge.source for edge in edges} == {"DS-1"}


def test_without_a_limit_nothing_is_left_out(hub: Session) -> None:
    assert len(walk(hub, "DS-1", upstream=False)) == 2 * FOLLOWERS
    assert {edge.source for edge in walk(hub, "MV-0007", upstream=True)} == {"RUN-0000", "DS-1"}


def test_several_starts_are_one_walk(hub: Session) -> None:
    questions: list[str] = []
    hear: Any = lambda _connection, _cursor, query, *_others: questions.append(query)  # noqa: E731
    event.listen(hub.get_bind(), "before_cursor_execute", hear)
    starts = [f"MV-{number:04d}" for number in range(FOLLOWERS)]
    assert len(walk(hub, *starts, upstream=True)) == FOLLOWERS + 1
    event.remove(hub.get_bind(), "before_cursor_execute", hear)
    assert len(questions) <= LINEAGE_DEPTH
