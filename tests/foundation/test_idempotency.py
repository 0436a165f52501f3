"""A call that is sent again with its key is done once, whatever happens between its effect and its answer."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlmodel import col, func, select, update

from core.foundation.actions.call import Call
from core.foundation.actions.idempotency import CLAIMED, Attempt, KeyedCall, KeyRemoval, KeyRow, attempting
from core.foundation.actions.run import Service, action
from core.foundation.actors import Actor
from core.foundation.errors import Conflict, InProgress, Invalid, NotAllowed, NotFound, PortalError
from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow
from core.identity.permissions import Permission, Role
from core.portal import Portal
from tests.conftest import People

TOGETHER = 10


class NoteService(Service):
    """A domain of the test's own. What happens in the slow part and at the end of an action is the test's."""

    domain = "notes"
    slowly: Callable[[], object] = staticmethod(lambda: None)
    at_last: Callable[[], object] = staticmethod(lambda: None)

    def prepare_title(self, call: Call, *, project: str, title: str) -> str:
        call.may_reach_project(project)
        self.slowly()
        return title

    @action(permission=Permission.JOBS_WRITE)
    def write(self, call: Call, *, project: str, title: str, lines: tuple[str, ...] = ()) -> str:
        """Write a note."""
        return self._written(call, project, title)

    @action(permission=Permission.JOBS_WRITE, prepare=prepare_title)
    def write_slowly(self, call: Call, *, project: str, title: str) -> str:
        """Write a note that takes time."""
        return self._written(call, project, call.prepared)

    @action(permission=Permission.READ, reads=True)
    def read(self, call: Call) -> str:
        """Read a note."""
        call.unscoped()
        return "read"

    def _written(self, call: Call, project: str, title: str) -> str:
        call.may_reach_project(project)
        note_id = call.create(Kind.REQUIREMENT, project=project, title=title, state="open")
        call.about(note_id)
        self.at_last()
        return note_id


@pytest.fixture
def notes(portal: Portal) -> NoteService:
    return NoteService(portal.foundation)


def write(notes: NoteService, who: Actor, *, key: str, name: str = "write", title: str = "On time") -> tuple[str, bool]:
    """The answer, and whether it is that of an earlier sending."""
    attempt = Attempt(key)
    with attempting(attempt):
        note_id = getattr(notes, name)(who, project="PROJ-1", title=title)
    return note_id, attempt.is_replay


def titles(notes: NoteService) -> list[str]:
    with notes.foundation.database.read() as session:
        return list(session.exec(select(ObjectRow.title).where(ObjectRow.kind == Kind.REQUIREMENT.value)).all())


def count_of_keys(notes: NoteService) -> int:
    with notes.foundation.database.read() as session:
        return session.exec(select(func.count()).select_from(KeyRow)).one()


def age(notes: NoteService, time: timedelta) -> None:
    """Time passes for all that is kept."""
    with notes.foundation.database.write() as session:
        for row in session.exec(select(KeyRow)).all():
            session.exec(update(KeyRow).where(col(KeyRow.id) == row.id).values(ends_at=row.ends_at - time))


@pytest.mark.parametrize("name", ["write", "write_slowly"])
def test_the_same_key_again_gets_the_first_answer(
    portal: Portal, people: People, notes: NoteService, name: str
) -> None:
    assert write(notes, people.engineer, key="k", name=name) == ("R-1", False)
    assert write(notes, people.engineer, key="k", name=name) == ("R-1", True)
    assert write(notes, people.engineer, key="other", name=name) == ("R-2", False)
    assert len(titles(notes)) == 2
    assert portal.audit.list_events(people.admin, action=f"notes.{name}").total == 2


@pytest.mark.parametrize("name", ["write", "write_slowly"])
def test_many_at_once_make_one(people: People, notes: NoteService, name: str) -> None:
    def sent(_number: int) -> str:
        try:
            return write(notes, people.engineer, key="k", name=name)[0]
        except InProgress:
            return "in progress"

    with ThreadPoolExecutor(TOGETHER) as pool:
        answers = set(pool.map(sent, range(TOGETHER)))
    assert titles(notes) == ["On time"]
    assert answers <= {"R-1", "in progress"}
    assert write(notes, people.engineer, key="k", name=name) == ("R-1", True)


def test_on_postgresql_many_at_once_make_one(portal_on: Portal, people: People) -> None:
    test_many_at_once_make_one(people, NoteService(portal_on.foundation), "write")


def test_another_call_under_the_same_key_is_refused(people: People, notes: NoteService) -> None:
    write(notes, people.engineer, key="k")
    with pytest.raises(Conflict, match="sent before with other arguments") as refused:
        write(notes, people.engineer, key="k", title="Late")
    assert "Send another key" in refused.value.hint
    assert titles(notes) == ["On time"]


def test_a_default_that_is_written_out_is_the_same_call(people: People, notes: NoteService) -> None:
    write(notes, people.engineer, key="k")
    with attempting(Attempt("k")):
        assert notes.write(people.engineer, project="PROJ-1", title="On time", lines=()) == "R-1"


def test_a_key_counts_for_one_actor_and_one_action(people: People, notes: NoteService) -> None:
    write(notes, people.engineer, key="k")
    assert write(notes, people.other_engineer, key="k") == ("R-2", False)
    assert write(notes, people.engineer, key="k", name="write_slowly") == ("R-3", False)


def test_whose_role_was_taken_away_gets_no_answer_of_before(portal: Portal, people: People, notes: NoteService) -> None:
    system, who = Actor.system("test"), people.engineer.person_id
    write(notes, people.engineer, key="k")
    portal.identity.grant_role(system, person_id=who, role=Role.ENGINEER, project="PROJ-2")
    assert write(notes, people.engineer, key="k") == ("R-1", True)
    portal.identity.revoke_role(system, person_id=who, role=Role.ENGINEER, project="PROJ-1")
    with pytest.raises(NotFound, match="There is no object called 'PROJ-1'"):
        write(notes, people.engineer, key="k")


def test_a_form_that_is_corrected_is_another_call(people: People, notes: NoteService) -> None:
    with attempting(Attempt("form", of_form=True)):
        ids = [notes.write(people.engineer, project="PROJ-1", title=title) for title in ("One", "Two", "One")]
    assert ids == ["R-1", "R-2", "R-1"]


@pytest.mark.parametrize("name", ["write", "write_slowly"])
@pytest.mark.parametrize("error", [Conflict("There is one"), Invalid("no"), RuntimeError("a crash")])
def test_what_was_refused_or_failed_changed_nothing_and_may_be_sent_again(
    people: People, notes: NoteService, name: str, error: Exception
) -> None:
    def refuse() -> None:
        raise error

    notes.at_last = refuse
    with pytest.raises(type(error)):
        write(notes, people.engineer, key="k", name=name)
    assert (titles(notes), count_of_keys(notes)) == ([], 0)
    notes.at_last = lambda: None
    assert write(notes, people.engineer, key="k", name=name, title="Corrected")[1] is False
    assert titles(notes) == ["Corrected"]


def test_while_the_first_is_under_way_the_second_waits_outside(people: People, notes: NoteService) -> None:
    refusals: list[PortalError] = []

    def send_again() -> None:
        with pytest.raises(InProgress, match="still under way") as refused:
            write(notes, people.engineer, key="k", name="write_slowly")
        refusals.append(refused.value)

    notes.slowly = send_again
    assert write(notes, people.engineer, key="k", name="write_slowly") == ("R-1", False)
    assert [(error.status, getattr(error, "retry_after", 0)) for error in refusals] == [(409, 1)]


def test_a_sending_that_takes_longer_than_callers_wait_has_no_effect_beside_the_next(
    people: People, notes: NoteService
) -> None:
    def overtaken() -> None:
        notes.slowly = lambda: None
        age(notes, CLAIMED)
        assert write(notes, people.engineer, key="k", name="write_slowly") == ("R-1", False)

    notes.slowly = overtaken
    assert write(notes, people.engineer, key="k", name="write_slowly") == ("R-1", True)
    assert titles(notes) == ["On time"]


def test_a_sending_whose_claim_was_taken_away_has_no_effect(people: People, notes: NoteService) -> None:
    def expired() -> None:
        age(notes, CLAIMED)
        KeyRemoval(notes.foundation.database).tick(notes.foundation.clock.now())

    notes.slowly = expired
    with pytest.raises(InProgress, match="too long"):
        write(notes, people.engineer, key="k", name="write_slowly")
    assert titles(notes) == []


def test_a_claim_that_a_crash_left_behind_ends(people: People, notes: NoteService) -> None:
    spec, arguments = NoteService.write_slowly.spec, {"project": "PROJ-1", "title": "On time"}  # type: ignore[attr-defined]
    with notes.foundation.database.write() as session:
        KeyedCall(Attempt("k"), spec).claim(Call(notes.foundation, session, people.engineer, spec), arguments)
    with pytest.raises(InProgress):
        write(notes, people.engineer, key="k", name="write_slowly")
    age(notes, CLAIMED)
    assert write(notes, people.engineer, key="k", name="write_slowly") == ("R-1", False)


def test_whoever_may_not_any_more_is_refused_an_answer_of_before(
    portal: Portal, people: People, notes: NoteService
) -> None:
    write(notes, people.engineer, key="k")
    portal.identity.set_state(people.admin, person_id=people.engineer.person_id, state="disabled")
    with pytest.raises(PortalError) as refused:
        write(notes, people.engineer, key="k")
    assert refused.value.status in (401, NotAllowed.status)


def test_an_answer_is_kept_for_a_day_and_then_removed_in_batches(people: People, notes: NoteService) -> None:
    for number in range(5):
        write(notes, people.engineer, key=str(number))
    removal, now = KeyRemoval(notes.foundation.database, at_once=2), notes.foundation.clock.now()
    age(notes, timedelta(hours=23, minutes=59))
    removal.tick(now)
    assert (count_of_keys(notes), write(notes, people.engineer, key="0")) == (5, ("R-1", True))
    age(notes, timedelta(minutes=1))
    assert write(notes, people.engineer, key="0") == ("R-6", False)
    counts = []
    for minute in range(1, 5):
        removal.tick(now + timedelta(minutes=minute))
        counts.append(count_of_keys(notes))
    assert counts == [3, 1, 1, 1]


def test_without_a_key_and_in_reading_nothing_is_kept(people: People, notes: NoteService) -> None:
    notes.write(people.engineer, project="PROJ-1", title="On time")
    with attempting(Attempt("k")):
        assert notes.read(people.engineer) == "read"
    assert count_of_keys(notes) == 0


def test_a_tokens_text_is_not_kept(portal: Portal, people: People) -> None:
    with attempting(Attempt("k")):
        minted = portal.identity.mint_token(people.engineer, name="CI", scopes=(Permission.READ,))
        with pytest.raises(Conflict, match="shown only once") as refused:
            portal.identity.mint_token(people.engineer, name="CI", scopes=(Permission.READ,))
    assert "mint another" in refused.value.hint
    assert [token.id for token in portal.identity.list_tokens(people.engineer)] == [minted.token.id]
    stored = b"".join(file.read_bytes() for file in portal.foundation.settings.home.rglob("*.sqlite*"))
    assert minted.token.id.encode() in stored
    assert minted.secret.encode() not in stored


def test_every_answer_that_is_kept_can_be_given_again(portal: Portal) -> None:
    """It is read as it was written; what is a secret or a whole file is not kept."""
    for _service, spec in portal.catalog().values():
        if spec.reads or spec.is_internal or spec.repeats or spec.shown_once:
            continue
        adapter: TypeAdapter[Any] = TypeAdapter(spec.returns)
        schema = adapter.json_schema(mode="serialization")
        assert not {"binary", "base64url"} & set(re.findall(r'"format": "(\w+)"', json.dumps(schema))), spec.name
        written, read = (parts(adapter.json_schema(mode=mode)) for mode in ("serialization", "validation"))
        assert written == read, spec.name
        names = {name for properties in written.values() for name in properties}
        assert not names & {"secret", "token", "password"}, spec.name


def parts(schema: dict[str, Any]) -> dict[str, set[str]]:
    classes = {"": schema, **schema.get("$defs", {})}
    return {name: set(shape.get("properties", ())) for name, shape in classes.items()}
