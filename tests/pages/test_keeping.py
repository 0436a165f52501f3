"""On the page of every kind of thing the same menu archives it, brings it back and deletes it."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.portal import Portal
from tests.conftest import People
from tests.identity.test_keeping import make
from tests.pages.running import drawn, page, text_of
from tests.registry.onnx_files import register_tiny
from tests.upgrade.home import PEOPLE, upgraded

PAGES = {"dataset": "dataset", "view": "feature-view", "model": "model", "endpoint": "endpoint"}
LISTS = {"dataset": "datasets", "view": "features", "model": "models", "endpoint": "endpoints"}


def done(test: AppTest, label: str, key: str) -> AppTest:
    """Chooses from the header's menu and presses the button of its dialog."""
    test.menu_button(key="more").click(label)
    drawn(test)
    test.menu_button(key="more").click(label)
    test.button(key=key).click()
    test.run()
    assert not test.exception, test.exception[0].message
    return test


@pytest.mark.parametrize("kind", PAGES)
def test_a_thing_is_archived_found_among_the_archived_and_brought_back(
    portal: Portal, people: People, kind: str
) -> None:
    thing = make(portal, kind)
    done(page(portal, people.engineer, PAGES[kind], id=thing), "Archive", "archive_thing")
    assert "**Archived.**" in text_of(page(portal, people.viewer, PAGES[kind], id=thing))
    assert "trial" not in text_of(page(portal, people.viewer, LISTS[kind]))
    assert "trial" in text_of(page(portal, people.viewer, LISTS[kind], kept="Archived"))
    done(page(portal, people.engineer, PAGES[kind], id=thing), "Bring back", "bring_back_thing")
    assert "trial" in text_of(page(portal, people.viewer, LISTS[kind]))


def test_a_refusal_links_to_what_hangs_on_it(tmp_path: Path) -> None:
    with upgraded(tmp_path) as portal:
        shown = text_of(done(page(portal, PEOPLE.engineer, "training-set", id="TS-1"), "Archive", "archive_thing"))
        assert "cannot be archived: " in shown
        assert "([EP-2](endpoint?id=EP-2)) serves late-arrival v1 ([MV-1](version?id=MV-1))" in shown


def offers(test: AppTest) -> set[str]:
    """What may be pressed in a page's head and body, but for what shows more."""
    chosen = {option for menu in test.get("menu_button") for option in menu.options}
    return chosen - OF_THE_VISITOR | {button.label for button in test.button} & DOING


OF_THE_VISITOR = {"Sign out", "Switch identity"}
DOING = {"New version", "Add a snapshot", "Deploy", "Choose a run", "Request promotion", "Serve nothing", "New test"}
DOING |= {"Edit the card", "Measure quality", "Scan"}


@pytest.mark.parametrize("kind", PAGES)
def test_of_what_was_put_away_only_what_is_possible_is_offered(portal: Portal, people: People, kind: str) -> None:
    thing = make(portal, kind)
    portal.keeping.archive(people.engineer, object_id=thing)
    archived = page(portal, people.engineer, PAGES[kind], id=thing)
    assert offers(archived) == {"Bring back", "Delete"}
    assert text_of(archived).count("**Archived.**") == 1
    portal.keeping.delete(people.engineer, object_id=thing, reason="It was a trial")
    deleted = page(portal, people.engineer, PAGES[kind], id=thing)
    assert offers(deleted) == set()
    assert text_of(deleted).count("**Deleted.**") == 1
    assert "~" not in text_of(deleted)
    assert "Choose a run" not in text_of(deleted)


def test_nothing_is_done_with_a_version_of_what_was_archived(portal: Portal, people: People) -> None:
    version = register_tiny(portal, people.engineer, rows=50)
    in_use = {"Request promotion", "Measure quality", "Scan", "Archive"}
    assert offers(page(portal, people.engineer, "version", id=version.id)) == in_use
    portal.keeping.archive(people.engineer, object_id=version.model_id)
    shown = page(portal, people.engineer, "version", id=version.id)
    assert (offers(shown), "**Archived.**" in text_of(shown)) == (set(), True)


def test_what_is_deleted_says_so_and_offers_nothing(portal: Portal, people: People) -> None:
    thing = make(portal, "model")
    test = page(portal, people.engineer, "model", id=thing)
    test.menu_button(key="more").click("Delete")
    drawn(test).text_area(key="delete_thing_reason").input("It was a trial")
    done(test, "Delete", "delete_thing")
    shown = page(portal, people.engineer, "model", id=thing)
    assert "**Deleted.**" in text_of(shown)
    assert "Delete" not in [option for menu in shown.get("menu_button") for option in menu.options]
