"""Writes events: in the transaction of the action, in one chain. The key and the signed checkpoints lie outside the
database."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from core.audit.tables import AuditRow
from core.audit.verify import COLUMNS, Findings, chain_hash, read_lines, statement, verify
from core.foundation.actors import Actor
from core.foundation.database import Database
from core.foundation.digests import canonical

KEY_BYTES = 32
BATCH = 1000
LAST = select(AuditRow.seq, AuditRow.hash).order_by(col(AuditRow.seq).desc()).limit(1)


class AuditJournal:
    """The append-only log of one installation; its files lie under `home`."""

    def __init__(self, home: Path) -> None:
        self.key_file = home / "secrets" / "audit.key"
        self.signing_file = home / "secrets" / "checkpoint.key"
        self.public_file = home / "audit" / "checkpoint.pub"
        self.checkpoint_file = home / "audit" / "checkpoints.jsonl"

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
        """Adds one event after the last one. The session holds the write lock, so that the chain has one order."""
        session.flush()
        last, previous = session.exec(LAST).first() or (0, "")
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
        row.hash = chain_hash(secret(self.key_file), previous=previous, body=row.body)
        session.add(row)
        session.flush()

    def write_checkpoint(self, database: Database) -> bool:
        """Signs the present head and appends it to the file. False when nothing happened since the last one."""
        with database.read() as session:
            last = session.exec(select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(1)).first()
        known = self.last_checkpoint()
        if last is None or (known is not None and known >= last.seq):
            return False
        signature = self._sign(statement(last.seq, last.hash))
        line = {"seq": last.seq, "hash": last.hash, "time": last.time.isoformat(), "signature": signature}
        self.checkpoint_file.parent.mkdir(parents=True, exist_ok=True)
        with self.checkpoint_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return True

    def last_checkpoint(self) -> int | None:
        """The number of the last event that was signed."""
        lines = list(read_lines(self.checkpoint_file)) if self.checkpoint_file.exists() else []
        return max((int(line["seq"]) for line in lines), default=None)

    def verify(self, session: Session) -> Findings:
        """Reads the whole log and holds it against its chain and the checkpoints."""
        self._sign(b"")
        checkpoints = read_lines(self.checkpoint_file) if self.checkpoint_file.exists() else iter(())
        return verify(
            exported(session),
            key=secret(self.key_file),
            checkpoints=checkpoints,
            public_key=self.public_file.read_bytes(),
        )

    def _sign(self, message: bytes) -> str:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.from_private_bytes(secret(self.signing_file))
        if not self.public_file.exists():
            self.public_file.parent.mkdir(parents=True, exist_ok=True)
            self.public_file.write_bytes(key.public_key().public_bytes_raw())
        return key.sign(message).hex()


def secret(path: Path) -> bytes:
    """32 random bytes, made once, readable by their owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(KEY_BYTES))
    except FileExistsError:
        pass
    return path.read_bytes()


def exported(session: Session) -> Iterator[dict[str, Any]]:
    """Every event in order, as `verify` reads them, a thousand at a time."""
    after = 0
    while True:
        rows = session.exec(
            select(AuditRow).where(col(AuditRow.seq) > after).order_by(col(AuditRow.seq)).limit(BATCH)
        ).all()
        for row in rows:
            yield {**row.model_dump(), "time": row.time.isoformat()}
        if not rows:
            return
        after = rows[-1].seq
