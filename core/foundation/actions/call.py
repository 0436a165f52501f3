"""One action under way: who acts, in which transaction, what the permission reaches, and what the audit log will say
of it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlmodel import Session

from core.foundation.actions.spec import ActionSpec
from core.foundation.actors import Actor
from core.foundation.clock import Clock
from core.foundation.database import Database
from core.foundation.errors import Conflict, NotAllowed, NotFound
from core.foundation.ids import Kind
from core.foundation.objects import LinkRow, ObjectRow, next_id, put_away
from core.foundation.ports import Access, Journal
from core.foundation.reach import Reach
from core.foundation.settings import Settings
from core.foundation.storage import Store
from core.foundation.text import _

READ = "read"


@dataclass(frozen=True)
class Foundation:
    """What every service is built on."""

    settings: Settings
    database: Database
    clock: Clock
    store: Store
    access: Access
    journal: Journal


class Hidden(NotFound):
    """The object exists and the caller may not know it. Raised as NotFound, recorded in the audit log as a denial."""


@dataclass(frozen=True)
class Subject:
    """What an audit event is about, and in which project; both may be empty."""

    id: str
    project: str


class Call:
    """One action under way: its actor, its transaction, and the checks that it owes before it ends."""

    def __init__(self, foundation: Foundation, session: Session, actor: Actor, spec: ActionSpec) -> None:
        self.foundation = foundation
        self.session = session
        self.actor = actor
        self.spec = spec
        self.prepared: Any = None
        self._details: dict[str, Any] = {}
        self._subject: Subject | None = None
        self._reach = foundation.access.reach(session, actor, spec.permission)
        self._is_checked = False
        if self._reach.is_nowhere:
            raise foundation.access.refusal(session, actor, spec.permission, action=spec.name)

    @cached_property
    def now(self) -> datetime:
        """The database's time, the same for the whole action."""
        return self.foundation.database.now(self.session)

    def may_reach(self, object_id: str, *, even_put_away: bool = False) -> ObjectRow:
        """The object, once the declared permission is known to reach its project. NotFound when the actor may not
        see it, Conflict where something would be done with one that was put away, or with a part of one."""
        self._is_checked = True
        row = self.session.get(ObjectRow, object_id)
        if row is None:
            raise NotFound(_("There is no object called {id}").format(id=repr(object_id[:40])))
        if row.project:
            self._refuse_beyond(row.project, unseen=_("There is no object called {id}").format(id=repr(object_id)))
        if not (even_put_away or self.spec.reads or self.spec.is_internal):
            self.refuse_put_away(row)
        return row

    def refuse_put_away(self, row: ObjectRow) -> None:
        """Conflict where an object, or what it is a part of, was archived or deleted: nothing new is made of it."""
        if gone := put_away(self.session, row):
            hint = _("Bring it back first.") if gone.put_away == "archived" else _("Choose another.")
            raise Conflict(_("{title} was {state}").format(title=gone.title, state=_(gone.put_away)), hint=hint)

    def may_reach_project(self, project: str) -> None:
        """The declared permission reaches this project. NotFound when the actor may not see it, or it is none."""
        self._is_checked = True
        missing = _("There is no project called {id}").format(id=repr(project[:40]))
        row = self.session.get(ObjectRow, project)
        if row is None or row.kind != Kind.PROJECT:
            raise NotFound(missing)
        self._refuse_beyond(project, unseen=missing)

    def reach(self) -> Reach:
        """Where the declared permission holds, for lists."""
        self._is_checked = True
        return self._reach

    @property
    def permitted(self) -> Reach:
        """Where the declared permission holds, for reading what is not the action's own; no check is owed for it."""
        return self._reach

    def concerns_everybody(self) -> None:
        """The declared permission holds in every project, as what is done here concerns all of them.
        Raises NotAllowed where the actor has it in some projects alone."""
        self._is_checked = True
        if not self._reach.is_everywhere:
            raise NotAllowed(
                _("This concerns every project, and your role is for {projects}").format(
                    projects=", ".join(sorted(self._reach.projects))
                ),
                hint=_("Ask somebody who has the role everywhere."),
                permission=self.spec.permission,
            )

    def unscoped(self) -> None:
        """Says that this action concerns no project."""
        self._is_checked = True

    def about(self, subject: str, *, project: str = "") -> None:
        """What the action's audit event is about, said once: an object, or a project alone. The project is that of
        the object unless it is named."""
        if self._subject is not None:
            raise AssertionError(f"{self.spec.name} says twice what it is about: {self._subject.id}, {subject}")
        self._subject = Subject(subject, project)

    @property
    def subject(self) -> str:
        """The id of what the action's audit event is about; empty while that was not said."""
        return self._subject.id if self._subject else ""

    def is_about(self, subject: str) -> bool:
        """Whether the action's audit event is about this object, as far as it has been said."""
        return self.subject == subject

    def note(self, **details: Any) -> None:
        """What the action's own audit event says beside its subject. Never a secret."""
        self._details.update(details)

    def create(
        self, kind: Kind, *, project: str, title: str, state: str, name: str = "", owner: str | None = None
    ) -> str:
        """A new short id, with its row among the objects. `name` is the identifier of what has one."""
        object_id = next_id(self.session, kind)
        project = object_id if kind is Kind.PROJECT else project
        row = ObjectRow(
            id=object_id,
            kind=kind.value,
            project=project,
            title=title,
            name=name,
            state=state,
            owner=owner or self.actor.person_id,
            created_at=self.now,
            updated_at=self.now,
        )
        self.session.add(row)
        self.session.flush()
        return object_id

    def update(
        self, object_id: str, *, state: str | None = None, title: str | None = None, owner: str | None = None
    ) -> None:
        """Keeps the object's row in step with its domain's table."""
        row = self.session.get_one(ObjectRow, object_id)
        row.owner = owner or row.owner
        row.state = state or row.state
        row.title = title or row.title
        row.updated_at = self.now
        self.session.add(row)

    def link(self, source_id: str, target_id: str, relation: str) -> None:
        """An edge of the chain, from what came first to what follows. Saying it twice is saying it once."""
        if self.session.get(LinkRow, (source_id, target_id, relation)) is None:
            self.session.add(LinkRow(source=source_id, target=target_id, relation=relation, created_at=self.now))
            self.session.flush()

    def record(self, event: str, *, subject: str, details: dict[str, Any] | None = None) -> None:
        """An event beside the action's own."""
        self._append(event, Subject(subject, ""), details or {})

    def check_scope(self) -> None:
        """An action that checked no scope is a mistake of ours and is undone."""
        if not self._is_checked:
            raise AssertionError(f"{self.spec.name} ended without a scope check")

    def close(self) -> None:
        """The last step before the commit: the action's audit event."""
        self.check_scope()
        if self.spec.reads:
            return
        if self._subject is None:
            raise AssertionError(f"{self.spec.name} ended without saying what it is about")
        self._append(self.spec.name, self._subject, self._details)

    def _append(self, event: str, subject: Subject, details: dict[str, Any]) -> None:
        row = self.session.get(ObjectRow, subject.id) if subject.id else None
        self.foundation.journal.append(
            self.session,
            actor=self.actor,
            action=event,
            outcome="ok",
            subject=subject.id,
            project=subject.project or (row.project if row else ""),
            details=details,
            now=self.now,
        )

    def missing_scope(self, permission: str, *, everywhere: bool = False) -> str:
        """What to do where only the token in use keeps the caller from a permission; empty where it does not."""
        return self.foundation.access.missing_scope(self.session, self.actor, permission, everywhere=everywhere)

    def _refuse_beyond(self, project: str, *, unseen: str) -> None:
        if self._reach.includes(project):
            return
        if not self.foundation.access.reach(self.session, self.actor, READ).includes(project):
            raise Hidden(unseen)
        raise NotAllowed(
            _("You may not do this in {project}").format(project=project),
            hint=_("Ask an administrator for the role in that project."),
            permission=self.spec.permission,
        )
