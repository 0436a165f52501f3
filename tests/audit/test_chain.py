"""The audit chain: every attack on the log is found (P26), every change has one event (P25)."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

import core.audit.verify
from core.audit.journal import AuditJournal, exported
from core.audit.keys import read_key
from core.audit.verify import chain_hash
from core.foundation.errors import NotAllowed
from core.portal import Portal
from tests.conftest import People
from tests.flushes import flushes

ATTACKS = {
    "edit": "UPDATE audit_events SET body = replace(body, 'requirements', 'Requirement') WHERE action LIKE 'req%'",
    "column": "UPDATE audit_events SET actor = 'P-99' WHERE seq = 4",
    "removal": "DELETE FROM audit_events WHERE seq = 5",
    "cut tail": "DELETE FROM audit_events WHERE seq > (SELECT max(seq) - 2 FROM audit_events)",
    "all gone": "DELETE FROM audit_events",
}


def journal_of(portal: Portal) -> AuditJournal:
    return AuditJournal(portal.foundation.settings.home)


def fill(portal: Portal, people: People) -> None:
    for title in ("Loss below one percent", "Late arrivals", "Fewer complaints", "Shorter queues", "Calm mornings"):
        criteria = ({"metric": "auc", "comparison": "at_least", "limit": 0.6},)
        portal.requirements.create_requirement(people.engineer, project="PROJ-1", title=title, criteria=criteria)
    assert journal_of(portal).write_checkpoint(portal.foundation.database)


def change(portal: Portal, statement: str) -> None:
    with portal.foundation.database.write() as session:
        session.connection().execute(text(statement))


def test_an_untouched_log_is_sound(portal_on: Portal, people: People) -> None:
    fill(portal_on, people)
    report = portal_on.audit.verify(people.admin)
    assert report.problems == ()
    assert report.events == report.signed_to


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_the_log_is_found(portal_on: Portal, people: People, attack: str) -> None:
    fill(portal_on, people)
    change(portal_on, ATTACKS[attack])
    assert portal_on.audit.verify(people.admin).problems


def test_two_events_swapped_are_found(portal: Portal, people: People) -> None:
    fill(portal, people)
    for old, new in ((4, -1), (5, 4), (-1, 5)):
        change(portal, f"UPDATE audit_events SET seq = {new} WHERE seq = {old}")
    assert portal.audit.verify(people.admin).problems


def forge_last(file: Path) -> None:
    """The last checkpoint signs an event far ahead, by its own word."""
    *lines, last = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines, last.replace('"seq": ', '"seq": 1')]))


def test_an_edit_with_every_hash_computed_anew_is_found_by_the_checkpoint(portal: Portal, people: People) -> None:
    """The attacker holds the database and even the key of the chain, but not the signing key."""
    fill(portal, people)
    key = journal_of(portal).key_file.read_bytes()
    with portal.foundation.database.write() as session:
        previous = ""
        for event in list(exported(session)):
            body = event["body"].replace("Late arrivals", "Late departures").replace('"P-2"', '"P-3"')
            previous = chain_hash(key, previous=previous, body=body)
            values = {"body": body, "hash": previous, "actor": orjson.loads(body)["actor"], "seq": event["seq"]}
            session.connection().execute(
                text("UPDATE audit_events SET body = :body, hash = :hash, actor = :actor WHERE seq = :seq"), values
            )
    problems = portal.audit.verify(people.admin).problems
    assert any("signed in a checkpoint" in problem for problem in problems)


@pytest.mark.parametrize("other", ["0", "f"])
def test_another_event_than_the_one_that_was_signed_is_found(portal: Portal, people: People, other: str) -> None:
    fill(portal, people)
    signed = journal_of(portal).last_checkpoint()
    change(portal, f"UPDATE audit_events SET hash = '{other * 64}' WHERE seq = {signed}")
    assert any("signed in a checkpoint" in problem for problem in portal.audit.verify(people.admin).problems)


def test_a_forged_checkpoint_is_found(portal: Portal, people: People) -> None:
    fill(portal, people)
    forge_last(journal_of(portal).checkpoints.file)
    assert any("false signature" in problem for problem in portal.audit.verify(people.admin).problems)


def test_a_forged_checkpoint_does_not_take_those_after_it_along(portal: Portal, people: People) -> None:
    fill(portal, people)
    forge_last(journal_of(portal).checkpoints.file)
    portal.identity.create_person(people.admin, handle="new", name="Newcomer")
    assert len(portal.audit.verify(people.admin).problems) == 1
    change(portal, ATTACKS["cut tail"])
    assert len(portal.audit.verify(people.admin).problems) > 1


def test_every_change_has_exactly_one_event_and_a_denial_changes_nothing(portal: Portal, people: People) -> None:
    before = portal.audit.list_events(people.admin).total
    criteria = ({"metric": "auc", "comparison": "at_least", "limit": 0.6},)
    requirement = portal.requirements.create_requirement(
        people.engineer, project="PROJ-1", title="On time", criteria=criteria
    )
    with pytest.raises(NotAllowed):
        portal.requirements.set_state(people.sre, requirement_id=requirement.id, state="met")
    events = portal.audit.list_events(people.admin)
    assert events.total == before + 2
    assert [(event.outcome, event.action) for event in events.items[:2]] == [
        ("denied", "requirements.set_state"),
        ("ok", "requirements.create_requirement"),
    ]
    assert portal.requirements.get_requirement(people.engineer, requirement_id=requirement.id).state == "open"


def test_an_export_is_verified_by_the_script_alone(portal: Portal, people: People, tmp_path: Path) -> None:
    fill(portal, people)
    journal = journal_of(portal)
    with portal.foundation.database.read() as session:
        lines = [orjson.dumps(event).decode() for event in exported(session)]

    def check(lines: list[str]) -> tuple[int, str]:
        export = tmp_path / "export.jsonl"
        export.write_text("\n".join(lines) + "\n")
        script = [sys.executable, core.audit.verify.__file__, str(export), "--key", str(journal.key_file)]
        files = ["--checkpoints", str(journal.checkpoints.file), "--public-key", str(journal.checkpoints.public_file)]
        done = subprocess.run([*script, *files], check=False, capture_output=True, text=True, cwd=tmp_path)
        return done.returncode, done.stdout

    assert check(lines)[0] == 0
    code, problems = check(lines[:-1])
    assert (code, "the tail was cut" in problems) == (1, True)


def test_a_checkpoint_is_on_disk_before_it_counts_as_written(portal: Portal, people: People) -> None:
    file = journal_of(portal).checkpoints.file
    with flushes(file.parent) as flushed:
        portal.identity.create_person(people.admin, handle="new", name="Newcomer")
    assert flushed == [file.name]


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "signing"
    key = read_key(path, is_new=True)
    assert (len(key), read_key(path, is_new=False)) == (32, key)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
