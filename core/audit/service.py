"""Reading the audit log: who did what to what, and whether anyone touched the record of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import CTE, ColumnElement
from sqlmodel import col, func, select

from core.audit.journal import AuditJournal
from core.audit.tables import AuditRow, details_of
from core.audit.verify import json_object
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.listings import count_of, page_query
from core.foundation.objects import ObjectRow
from core.foundation.reach import newest_of_each
from core.foundation.values import Listing, Value, Verification
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset

NEWEST = (col(AuditRow.seq).desc(),)


def _action_names() -> CTE:
    """Every action that the log names. Each is looked up behind the one before it, which costs a step in the index
    for each name and not for each event."""
    first = sqlalchemy.select(func.min(AuditRow.action).label("action")).cte("actions", recursive=True)
    behind = sqlalchemy.select(func.min(AuditRow.action)).where(col(AuditRow.action) > first.c.action)
    return first.union_all(sqlalchemy.select(behind.scalar_subquery()).where(first.c.action.is_not(None)))


ACTIONS = _action_names()


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


class AuditReport(Verification):
    """A verification of the log. `signed_to` is the last event in a checkpoint."""

    events: int
    head: str
    signed_to: int | None


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
        where = [*self._visible(call), *_matching(subject, actor, action, outcome)]
        rows = page_query(AuditRow, where=where, order=NEWEST, offset=offset, limit=limit)
        total = count_of(call.session, AuditRow, where)
        return Listing(items=self._events(call, rows), total=total, offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def activity(self, call: Call, *, subject: str = "", limit: Limit = 20) -> tuple[AuditEvent, ...]:
        """Show the latest events in your projects, or of one object: the timeline of the pages."""
        where: list[ColumnElement[bool]] = [col(AuditRow.outcome) == "ok"]
        if subject:
            call.may_reach(subject)
            where.append(col(AuditRow.subject) == subject)
        reach = call.reach()
        if reach.is_everywhere:
            return self._events(call, page_query(AuditRow, where=where, order=NEWEST, offset=0, limit=limit))
        visible = [col(AuditRow.project) == project for project in sorted(reach.projects)]
        newest = newest_of_each(col(AuditRow.seq), visible, where=where, order=NEWEST, limit=limit)
        return self._events(call, select(AuditRow).where(newest).order_by(*NEWEST).limit(limit))

    @action(permission=Permission.AUDIT_VERIFY, reads=True)
    def verify(self, call: Call) -> AuditReport:
        """Check the whole log against its chain and the signed checkpoints outside the database. Each missing, torn or
        unreadable part is named."""
        call.unscoped()
        findings = self._journal.verify(self.foundation.database)
        return AuditReport(
            events=findings.count, head=findings.head, signed_to=findings.signed_to, problems=findings.problems
        )

    def _visible(self, call: Call) -> list[ColumnElement[bool]]:
        if call.reach().is_everywhere:
            return []
        # Those who see one project see their own events in it.
        return [col(AuditRow.actor) == call.actor.person_id]

    def _events(self, call: Call, rows: Any) -> tuple[AuditEvent, ...]:
        audit_rows = call.session.exec(rows).all()
        titles = _titles(call, {row.actor for row in audit_rows} | {row.subject for row in audit_rows})
        reach = call.permitted
        return tuple(
            _event(row, titles if row.outcome == "ok" or not row.project or reach.includes(row.project) else None)
            for row in audit_rows
        )


def _matching(subject: str, actor: str, action: str, outcome: str) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if subject:
        wanted.append(col(AuditRow.subject) == subject)
    if actor:
        wanted.append(col(AuditRow.actor) == actor)
    if action:
        # The few names that begin so: an index answers those, and not how a name begins.
        names = sqlalchemy.select(ACTIONS.c.action).where(ACTIONS.c.action.startswith(action, autoescape=True))
        wanted.append(col(AuditRow.action).in_(names))
    if outcome:
        wanted.append(col(AuditRow.outcome) == outcome)
    return wanted


def _titles(call: Call, ids: set[str]) -> dict[str, str]:
    rows = call.session.exec(select(ObjectRow).where(col(ObjectRow.id).in_(ids)))
    return {row.id: row.title for row in rows}


def _event(row: AuditRow, titles: Mapping[str, str] | None) -> AuditEvent:
    """Without titles the reader may not know the object, which they were refused as one that does not exist."""
    body, data = json_object(row.body) or {}, row.model_dump(exclude={"body", "hash"})
    if titles is None:
        titles, data = {}, {**data, "subject": "", "project": ""}
    subject = data["subject"]
    return AuditEvent(
        **data,
        actor_name=titles.get(row.actor, row.actor),
        subject_title=titles.get(subject, subject),
        via=str(body.get("via", "")),
        details=details_of(row.body),
    )
