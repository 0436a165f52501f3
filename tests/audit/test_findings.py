"""The log proves itself: whatever is missing, torn or unreadable of what it is checked by is a finding with a name,
for the portal and for the script alone, and stops neither the checking nor the signing."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from core.audit import verify
from core.audit.journal import AuditJournal, exported
from core.audit.verify import LISTED
from core.foundation.actors import Actor
from core.foundation.errors import Unavailable
from core.identity.permissions import Role
from core.portal import Portal
from tests.conftest import People

Damage = Callable[[Path], object]


def remove(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def write(content: bytes) -> Damage:
    return lambda file: file.write_bytes(content)


def tear(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 40)


FILES = {"key": "secrets/audit.key", "checkpoints": "audit/checkpoints.jsonl", "public": "audit/checkpoint.pub"}
DAMAGED_FILES: dict[str, tuple[str, Damage, str]] = {
    "key missing": ("key", remove, "audit.key is missing"),
    "key empty": ("key", empty, "audit.key is no key: it has 0 bytes and not 32"),
    "key a folder": ("key", make_folder, "audit.key is a folder"),
    "key exchanged": ("key", write(bytes(32)), "its hash does not match"),
    "public key missing": ("public", remove, "checkpoint.pub is missing"),
    "public key cut": ("public", write(bytes(31)), "checkpoint.pub is no key: it has 31 bytes and not 32"),
    "public key a folder": ("public", make_folder, "checkpoint.pub is a folder"),
    "public key exchanged": ("public", write(b"\1" * 32), "false signature"),
    "checkpoints missing": ("checkpoints", remove, "checkpoints.jsonl is missing"),
    "checkpoints empty": ("checkpoints", empty, "no checkpoint holds"),
    "checkpoints a folder": ("checkpoints", make_folder, "checkpoints.jsonl is a folder"),
    "checkpoints torn": ("checkpoints", tear, "of checkpoints.jsonl is torn or no JSON object"),
    "checkpoints no text": ("checkpoints", write(b"\xff\0\xfe\n"), "of checkpoints.jsonl is torn or no JSON object"),
    "checkpoints nested": ("checkpoints", write(b"[" * 100_000), "of checkpoints.jsonl is torn or no JSON object"),
    "checkpoints of parts": ("checkpoints", write(b'{"seq": "1", "hash": 2}\n'), "checkpoint 1 lacks a part"),
}


def journal_of(portal: Portal) -> AuditJournal:
    return AuditJournal(portal.foundation.settings.home)


def file_of(portal: Portal, name: str) -> Path:
    return portal.foundation.settings.home / FILES[name]


def change(portal: Portal, statement: str, **values: Any) -> None:
    with portal.foundation.database.write() as session:
        session.connection().execute(text(statement), values)


def problems_alone(portal: Portal, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the script says of an export, which it does not hold for sound."""
    export, files = folder / "export.jsonl", ("--key", "--checkpoints", "--public-key")
    with portal.foundation.database.read() as session:
        export.write_text("".join(orjson.dumps(event).decode() + "\n" for event in exported(session)))
    paths = zip(files, (file_of(portal, name) for name in FILES), strict=True)
    assert verify.main([str(export), *(str(part) for option in paths for part in option)]) == 1
    return capsys.readouterr().out


