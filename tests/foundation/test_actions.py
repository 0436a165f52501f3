"""What holds for every action, whichever it is: the check, the transaction, the audit event, the arguments."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel
from sqlmodel import select

from core.audit.service import AuditEvent
from core.foundation.actions.call import Call, Hidden
from core.foundation.actions.run import Service, action, refuse_unless_permitted, run_action
from core.foundation.actors import Actor
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.foundation.ids import Kind
from core.foundation.objects import LinkRow, ObjectRow
from core.identity.permissions import Permission
from core.portal import Portal
from tests.conftest import People


class Note(BaseModel):
    text: str


class NoteService(Service):
    """A domain of the test's own."""

    domain = "notes"

    @action(permission=Permission.JOBS_WRITE)
    def write(self, call: Call, *, project: str, title: str, note: Note | None = None) -> str:
        """Write a note.

        In a project."""
        call.may_reach_project(project)
        note_id = call.create(Kind.REQUIREMENT, project=project, title=title, state="open")
        call.about(note_id)
        call.note(words=len(title.split()))
        return note_id

    @action(permission=Permission.JOBS_WRITE)
    def write_and_fail(self, call: Call, *, project: str) -> None:
        """Write a note and find out too late that it is there."""
        call.may_reach_project(project)
        call.create(Kind.REQUIREMENT, project=project, title="Too late", state="open")
        raise Conflict("There is one")

    @action(permission=Permission.JOBS_WRITE)
    def rename(self, call: Call, *, note_id: str, title: str, state: str = "", owner: str = "") -> None:
        """Rename a note."""
        call.may_reach(note_id)
        call.about(note_id)
        call.update(note_id, title=title, state=state or None, owner=owner or None)

    @action(permission=Permission.JOBS_WRITE)
    def join(self, call: Call, *, note_id: str, other_id: str) -> None:
        """Say twice that one note follows another, and that it was said."""
        call.may_reach(note_id)
        call.about(note_id)
        call.link(note_id, other_id, "leads to")
        call.link(note_id, other_id, "leads to")
        call.record("notes:joined", subject=other_id, details={"from": note_id})

    @action(permission=Permission.JOBS_WRITE)
    def annotate(self, call: Call, *, requirement_id: str) -> None:
        """Annotate a note."""
        call.may_reach(requirement_id)
        call.about(requirement_id)

    @action(permission=Permission.READ, reads=True)
    def read(self, call: Call, *, note_id: str) -> str:
        """Read a note."""
        return call.may_reach(note_id).title

    @action(permission=Permission.READ, reads=True)
    def forget_the_scope(self, call: Call) -> None:
        """Check nothing."""

    @action(permission=Permission.JOBS_WRITE)
    def write_without_scope(self, call: Call) -> None:
        """Write what nobody has checked."""
        call.create(Kind.REQUIREMENT, project="PROJ-1", title="Unchecked", state="open")

    @action(permission=Permission.JOBS_WRITE)
    def say_nothing(self, call: Call, *, project: str) -> None:
        """Write, and do not say what."""
        call.may_reach_project(project)
        call.create(Kind.REQUIREMENT, project=project, title="Unsaid", state="open")

    @action(permission=Permission.JOBS_WRITE)
    def say_it_twice(self, call: Call, *, project: str) -> None:
        """Write, and say two things."""
        call.may_reach_project(project)
        call.about(call.create(Kind.REQUIREMENT, project=project, title="Said", state="open"))
        call.about(project)

    def prepare_title(self, call: Call, *, project: str) -> str:
        call.may_reach_project(project)
        return "Prepared"

    def prepare_carelessly(self, call: Call) -> str:
        return "Unchecked"

    @action(permission=Permission.JOBS_WRITE, prepare=prepare_title)
    def write_prepared(self, call: Call, *, project: str) -> str:
        """Write what was prepared outside the lock."""
        call.may_reach_project(project)
        note_id = call.create(Kind.REQUIREMENT, project=project, title=call.prepared, state="open")
        call.about(note_id)
        return note_id

    @action(permission=Permission.JOBS_WRITE, prepare=prepare_carelessly)
    def write_careless(self, call: Call) -> None:
        """Write what was prepared without a check."""
        call.unscoped()


@pytest.fixture
def notes(portal: Portal) -> NoteService:
    return NoteService(portal.foundation)


def events(portal: Portal, people: People, action: str) -> list[AuditEvent]:
    return list(portal.audit.list_events(people.admin, action=action).items)


def objects(portal: Portal) -> dict[str, ObjectRow]:
    with portal.foundation.database.read() as session:
        rows = session.exec(select(ObjectRow).where(ObjectRow.kind == Kind.REQUIREMENT.value)).all()
        session.expunge_all()
        return {row.id: row for row in rows}


def spec_of(name: str) -> Any:
    return getattr(NoteService, name).spec


