"""Messages to MLflow, written in the transaction that made them true. MLflow is never on the path of a request:
it may be slow or down, and gets them later, in order, each thing at least once and with the effect of once."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from core.foundation.actions.call import Call
from core.foundation.database import Database
from core.registry.tables import MirrorRow, OutboxRow
from core.registry.values import Alias, ModelVersion, RunRecord

RUN, VERSION, ALIAS = "run", "version", "alias"
# What two records of a run may differ in and be told together.
PROGRESS = frozenset({"state", "metrics", "artifacts", "ended_at"})
BATCH = 20
CLAIM = timedelta(seconds=30)


def queue_run(call: Call, record: RunRecord) -> None:
    _put(call, RUN, record.model_dump(mode="json"))


def queue_version(call: Call, version: ModelVersion) -> None:
    fields = {"id", "model", "project", "version", "digest", "model_digest", "run_id", "training_set_id"}
    _put(call, VERSION, version.model_dump(mode="json", include=fields))


def queue_alias(call: Call, version: ModelVersion, *, alias: Alias, points: bool) -> None:
    message = version.model_dump(mode="json", include={"id", "model", "project"})
    _put(call, ALIAS, {**message, "alias": alias, "points": points})


def claim(database: Database) -> list[OutboxRow]:
    """The oldest messages, for half a minute this caller's alone. Empty while another holds a claim: order is kept
    by having one reader at a time."""
    with database.write() as session:
        now = database.now(session)
        waiting = _waiting(session)
        if not waiting or any(row.claimed_until and row.claimed_until > now for row in waiting):
            return []
        for row in waiting:
            row.claimed_until = now + CLAIM
            session.add(row)
    return waiting


def gathered(rows: Sequence[OutboxRow]) -> list[list[OutboxRow]]:
    """What can be told in one message, in the order of the first of each: the records of one run that say the same but
    for what was measured and how far it is, as long as the run said nothing else between them."""
    together: list[list[OutboxRow]] = []
    latest: dict[str, tuple[str, list[OutboxRow]]] = {}
    for row in rows:
        constant = {name: value for name, value in row.message.items() if name not in PROGRESS}
        subject = str(row.message["run_id"]) if row.kind == RUN else str(row.id)
        key = json.dumps(constant, sort_keys=True)
        if subject not in latest or latest[subject][0] != key:
            latest[subject] = key, []
            together.append(latest[subject][1])
        latest[subject][1].append(row)
    return together


def message_of(rows: Sequence[OutboxRow]) -> dict[str, Any]:
    """One message that says what all of them say."""
    messages = [row.message for row in rows]
    if rows[0].kind != RUN:
        return messages[-1]
    metrics = [point for message in messages for point in message["metrics"]]
    artifacts = {name: digest for message in messages for name, digest in message["artifacts"].items()}
    return {**messages[-1], "metrics": metrics, "artifacts": artifacts}


def finish(
    database: Database,
    *,
    delivered: Sequence[OutboxRow],
    refused: Sequence[OutboxRow],
    runs: Mapping[str, str],
) -> None:
    """Forgets what was delivered, and keeps aside, with its problem, what MLflow will never take. `runs` are MLflow's
    ids by ours."""
    with database.write() as session:
        for run_id, mlflow_run in runs.items():
            session.merge(MirrorRow(run_id=run_id, mlflow_run=mlflow_run))
        for row in delivered:
            if (stored := session.get(OutboxRow, row.id)) is not None:
                session.delete(stored)
        for row in refused:
            stored = session.get_one(OutboxRow, row.id)
            stored.problem, stored.claimed_until = row.problem, None
            session.add(stored)


def release(database: Database, rows: Sequence[OutboxRow]) -> None:
    """Gives back what could not be delivered now."""
    with database.write() as session:
        for row in rows:
            if (stored := session.get(OutboxRow, row.id)) is not None:
                stored.claimed_until = None
                session.add(stored)


def mlflow_run_of(session: Session, run_id: str) -> str:
    """The id of a run in MLflow; empty until MLflow has it."""
    row = session.get(MirrorRow, run_id)
    return row.mlflow_run if row else ""


def is_waiting(database: Database) -> bool:
    """Whether any message waits."""
    with database.read() as session:
        return bool(session.exec(select(OutboxRow.id).where(OutboxRow.problem == "").limit(1)).first())


def _waiting(session: Session) -> list[OutboxRow]:
    rows = select(OutboxRow).where(OutboxRow.problem == "").order_by(col(OutboxRow.id)).limit(BATCH)
    return list(session.exec(rows))


def _put(call: Call, kind: str, message: dict[str, Any]) -> None:
    call.session.add(OutboxRow(kind=kind, message=message, created_at=call.now))