@pytest.mark.parametrize("damage", DAMAGED_FILES)
def test_a_damaged_file_is_a_finding_with_a_name(
    portal: Portal, people: People, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    assert portal.audit.verify(people.admin).problems == ()
    name, do, expected = DAMAGED_FILES[damage]
    do(file_of(portal, name))
    assert any(expected in problem for problem in portal.audit.verify(people.admin).problems)
    assert expected in problems_alone(portal, tmp_path, capsys)


BODIES = {"no JSON": b"{oh", "a list": b"[1]", "nothing": b"", "no text": b"\xff\xfe", "nested": b"[" * 100_000}


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_no_json_object_is_a_finding(portal: Portal, people: People, body: str) -> None:
    change(portal, "UPDATE audit_events SET body = CAST(:body AS TEXT) WHERE seq = 3", body=BODIES[body])
    problems = portal.audit.verify(people.admin).problems
    assert "the body of event 3 is no JSON object" in problems
    assert any("event 3 was edited" in problem for problem in problems)


def test_a_damaged_event_is_shown_among_the_others(portal: Portal, people: People) -> None:
    before = portal.audit.list_events(people.admin)
    change(portal, "UPDATE audit_events SET body = 'oh', time = 'noon' WHERE seq = 3")
    after = portal.audit.list_events(people.admin)
    assert [event.seq for event in after.items] == [event.seq for event in before.items]
    damaged = next(event for event in after.items if event.seq == 3)
    assert (damaged.action, damaged.via, damaged.details) == ("identity.create_person", "", {})
    assert "event 3 shows another time than was recorded" not in portal.audit.verify(people.admin).problems
    change(portal, "UPDATE audit_events SET time = 'noon' WHERE seq = 4")
    assert "event 4 shows another time than was recorded" in portal.audit.verify(people.admin).problems


@pytest.mark.parametrize("seq", [0, -7, 400])
def test_an_event_that_was_put_in_is_found_wherever_it_stands(portal: Portal, people: People, seq: int) -> None:
    copied = "time, actor, action, outcome, subject, project, body, hash FROM audit_events WHERE seq = 2"
    change(portal, f"INSERT INTO audit_events SELECT :seq, {copied}", seq=seq)
    assert portal.audit.verify(people.admin).problems


def test_many_findings_of_a_kind_are_counted(portal: Portal, people: People) -> None:
    for number in range(LISTED):
        portal.identity.create_person(people.admin, handle=f"new{number}", name="Newcomer")
    file_of(portal, "key").write_bytes(bytes(32))
    report = portal.audit.verify(people.admin)
    *listed, more = report.problems
    assert (len(listed), more) == (LISTED, f"{report.events - LISTED} more events whose hash does not match")


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n\n"])
def test_line_ends_of_another_system_are_no_damage(portal: Portal, people: People, line_end: bytes) -> None:
    file = file_of(portal, "checkpoints")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", line_end))
    portal.identity.create_person(people.admin, handle="new", name="Newcomer")
    report = portal.audit.verify(people.admin)
    assert (report.problems, report.signed_to) == ((), report.events)


def test_a_torn_last_line_stops_no_later_checkpoint(portal: Portal, people: People) -> None:
    tear(file_of(portal, "checkpoints"))
    before = portal.audit.verify(people.admin)
    portal.identity.create_person(people.admin, handle="new", name="Newcomer")
    after = portal.audit.verify(people.admin)
    assert (len(before.problems), after.problems) == (1, before.problems)
    assert before.signed_to != after.signed_to == after.events
    change(portal, "DELETE FROM audit_events WHERE seq = :seq", seq=after.events)
    assert any("the tail was cut" in problem for problem in portal.audit.verify(people.admin).problems)


@pytest.mark.parametrize("damage", [remove, empty])
def test_checkpoints_that_were_lost_stay_a_finding(portal: Portal, people: People, damage: Damage) -> None:
    damage(file_of(portal, "checkpoints"))
    portal.identity.create_person(people.admin, handle="new", name="Newcomer")
    report = portal.audit.verify(people.admin)
    (problem,) = report.problems
    assert f"the checkpoints before event {report.events} are lost" in problem
    assert report.signed_to == report.events


def test_a_log_that_was_cut_and_grew_again_is_found(portal: Portal, people: People) -> None:
    change(portal, "DELETE FROM audit_events WHERE seq > 5")
    assert journal_of(portal).last_checkpoint()
    for number in range(20):
        portal.identity.create_person(people.admin, handle=f"new{number}", name="Newcomer")
    assert any("not the one that was signed" in problem for problem in portal.audit.verify(people.admin).problems)


def test_checkpoints_out_of_order_are_found(portal: Portal, people: People) -> None:
    """A later one about an earlier event was written when the log had been cut."""
    file = file_of(portal, "checkpoints")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:-2], lines[-1], lines[-2]]))
    report = portal.audit.verify(people.admin)
    (problem,) = report.problems
    assert report.signed_to == report.events
    assert problem.endswith("the log had been cut when it was written")