def test_what_was_done_is_written_down_with_its_subject_project_and_details(
    portal: Portal, people: People, notes: NoteService
) -> None:
    note_id = notes.write(people.engineer, project="PROJ-1", title="On time")
    (event,) = events(portal, people, "notes.write")
    assert (event.actor, event.outcome, event.subject, event.project) == (
        people.engineer.person_id,
        "ok",
        note_id,
        "PROJ-1",
    )
    assert event.details == {"words": 2}
    row = objects(portal)[note_id]
    assert (row.project, row.title, row.state, row.owner) == ("PROJ-1", "On time", "open", people.engineer.person_id)
    assert row.created_at == row.updated_at


def test_a_refusal_undoes_all_and_is_written_down(portal: Portal, people: People, notes: NoteService) -> None:
    with pytest.raises(Conflict):
        notes.write_and_fail(people.engineer, project="PROJ-1")
    assert objects(portal) == {}
    (event,) = events(portal, people, "notes.write_and_fail")
    assert (event.outcome, event.details) == ("denied", {"reason": "There is one"})
    assert (event.subject, event.project) == ("PROJ-1", "PROJ-1")


@pytest.mark.parametrize("called", ["R-1", "On time"])
@pytest.mark.parametrize("who", ["viewer", "sre"])
def test_a_denial_names_the_object_by_whatever_it_was_called(
    portal: Portal, people: People, notes: NoteService, who: str, called: str
) -> None:
    notes.write(people.engineer, project="PROJ-1", title="On time")
    with pytest.raises(NotAllowed):
        notes.annotate(getattr(people, who), requirement_id=called)
    (event,) = events(portal, people, "notes.annotate")
    assert (event.outcome, event.subject, event.project) == ("denied", "R-1", "PROJ-1")


def test_who_may_not_know_an_object_reads_nothing_of_it_in_the_log(
    portal: Portal, people: People, notes: NoteService
) -> None:
    notes.write(people.engineer, project="PROJ-1", title="Secret goal")
    with pytest.raises(NotFound):
        notes.read(people.outsider, note_id="R-1")
    (denial,) = portal.audit.list_events(people.outsider, outcome="denied").items
    assert (denial.subject, denial.subject_title, denial.project) == ("", "", "")
    (denial,) = portal.audit.list_events(people.admin, outcome="denied").items
    assert (denial.subject, denial.subject_title, denial.project) == ("R-1", "Secret goal", "PROJ-1")


def test_a_denial_while_arguments_are_read_is_written_down(portal: Portal, people: People, notes: NoteService) -> None:
    """Before anything is known of the arguments, the permission alone is asked for."""
    refuse_unless_permitted(notes, people.engineer, spec=spec_of("write"))
    assert events(portal, people, "notes.write") == []
    with pytest.raises(NotAllowed, match="needs the permission jobs"):
        refuse_unless_permitted(notes, people.viewer, spec=spec_of("write"))
    (event,) = events(portal, people, "notes.write")
    assert (event.actor, event.outcome) == (people.viewer.person_id, "denied")


def test_reading_leaves_no_event_unless_it_is_denied(portal: Portal, people: People, notes: NoteService) -> None:
    note_id = notes.write(people.engineer, project="PROJ-1", title="On time")
    assert notes.read(people.viewer, note_id=note_id) == "On time"
    assert events(portal, people, "notes.read") == []
    with pytest.raises(Hidden, match="no object called"):
        notes.read(people.outsider, note_id=note_id)
    (event,) = events(portal, people, "notes.read")
    assert (event.actor, event.outcome) == (people.outsider.person_id, "denied")


def test_an_id_that_does_not_exist_is_no_denial(portal: Portal, people: People, notes: NoteService) -> None:
    with pytest.raises(NotFound, match="There is no object called 'R-77'"):
        notes.read(people.viewer, note_id="R-77")
    assert events(portal, people, "notes.read") == []


def test_what_someone_may_see_and_not_change_is_refused_by_its_project(
    people: People, notes: NoteService, portal: Portal
) -> None:
    """A permission that reaches another project only: the engineer of one is a viewer of the other."""
    note_id = notes.write(people.engineer, project="PROJ-1", title="On time")
    with pytest.raises(NotFound):
        notes.rename(people.outsider, note_id=note_id, title="Mine")
    portal.identity.grant_role(people.admin, person_id=people.outsider.person_id, role="viewer", project="PROJ-1")  # type: ignore[arg-type]
    with pytest.raises(NotAllowed, match="You may not do this in PROJ-1"):
        notes.rename(people.outsider, note_id=note_id, title="Mine")
    with pytest.raises(NotAllowed, match="You may not do this in PROJ-1"):
        notes.write(people.outsider, project="PROJ-1", title="Mine")


