"""A feature version's life on its view's page."""

from pathlib import Path

from core.portal import Portal
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.features.drafting import drafts_of
from tests.pages.conftest import SQL, Furnished, furnish
from tests.pages.running import drawn, page, text_of


def test_the_page_says_which_version_people_get(furnished: Furnished) -> None:
    shown = text_of(page(furnished.portal, furnished.people.viewer, "feature-view", id=furnished.view))
    assert "v1** is live" in shown
    assert "It is not in the online store" not in shown
    assert "1 object uses it" in tab_of(furnished, "Used by")
    assert "It is not in the online store" in tab_of(furnished, "Online")


def tab_of(furnished: Furnished, tab: str) -> str:
    return text_of(page(furnished.portal, furnished.people.viewer, "feature-view", id=furnished.version, tab=tab))


def test_a_viewer_is_offered_no_change_of_a_version(furnished: Furnished) -> None:
    viewer = page(furnished.portal, furnished.people.viewer, "feature-view", id=furnished.view)
    engineer = page(furnished.portal, furnished.people.engineer, "feature-view", id=furnished.view)
    assert not [button for button in viewer.button if str(button.key).startswith("version_")]
    offered = [str(button.key) for button in engineer.button if str(button.key).startswith("version_")]
    assert offered == ["version_deprecate"]


def test_deprecating_tells_first_whom_it_touches(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "feature-view", id=furnished.view)
    test.button(key="version_deprecate").click()
    assert "new training sets cannot use it" in text_of(drawn(test))
    assert "1 object uses it" in text_of(test)
    version = furnished.portal.feature_versions.get_version(furnished.people.engineer, version_id=furnished.version)
    assert version.state == "published"


def test_nothing_matches_and_the_filters_are_cleared(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "features")
    test.text_input(key="q").input("nothing like it")
    assert "No feature matches" in text_of(drawn(test))
    test.button(key="clear_filters").click()
    assert "2 of 2 shown" in text_of(drawn(test))


def test_a_roll_back_is_one_click_and_so_is_its_undoing(portal: Portal, people: People) -> None:
    furnished, mei = furnish(portal, people), people.engineer
    sources = {"flights": furnished.snapshot}
    second = portal.feature_drafts.create_version(
        mei, view_id=furnished.view, sql=f"{SQL} ORDER BY 1", sources=sources, event_time="day"
    )
    assert run_job_here(portal, second.job_id).state == "succeeded"
    test = page(portal, mei, "feature-view", id=furnished.view)
    test.button(key="roll_back").click()
    drawn(test)
    assert live(portal, people, furnished.view) == furnished.version
    test.button(key="undo_roll_back").click()
    drawn(test)
    assert live(portal, people, furnished.view) == second.id


def test_an_archived_view_says_so_and_offers_nothing_that_is_refused(
    portal: Portal, people: People, tmp_path: Path
) -> None:
    drafts = drafts_of(portal, people, tmp_path)
    shown = [drafts.published(), drafts.published(ttl_seconds=60)][-1]
    drafts.create(until="draft", ttl_seconds=90)

    def offered() -> set[str]:
        """The keys of what may be pressed on the view and on the tabs of its versions and of the online store."""
        pages = [page(portal, people.engineer, "feature-view", id=shown.id, tab=tab) for tab in ("Versions", "Online")]
        assert ["**Archived.**" in text_of(test) for test in pages] == [is_archived] * 2
        keys = {str(button.key) for test in pages for button in test.button}
        return {key for key in keys if key.startswith(("roll_back", "version_", "row_build", "online_", "parity_"))}

    is_archived = False
    assert {"roll_back", "version_deprecate", "online_keep"} < offered()
    assert any(key.startswith("row_build") for key in offered())
    portal.keeping.archive(people.engineer, object_id=drafts.view)
    is_archived = True
    assert offered() == set()


def live(portal: Portal, people: People, view: str) -> str:
    version = portal.feature_views.get_view(people.viewer, view_id=view).live
    return version.id if version else ""