def test_checkpoints_of_many_at_once_stand_in_the_order_of_the_log(portal_on: Portal, people: People) -> None:
    def enroll(first: int) -> None:
        for number in range(first, first + 4):
            portal_on.identity.create_person(people.admin, handle=f"new{number}", name="Newcomer")

    with ThreadPoolExecutor() as pool:
        list(pool.map(enroll, range(0, 32, 4)))
    report = portal_on.audit.verify(people.admin)
    assert (report.problems, report.signed_to) == ((), report.events)


def test_a_forged_line_about_a_later_event_puts_no_checkpoint_off(portal: Portal, people: People) -> None:
    with file_of(portal, "checkpoints").open("ab") as file:
        file.write(b'{"seq": 999999, "hash": "", "signature": "00"}\n')
    portal.identity.create_person(people.admin, handle="new", name="Newcomer")
    report = portal.audit.verify(people.admin)
    assert (report.signed_to, len(report.problems)) == (report.events, 1)


@pytest.mark.parametrize("damage", [remove, empty, make_folder, write(bytes(33))])
def test_without_its_key_nothing_is_written_and_no_other_key_is_made(
    portal: Portal, people: People, damage: Damage
) -> None:
    """Events under another key, or under none, would be events that nobody can check."""
    before, key = portal.audit.list_events(people.admin).total, file_of(portal, "key")
    damage(key)
    with pytest.raises(Unavailable, match=r"audit\.key is"):
        portal.identity.create_person(people.admin, handle="new", name="Newcomer")
    assert portal.audit.list_events(people.admin).total == before
    assert not key.is_file() or len(key.read_bytes()) != 32


@pytest.mark.parametrize(("damage", "expected"), [(remove, "is missing"), (write(bytes(32)), "does not belong to")])
def test_a_lost_signing_key_is_a_finding_and_is_not_replaced(
    portal: Portal, people: People, damage: Damage, expected: str
) -> None:
    """What was changed stays changed, and is said to be unsigned."""
    file = journal_of(portal).checkpoints.signing_file
    damage(file)
    portal.identity.create_person(people.admin, handle="new", name="Newcomer")
    assert any(expected in problem for problem in portal.audit.verify(people.admin).problems)
    assert not file.exists() or file.read_bytes() == bytes(32)


def test_roles_tokens_policies_and_what_serves_are_signed_at_once(portal: Portal, people: People) -> None:
    admin, new = people.admin, people.viewer.person_id
    policy = portal.policies.ensure_policies(Actor.system("test"))[0]
    terms = {"policy_id": policy.id, "gates": policy.gates, "approvals": policy.approvals, "reason": "Fresher"}
    changes: tuple[Callable[[], object], ...] = (
        lambda: portal.policies.propose_policy(admin, **terms, valid_days=3),
        lambda: portal.identity.grant_role(admin, person_id=new, role=Role.SRE),
        lambda: portal.identity.revoke_role(admin, person_id=new, role=Role.SRE),
        lambda: portal.identity.mint_token(people.sre, name="Script", scopes=("read",)),
        lambda: portal.endpoints.create_endpoint(people.sre, project="PROJ-1", title="Late", environment="production"),
    )
    for change_something in changes:
        change_something()
        report = portal.audit.verify(admin)
        assert (report.signed_to, report.problems) == (report.events, ())
    criteria = ({"metric": "auc", "comparison": "at_least", "limit": 0.6},)
    portal.requirements.create_requirement(people.engineer, project="PROJ-1", title="On time", criteria=criteria)
    assert portal.audit.verify(admin).signed_to == report.events
