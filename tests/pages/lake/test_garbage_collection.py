"""The page of the store: what it holds, what would be removed, garbage collection, and earlier collections."""

import pytest

from core.portal import Portal
from tests.conftest import People
from tests.lake.retention.test_garbage_collection import PHOTOS, add
from tests.lake.retention.test_schedule import WEEK, happened, orphan, with_days
from tests.pages.running import drawn, page, pressed, text_of


def test_a_dry_run_comes_first_and_the_collection_after_a_second_look(portal: Portal, people: People) -> None:
    wanted = orphan(portal, b"x" * 2000)
    test = page(portal, people.sre, "storage")
    shown = text_of(test)
    assert "Garbage collection would free 2.0 kB of 2.0 kB" in shown
    assert wanted[:24] in shown
    assert "No garbage collection yet" in shown
    test.button(key="collect_open").click()
    assert "Removing 1 file (2.0 kB) cannot be undone" in text_of(drawn(test))
    assert portal.foundation.store.path(wanted).exists()
    shown = text_of(drawn(pressed(test, "collect_open", "collect")))
    assert not portal.foundation.store.path(wanted).exists()
    assert "Garbage collection would free nothing" in shown
    assert "1 file, 2.0 kB" in shown
    assert "Jonas Weber" in shown


@pytest.mark.parametrize("who", ["viewer", "engineer", "approver", "admin"])
def test_others_are_told_who_may(portal: Portal, people: People, who: str) -> None:
    test = page(portal, getattr(people, who), "storage")
    assert "That takes the role SRE, which Jonas Weber has." in text_of(test)
    assert not [button for button in test.button if button.label == "Collect garbage"]


def test_the_next_collection_and_what_waits_are_shown(portal: Portal, people: People) -> None:
    portal.foundation.store.put_bytes(b"being made")
    shown = text_of(page(portal, people.sre, "storage"))
    assert "collected every 7 days, next on" in shown
    assert "1 file more (10 B) were written less than a day ago" in shown
    happened(portal, WEEK * 2)
    assert "collected every 7 days, due now" in text_of(page(portal, people.sre, "storage"))
    assert "collected only by hand" in text_of(page(with_days(portal, 0), people.sre, "storage"))


def test_collections_by_schedule_are_marked(portal: Portal, people: People) -> None:
    happened(portal, WEEK, action="lake.sweep_due")
    shown = text_of(page(portal, people.sre, "storage"))
    assert "by schedule" in shown
    assert "Nothing to do" in shown


def test_where_nobody_can_say_what_may_go_nothing_does(portal: Portal, people: People) -> None:
    photos = add(portal, people, "photos", PHOTOS, filename="photos.zip")
    happened(portal, WEEK, action="lake.sweep_due")
    portal.foundation.store.path(photos.files[0].digest).unlink()
    shown = text_of(page(portal, people.sre, "storage"))
    assert "The store has no file" in shown
    assert "nothing is removed" in shown
    assert "by schedule" in shown
