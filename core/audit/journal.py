"""Writes events: in the transaction of the action, in one chain. The key and the signed checkpoints lie outside the
database."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import LargeBinary, cast, event
from sqlmodel import Session, col, select

from core.audit.checkpoints import CheckpointFile, Head
from core.audit.keys import read_key
from core.audit.tables import AuditRow
from core.audit.verify import COLUMNS, Findings, Proofs, chain_hash, verify
from core.foundation.actors import Actor
from core.foundation.database import Database
from core.foundation.digests import canonical
from core.foundation.errors import Unavailable

BATCH = 1000
LAST = select(AuditRow.seq, AuditRow.hash, AuditRow.time).order_by(col(AuditRow.seq).desc()).limit(1)
# Who may do what, by which rules, and what serves: each change of it is signed as soon as it is committed.
SIGNED_AT_ONCE = ("identity.", "promotion.", "serving.")
SIGNED_LATER = ("identity.signed_in", "identity.signed_out")
UNSIGNED = "unsigned head of the audit log"
STORED = (*COLUMNS, "body", "hash")
logger = logging.getLogger(__name__)


class AuditJournal:
    """The append-only log of one installation; its files lie under `home`."""

    def __init__(self, home: Path) -> None:
        self.key_file = home / "secrets" / "audit.key"
        self.checkpoints = CheckpointFile(home)

    def append(
        self,
        session: Session,
        *,
        actor: Actor,
        action: str,
        outcome: str,
        subject: str,
        project: str,
        details: dict[str, Any],
        now: datetime,
    ) -> None:
        """Adds one event after the last one. The session holds the write lock, so that the chain has one order.
        Unavailable, and nothing is changed, where the key of a log that has begun is lost."""
        session.flush()
        last, previous, _time = session.exec(LAST).first() or (0, "", None)
        key = read_key(self.key_file, is_new=last == 0)
        row = AuditRow(
            seq=last + 1,
            time=now,
            actor=actor.person_id,
            action=action,
            outcome=outcome,
            subject=subject,
            project=project,
            body="",
            hash="",
        )
        columns = {**row.model_dump(include=set(COLUMNS)), "time": now.isoformat(), "via": actor.via}
        row.body = canonical({**columns, "token": actor.token_id, "details": details}).decode()
        row.hash = chain_hash(key, previous=previous, body=row.body)
        session.add(row)
        session.flush()
        self._sign_later(session, row)

    def write_checkpoint(self, database: Database) -> bool:
        """Signs the present head. False when nothing happened since it was signed last."""
        with database.read() as session:
            last = session.exec(LAST).first()
        return last is not None and self.checkpoints.write(Head(*last))

    def sign_what_is_due(self, database: Database) -> None:
        """Signs the present head where one of the events that are signed at once is not. Unavailable, in words, where
        that cannot be done."""
        if self._is_unsigned(database, after=self.checkpoints.last() or 0):
            self.write_checkpoint(database)

    def _is_unsigned(self, database: Database, *, after: int) -> bool:
        changes = sqlalchemy.or_(*(col(AuditRow.action).startswith(prefix) for prefix in SIGNED_AT_ONCE))
        unsigned = select(AuditRow.seq).where(
            col(AuditRow.seq) > after, col(AuditRow.outcome) == "ok", changes, col(AuditRow.action).not_in(SIGNED_LATER)
        )
        with database.read() as session:
            return session.exec(unsigned.limit(1)).first() is not None

    def last_checkpoint(self) -> int | None:
        """The number of the last event that was signed."""
        return self.checkpoints.last()

    def verify(self, database: Database) -> Findings:
        """Reads the whole log and holds it against its chain and the checkpoints."""
        # A checkpoint follows the commit of its event: those that are there before the log is read have theirs in it.
        files = self.checkpoints
        proofs = Proofs(self.key_file, files.file, files.public_file, size=files.size())
        findings = Findings()
        files.check_keys(findings)
        with database.read() as session:
            return verify(exported(session), proofs=proofs, findings=findings)

    def _sign_later(self, session: Session, row: AuditRow) -> None:
        """Once the transaction is committed, where it has an event that is signed at once."""
        is_due = row.outcome == "ok" and row.action.startswith(SIGNED_AT_ONCE) and row.action not in SIGNED_LATER
        if UNSIGNED not in session.info:
            if not is_due:
                return
            event.listen(session, "after_commit", self._sign_committed, once=True)
        session.info[UNSIGNED] = Head(row.seq, row.hash, row.time)

    def _sign_committed(self, session: Session) -> None:
        """What is committed stays: where it cannot be signed now, the worker tries again and a verification says so."""
        try:
            self.checkpoints.write(session.info.pop(UNSIGNED))
        except Unavailable as error:
            logger.error("the audit log cannot be signed: %s", error)


def exported(session: Session) -> Iterator[dict[str, Any]]:
    """Every event in order, as `verify` reads them, a thousand at a time. SQLite keeps what is no text or no time in
    a column of either, so there the bytes are read."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    columns = [col(getattr(AuditRow, name)) for name in STORED]
    stored = [columns[0], *(cast(column, LargeBinary) if is_sqlite else column for column in columns[1:])]
    rows = sqlalchemy.select(*stored).order_by(columns[0]).limit(BATCH)
    batch = session.connection().execute(rows).all()
    while batch:
        for row in batch:
            yield {**dict(zip(STORED, map(_written, row), strict=True)), "time": _instant(row[1])}
        batch = session.connection().execute(rows.where(columns[0] > batch[-1][0])).all()


def _written(value: Any) -> Any:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _instant(value: Any) -> Any:
    """A point in time as events record it; what is none as it stands."""
    text = _written(value)
    try:
        return (datetime.fromisoformat(text).replace(tzinfo=UTC) if isinstance(text, str) else text).isoformat()
    except (ValueError, AttributeError):
        return text
