"""A call that is sent again is done once. Whoever may have to send a writing action twice, because an answer was lost
or a button was pressed twice, names the call with a key: the first that is done keeps its answer for a day, in the
transaction of its effect, and the same key again gets that answer. A refusal changed nothing and keeps nothing, so what
was refused may be sent again with the same key.

An action that works slowly does so before its transaction; it claims the key first, so that this is not done twice at a
time. What actions do outside of the database (bytes in the store, work that is started) is named by what they read or
write in it, and done again it is the same."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python
from sqlmodel import Field, SQLModel, col, delete, select

from core.foundation.actions.call import Call
from core.foundation.actions.content import Content
from core.foundation.actions.references import object_named_by
from core.foundation.actions.spec import ActionSpec
from core.foundation.columns import time_field
from core.foundation.database import Database
from core.foundation.digests import digest_of
from core.foundation.errors import Conflict, InProgress, Unavailable
from core.foundation.text import _

RETENTION = timedelta(hours=24)
# As long as a caller waits for an answer: whoever holds a claim for longer has gone, and could not commit anyway.
CLAIMED = timedelta(minutes=10)
REMOVED_AT_ONCE, REMOVAL_PAUSE = 1_000, timedelta(minutes=1)


@dataclass
class Attempt:
    """One sending of a call. `of_form` says that the key is a form's: other arguments are then another call, for a form
    is corrected and sent again, and not a mistake. `is_replay` once an earlier sending turned out to be the first."""

    key: str
    of_form: bool = False
    is_replay: bool = False


class KeyRow(SQLModel, table=True):
    """A call that was done, or whose slow part is under way. `id` covers actor, action and key, `arguments` is the
    digest of what was sent, `claim` names the sending that is under way, `answer` is the JSON of one that is done."""

    __tablename__ = "idempotency_keys"

    id: str = Field(primary_key=True)
    arguments: str
    claim: str
    answer: str
    ends_at: datetime = time_field(index=True)


@dataclass(frozen=True)
class Replay:
    """What an earlier sending was answered."""

    answer: Any


_attempt: ContextVar[Attempt | None] = ContextVar("idempotency_attempt", default=None)


@contextmanager
def attempting(attempt: Attempt | None) -> Iterator[None]:
    """Every writing action inside is a sending under this key."""
    token = _attempt.set(attempt)
    try:
        yield
    finally:
        _attempt.reset(token)


def current() -> Attempt | None:
    """The sending that everything is now, if it is one."""
    return _attempt.get()


@contextmanager
def sending(spec: ActionSpec, database: Database) -> Iterator["KeyedCall | None"]:
    """The sending that is under way, where it has a key and the action an effect that must not be had twice."""
    attempt = _attempt.get()
    if attempt is None or spec.reads or spec.is_internal or spec.repeats:
        yield None
        return
    call = KeyedCall(attempt, spec)
    try:
        yield call
    except BaseException:
        call.release(database)
        raise


class KeyedCall:
    """A sending of a writing action under a key."""

    def __init__(self, attempt: Attempt, spec: ActionSpec) -> None:
        self._attempt, self._spec = attempt, spec
        self._claim, self._claimed, self._digest = uuid4().hex, "", ""
        self._answers: TypeAdapter[Any] = TypeAdapter(spec.returns)

    def claim(self, call: Call, arguments: dict[str, Any]) -> Replay | None:
        """Before slow work outside the lock: says that it is under way, unless it was done. Raises InProgress while
        another sending is under way and Conflict for a key that stood for something else."""
        row = self._row(call, arguments)
        if row is not None:
            return self._replay(row, call, arguments)
        claimed = self._new(call, ends_at=call.now + CLAIMED)
        call.session.add(claimed)
        self._claimed = claimed.id
        return None

    def perform(self, call: Call, arguments: dict[str, Any], function: Callable[[], Any]) -> Any:
        """Inside the lock: what an earlier sending was answered, else what `function` answers, which is kept."""
        row = self._row(call, arguments)
        if row is not None and row.claim != self._claim:
            return self._replay(row, call, arguments).answer
        if row is None and self._claimed:
            # It took so long that another sending may have begun, and been refused, in the meantime.
            raise InProgress(_("This took too long"), hint=_("Nothing was changed. Send it again."))
        answer = function()
        row = row or self._new(call, ends_at=call.now)
        row.claim, row.ends_at = "", call.now + RETENTION
        row.answer = "" if self._spec.shown_once else self._answers.dump_json(answer).decode()
        call.session.add(row)
        return answer

    def release(self, database: Database) -> None:
        """After a refusal: nothing was changed, so the key stands for nothing. What cannot be released now, because the
        database does not answer, ends by itself."""
        if self._claimed:
            with suppress(Unavailable), database.write() as session:
                mine = (col(KeyRow.id) == self._claimed, col(KeyRow.claim) == self._claim)
                session.exec(delete(KeyRow).where(*mine))

    def _row(self, call: Call, arguments: dict[str, Any]) -> KeyRow | None:
        """What is kept under the key; what has ended is taken away."""
        self._digest = self._digest or digest_of_arguments(self._spec.validate(arguments))
        row = call.session.get(KeyRow, self._id(call))
        if row is None or row.ends_at > call.now:
            return row
        call.session.delete(row)
        call.session.flush()
        return None

    def _id(self, call: Call) -> str:
        arguments = self._digest if self._attempt.of_form else ""
        return digest_of([call.actor.person_id, self._spec.name, self._attempt.key, arguments])

    def _new(self, call: Call, *, ends_at: datetime) -> KeyRow:
        return KeyRow(id=self._id(call), arguments=self._digest, claim=self._claim, answer="", ends_at=ends_at)

    def _replay(self, row: KeyRow, call: Call, arguments: dict[str, Any]) -> Replay:
        """The answer of then, to whoever may still reach what it is about."""
        if row.arguments != self._digest:
            raise Conflict(
                _("This idempotency key was sent before with other arguments"),
                hint=_("Send another key for another call, or the same arguments again."),
            )
        if row.claim:
            raise InProgress(
                _("The first call with this idempotency key is still under way"), hint=_("Send it again in a moment.")
            )
        if (subject := object_named_by(call.session, self._spec, arguments)) is not None:
            call.may_reach(subject.id, even_put_away=True)
        if self._spec.shown_once:
            raise Conflict(_("This was done, and its answer is shown only once"), hint=_(self._spec.shown_once))
        self._attempt.is_replay = True
        return Replay(self._answers.validate_json(row.answer))


def digest_of_arguments(arguments: dict[str, Any]) -> str:
    """The same for the same values, however they were written. A file counts by its digest."""
    short = {name: value.digest if isinstance(value, Content) else value for name, value in arguments.items()}
    return digest_of(to_jsonable_python(short))


class KeyRemoval:
    """`idempotency.keys`: takes away what was kept for its day, a bounded number at a time."""

    name = "idempotency.keys"

    def __init__(self, database: Database, *, at_once: int = REMOVED_AT_ONCE) -> None:
        self._database, self._at_once = database, at_once
        self._next: datetime | None = None

    def tick(self, now: datetime) -> None:
        """Looks once a minute, and at once again while there is more than it removes at once."""
        if self._next and now < self._next:
            return
        if self._removed() < self._at_once:
            self._next = now + REMOVAL_PAUSE

    def _removed(self) -> int:
        """How many were removed; where there is nothing to do, no lock is taken."""
        with self._database.read() as session:
            now = self._database.now(session)
            ended = select(KeyRow.id).where(col(KeyRow.ends_at) <= now).order_by(col(KeyRow.ends_at))
            ids = session.exec(ended.limit(self._at_once)).all()
        if ids:
            with self._database.write() as session:
                session.exec(delete(KeyRow).where(col(KeyRow.id).in_(ids), col(KeyRow.ends_at) <= now))
        return len(ids)
