"""Reading the audit log: who did what to what, and whether anyone touched the record of it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from core.audit.journal import AuditJournal
from core.audit.tables import AuditRow
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.objects import ObjectRow
from core.foundation.values import Listing, Value
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset


class AuditEvent(Value):
    """A fact with an actor. `outcome` is ok or denied; `subject_title` is what its object is called today."""

    seq: int
    time: datetime
    actor: str
    actor_name: str
    via: str
    action: str
    outcome: str
    subject: str
    subject_title: str
    project: str
    details: dict[str, Any]


class AuditReport(Value):
    """A verification: sound when `problems` is empty. `signed_to` is the last event in a checkpoint."""

    events: int
    head: str
    signed_to: int | None
    problems: tuple[str, ...]


class AuditService(Service):
    domain = "audit"

    def __init__(self, foundation: Foundation, *, journal: AuditJournal) -> None:
        super().__init__(foundation)
        self._journal = journal

    @action(permission=Permission.AUDIT_READ, reads=True)
    def list_events(
        self,
        call: Call,
        *,
        subject: str = "",
        actor: str = "",
        action: str = "",
        outcome: str = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[AuditEvent]:
        """List events, the newest first; filter by subject, actor, start of the action's name or outcome."""
        kept = [*self._visible(call), *_matching(subject, actor, action, outcome)]
        total = call.session.exec(select(func.count()).select_from(AuditRow).where(*kept)).one()
        rows = select(AuditRow).where(*kept).order_by(col(AuditRow.seq).desc()).offset(offset).limit(limit)
        return Listing(items=self._events(call, rows), total=total, offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def activity(self, call: Call, *, subject: str = "", limit: Limit = 20) -> tuple[AuditEvent, ...]:
        """What happened lately in your projects, or to one object: the timeline that pages show."""
        kept: list[ColumnElement[bool]] = [col(AuditRow.outcome) == "ok"]
        if subject:
            call.may_reach(subject)
            kept.append(col(AuditRow.subject) == subject)
        kept += call.reach().condition(AuditRow.project)
        rows = select(AuditRow).where(*kept).order_by(col(AuditRow.seq).desc()).limit(limit)
        return self._events(call, rows)

    @action(permission=Permission.AUDIT_VERIFY, reads=True)
    def verify(self, call: Call) -> AuditReport:
        """Check the whole log against its chain and the signed checkpoints outside the database."""
        call.unscoped()
        findings = self._journal.verify(call.session)
        return AuditReport(
            events=findings.count,
            head=findings.head,
            signed_to=self._journal.last_checkpoint(),
            problems=tuple(findings.problems),
        )

    def _visible(self, call: Call) -> list[ColumnElement[bool]]:
        if call.reach().is_everywhere:
            return []
        # Those who see one project see their own events in it.
        return [col(AuditRow.actor) == call.actor.person_id]

    def _events(self, call: Call, rows: Any) -> tuple[AuditEvent, ...]:
        found = call.session.exec(rows).all()
        titles = _titles(call, {row.actor for row in found} | {row.subject for row in found})
        return tuple(_event(row, titles) for row in found)


def _matching(subject: str, actor: str, action: str, outcome: str) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if subject:
        wanted.append(col(AuditRow.subject) == subject)
    if actor:
        wanted.append(col(AuditRow.actor) == actor)
    if action:
        wanted.append(col(AuditRow.action).startswith(action, autoescape=True))
    if outcome:
        wanted.append(col(AuditRow.outcome) == outcome)
    return wanted


def _titles(call: Call, ids: set[str]) -> dict[str, str]:
    rows = call.session.exec(select(ObjectRow).where(col(ObjectRow.id).in_(ids)))
    return {row.id: row.title for row in rows}


def _event(row: AuditRow, titles: Mapping[str, str]) -> AuditEvent:
    body = json.loads(row.body)
    data = row.model_dump(exclude={"body", "hash"})
    actor, subject = titles.get(row.actor, row.actor), titles.get(row.subject, row.subject)
    return AuditEvent(**data, actor_name=actor, subject_title=subject, via=body["via"], details=body["details"])
