"""An installation with a whole chain in it: data, features with what was learned from them, a model, and endpoints."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import event
from sqlmodel import select

from core.features.catalog.background import DriftReconciler
from core.foundation.actors import Actor
from core.foundation.objects import ObjectRow
from core.health.values import Health
from core.portal import Portal
from tests.upgrade.home import PEOPLE

SNAPSHOT, DATASET, VIEW, FEATURES, TRAINING_SET = "SNAP-1", "DS-1", "FV-1", "FEAT-1", "TS-1"
MODEL, SERVING, CANDIDATE = "M-1", "MV-1", "MV-2"
STAGING, PRODUCTION = "EP-1", "EP-2"
GOAL = "R-1"
CHAIN = (SNAPSHOT, DATASET, VIEW, FEATURES, TRAINING_SET, MODEL, SERVING, STAGING, PRODUCTION)


def healths(portal: Portal, *object_ids: str, actor: Actor = PEOPLE.engineer) -> dict[str, Health]:
    judged = portal.health.of_objects(actor, object_ids=object_ids)
    return {health.object_id: health for health in judged}


def states(portal: Portal, *object_ids: str, actor: Actor = PEOPLE.engineer) -> dict[str, str]:
    judged = healths(portal, *object_ids, actor=actor)
    return {object_id: judged[object_id].state if object_id in judged else "" for object_id in object_ids}


def measure_drift(portal: Portal) -> None:
    """What the worker's loop does."""
    DriftReconciler(portal.feature_statistics).round(datetime.min)


def change(portal: Portal, table: Any, object_id: str, **fields: Any) -> None:
    """What a gateway, a build or the passing of time would have left in a row."""
    with portal.foundation.database.write() as session:
        row = session.get_one(table, object_id)
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)


def everything(portal: Portal) -> tuple[str, ...]:
    with portal.foundation.database.read() as session:
        return tuple(session.exec(select(ObjectRow.id)))


@contextmanager
def statements(portal: Portal) -> Iterator[list[str]]:
    """The SQL that the portal's database is asked."""
    executed: list[str] = []
    hear: Any = lambda _connection, _cursor, query, *_others: executed.append(query)  # noqa: E731
    engine = portal.foundation.database.engine
    event.listen(engine, "before_cursor_execute", hear)
    yield executed
    event.remove(engine, "before_cursor_execute", hear)