@pytest.mark.parametrize("project", ["PROJ-9", "", "R-1"])
def test_what_is_no_project_takes_nothing_in(people: People, notes: NoteService, project: str) -> None:
    notes.write(people.engineer, project="PROJ-1", title="On time")
    with pytest.raises(NotFound, match="There is no project called"):
        notes.write(people.engineer, project=project, title="Nowhere")


def test_only_what_is_given_changes_and_the_time_of_the_change_does(
    portal: Portal, people: People, notes: NoteService
) -> None:
    note_id = notes.write(people.engineer, project="PROJ-1", title="On time")
    notes.rename(people.engineer, note_id=note_id, title="Late")
    row = objects(portal)[note_id]
    assert (row.title, row.state, row.owner) == ("Late", "open", people.engineer.person_id)
    assert row.updated_at >= row.created_at
    notes.rename(people.engineer, note_id=note_id, title="", state="met", owner=people.viewer.person_id)
    row = objects(portal)[note_id]
    assert (row.title, row.state, row.owner) == ("Late", "met", people.viewer.person_id)


def test_an_edge_said_twice_is_one_and_an_event_beside_has_the_project_of_its_subject(
    portal: Portal, people: People, notes: NoteService
) -> None:
    first, second = (notes.write(people.engineer, project="PROJ-1", title=title) for title in ("One", "Two"))
    notes.join(people.engineer, note_id=first, other_id=second)
    with portal.foundation.database.read() as session:
        (edge,) = session.exec(select(LinkRow)).all()
        assert (edge.source, edge.target, edge.relation) == (first, second, "leads to")
    (beside,) = events(portal, people, "notes:joined")
    assert (beside.subject, beside.project, beside.details) == (second, "PROJ-1", {"from": first})
    (own,) = events(portal, people, "notes.join")
    assert (own.subject, own.project) == (first, "PROJ-1")


@pytest.mark.parametrize("name", ["forget_the_scope", "write_without_scope", "write_careless"])
def test_an_action_that_checked_no_scope_is_undone(
    portal: Portal, people: People, notes: NoteService, name: str
) -> None:
    with pytest.raises(AssertionError, match="ended without a scope check"):
        run_action(notes, people.engineer, spec=spec_of(name), arguments={})
    assert objects(portal) == {}
    assert events(portal, people, f"notes.{name}") == []


@pytest.mark.parametrize("name", ["say_nothing", "say_it_twice"])
def test_an_action_that_does_not_say_once_what_it_is_about_is_undone(
    portal: Portal, people: People, notes: NoteService, name: str
) -> None:
    with pytest.raises(AssertionError, match="what it is about"):
        run_action(notes, people.engineer, spec=spec_of(name), arguments={"project": "PROJ-1"})
    assert objects(portal) == {}


def test_what_was_prepared_outside_the_lock_reaches_the_action(
    portal: Portal, people: People, notes: NoteService
) -> None:
    note_id = notes.write_prepared(people.engineer, project="PROJ-1")
    assert objects(portal)[note_id].title == "Prepared"
    with pytest.raises(NotFound):
        notes.write_prepared(people.outsider, project="PROJ-1")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"project": "PROJ-1"}, "title"),
        ({"project": "PROJ-1", "title": 7}, "title"),
        ({"project": "PROJ-1", "title": "On time", "more": 1}, "more"),
        ({"project": "PROJ-1", "title": "On time", "note": {"text": 1}}, "note.text"),
        ({"project": "PROJ-1", "title": "nul\0"}, "title"),
        ({"project": "PROJ-1", "title": "On time", "note": {"text": "deep\0"}}, "note.text"),
    ],
)
def test_a_wrong_argument_is_refused_by_its_field(
    people: People, notes: NoteService, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        run_action(notes, people.engineer, spec=spec_of("write"), arguments=given)
    assert refused.value.field == field


def test_a_summary_is_the_first_sentence_wherever_its_lines_break() -> None:
    def function() -> None:
        """Keep a value of more than
        one line. It is
        kept.

        For ever."""

    spec = replace(spec_of("write"), function=function)
    assert (spec.summary, spec.details) == ("Keep a value of more than one line.", "It is kept.\n\nFor ever.")


def test_the_catalog_names_each_action_by_its_domain_and_says_what_it_does() -> None:
    specs = list(NoteService.actions())
    assert [spec.name for spec in specs][:3] == ["notes.write", "notes.write_and_fail", "notes.rename"]
    assert (specs[0].summary, specs[0].help) == ("Write a note.", "Write a note.\n\nIn a project.")
    assert (specs[0].returns, specs[0].reads, specs[0].is_internal) == (str, False, False)
    assert specs[0].parameters.model_fields["note"].default is None
    assert specs[0].parameters.model_fields["title"].is_required()


def test_the_portal_itself_acts_everywhere(portal: Portal, people: People, notes: NoteService) -> None:
    note_id = notes.write(Actor.system("test"), project="PROJ-1", title="By itself")
    assert events(portal, people, "notes.write")[0].subject == note_id
