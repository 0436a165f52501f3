"""Whether the installation can be of use, by everything that it rests on, and how Home says that it cannot."""

from datetime import UTC, datetime

from core.audit.journal import AuditJournal
from core.compute.own_files import set_aside
from core.compute.parts import Ending, say_endings
from core.foundation.observability.health import status_of
from core.health.readiness import health_of
from core.portal import Portal
from tests.installed import People
from tests.pages.running import page, text_of

FINE = dict.fromkeys(("database", "store", "disk", "audit", "parts", "model_servers"), "ok")


def test_a_checkpoint_that_cannot_be_written_is_not_ready_until_it_is_made_up_for(
    portal: Portal, people: People
) -> None:
    base = portal.foundation
    assert health_of(base).report() == FINE
    checkpoints = base.settings.home / "audit" / "checkpoints.jsonl"
    elsewhere = checkpoints.with_name("elsewhere")
    checkpoints.rename(elsewhere)
    checkpoints.mkdir()
    portal.identity.create_project(people.admin, name="Unsigned")
    report = health_of(base).report()
    assert (report["audit"], status_of(report)) == ("checkpoints.jsonl is a folder", 503)
    checkpoints.rmdir()
    elsewhere.rename(checkpoints)
    unsigned = AuditJournal(base.settings.home).last_checkpoint() or 0
    assert health_of(base).report() == FINE
    assert (AuditJournal(base.settings.home).last_checkpoint() or 0) > unsigned
    assert portal.audit.verify(people.sre).problems == ()


def test_home_says_what_is_wrong_with_the_installation_and_nothing_where_all_is_well(
    portal: Portal, people: People
) -> None:
    home = portal.foundation.settings.home
    assert "This installation" not in text_of(page(portal, people.viewer, "home"))
    say_endings(home, (Ending(part="worker", times=3, starts_at=datetime(2026, 1, 1, tzinfo=UTC), log="logs/x"),))
    (home / "gateway").mkdir(exist_ok=True)
    (home / "gateway" / "traffic.json").write_text("{")
    set_aside(home / "gateway" / "traffic.json")
    words = text_of(page(portal, people.viewer, "home"))
    assert "This installation" in words
    assert "The worker has ended 3 times and was started again at 00:00:00 UTC; see logs/x" in words
    assert "traffic.json could not be read and was made anew" in words
