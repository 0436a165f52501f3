"""Objects are found by their ids and titles, at a cost that does not grow with what lies behind."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, insert

from core.foundation.actions.call import Foundation
from core.foundation.ids import Kind
from core.foundation.objects import SEARCHED, ObjectRow, find_things
from core.foundation.reach import EVERYWHERE, NOWHERE, within

THEN = datetime(2026, 1, 1, tzinfo=UTC)
HERE = within(frozenset({"PROJ-1"}))


def row(object_id: str, kind: Kind, title: str, *, minutes: int) -> dict[str, object]:
    moment = THEN + timedelta(minutes=minutes)
    same = {"project": "PROJ-1", "state": "ready", "owner": "P-1", "created_at": moment, "updated_at": moment}
    return {"id": object_id, "kind": kind.value, "title": title, **same}


@pytest.fixture
def session(foundation_on: Foundation) -> Iterator[Session]:
    """The first run and the first dataset are of one name and of one age; many runs came later."""
    first = [row("RUN-1", Kind.RUN, "Rare birds", minutes=0), row("DS-1", Kind.DATASET, "Rare birds", minutes=0)]
    later = [row(f"RUN-{n}", Kind.RUN, "Common birds", minutes=n) for n in range(2, SEARCHED + 2)]
    with Session(foundation_on.database.engine) as session:
        session.connection().execute(insert(ObjectRow), [*first, *later])
        yield session


def ids_of(session: Session, query: str, **others: object) -> list[str]:
    return [thing.id for thing in find_things(session, query=query, **{"reach": HERE, **others})]  # type: ignore[arg-type]


def test_what_lies_far_behind_others_of_its_kind_is_found_by_its_id(session: Session) -> None:
    assert ids_of(session, "rare BIRDS") == ["DS-1"]
    assert "RUN-1" not in ids_of(session, "birds")
    assert ids_of(session, "run-1")[:2] == ["RUN-1", f"RUN-{min(SEARCHED + 1, 1999)}"]
    assert ids_of(session, "RUN-1", kinds=(Kind.DATASET,)) == []


def test_the_latest_come_first_and_no_more_than_were_asked_for(session: Session) -> None:
    newest = [f"RUN-{SEARCHED + 1 - n}" for n in range(3)]
    assert ids_of(session, "common", limit=3) == newest
    assert ids_of(session, "", limit=3) == newest


def test_a_search_keeps_within_reach(session: Session) -> None:
    assert ids_of(session, "common", reach=within(frozenset({"PROJ-2"}))) == []
    assert ids_of(session, "run-1", reach=NOWHERE) == []
    assert ids_of(session, "rare", reach=EVERYWHERE) == ["DS-1"]
