"""A million audit events behind those of the small installation, in one chain with them: `causeway audit verify` is
sound."""

import itertools
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.audit.journal import AuditJournal
from core.audit.keys import read_key
from core.audit.verify import chain_hash
from core.foundation.digests import canonical
from core.foundation.ids import Kind
from tests.bench.history.copies import FIRST

ACTIONS = (
    "training.start_run",
    "training:run:finished",
    "registry.edit_card",
    "promotion.approve",
    "lake.create_dataset",
)
WRITTEN = "registry:evidence:written"
INSERT = """INSERT INTO audit_events (seq, time, actor, action, outcome, subject, project, body, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
BATCH = 10_000


def append_events(connection: sqlite3.Connection, *, home: Path, count: int) -> None:
    """First the writing of every piece of evidence, which the portal asks the log for, then what people did."""
    seq, head, time = connection.execute(
        "SELECT seq, hash, time FROM audit_events ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    people = [person for (person,) in connection.execute("SELECT id FROM people ORDER BY id LIMIT 8")]
    start = datetime.fromisoformat(time).replace(tzinfo=UTC)
    key = read_key(AuditJournal(home).key_file, is_new=False)
    facts = itertools.islice(_facts(connection, people), count)
    numbered = enumerate(facts, start=seq + 1)
    while batch := list(itertools.islice(numbered, BATCH)):
        rows = []
        for number, (actor, action, outcome, subject, details) in batch:
            when = start + timedelta(milliseconds=number)
            fields = {"seq": number, "time": when.isoformat(), "actor": actor, "action": action, "outcome": outcome}
            fields |= {"subject": subject, "project": "PROJ-1", "via": "session", "token": "", "details": details}
            body = canonical(fields).decode()
            head = chain_hash(key, previous=head, body=body)
            stored = when.strftime("%Y-%m-%d %H:%M:%S.%f")
            rows.append((number, stored, actor, action, outcome, subject, "PROJ-1", body, head))
        connection.executemany(INSERT, rows)


def _facts(connection: sqlite3.Connection, people: list[str]) -> Iterator[tuple[str, str, str, str, dict[str, str]]]:
    written = "SELECT id, created_by, digest FROM evidence WHERE CAST(substr(id, 4) AS INTEGER) >= ?"
    for evidence_id, person, digest in connection.execute(written, (FIRST,)).fetchall():
        yield person, WRITTEN, "ok", evidence_id, {"digest": digest}
    for number in itertools.count():
        outcome = "denied" if number % 50 == 0 else "ok"
        subject = f"{Kind.RUN.prefix}-{FIRST + 1 + number % 100_000}"
        yield people[number % len(people)], ACTIONS[number % len(ACTIONS)], outcome, subject, {}
