"""The parts of a feature view's page that are read when they are looked at: figures, drift, the online store and its
parity; and the ways from the catalog."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core.features.materialization.plan import live_view
from core.features.values import FeatureVersion, VersionTests
from tests.compute.running import run_job_here
from tests.installed import installed, settings_in
from tests.pages.conftest import PROJECT, SQL, Furnished, furnish
from tests.pages.running import catalogs_of, drawn, page, pressed, text_of


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """A portal in which things may be changed; each test changes a view or a version of its own."""
    with installed(settings_in(tmp_path_factory.mktemp("figures") / "home")) as (portal, people):
        yield furnish(portal, people)


def looked_at(furnished: Furnished, tab: str, version: str = "") -> AppTest:
    return page(furnished.portal, furnished.people.engineer, "feature-view", id=version or furnished.version, tab=tab)


def new_version(
    furnished: Furnished, view: str, *, until: str = "staged", tests: VersionTests | None = None
) -> FeatureVersion:
    """A version of a view; one that is not a draft is built."""
    mei = furnished.people.engineer
    number = len(furnished.portal.feature_versions.list_versions(mei, view_id=view).items)
    version = furnished.portal.feature_drafts.create_version(
        mei,
        view_id=view,
        sql=SQL.replace("avg(late)", f"avg(late) + {number}"),
        sources={"flights": furnished.snapshot},
        event_time="day",
        tests=tests or VersionTests(),
        until=until,
    )
    if until != "draft":
        job = run_job_here(furnished.portal, version.job_id)
        assert job.state == "succeeded", job.cause
    return version


def new_view(furnished: Furnished, name: str) -> str:
    keys = ("carrier",)
    return furnished.portal.feature_views.create_view(
        furnished.people.engineer, project=PROJECT, name=name, entity="carrier", keys=keys
    ).id


def state_of(furnished: Furnished, version: FeatureVersion) -> str:
    return furnished.portal.feature_versions.get_version(furnished.people.engineer, version_id=version.id).state


def test_figures_over_time_cost_and_drift_are_told_with_the_caveat(furnished: Furnished) -> None:
    test = looked_at(furnished, "Statistics")
    shown = text_of(test)
    assert {"Newest event", "Rows", "Time to build", "Size in the store"} == {item.label for item in test.metric}
    assert "against the split train of TS-1" in shown
    assert "late_share" in [row["id"] for row in catalogs_of(test)["drift"]["rows"]]
    assert "cannot see a wrong join" in shown
    assert "No nulls at any time" in shown
    test.button(key="to_parity").click()
    assert "It is not in the online store" in text_of(drawn(test))


def test_other_tabs_are_not_drawn(furnished: Furnished) -> None:
    shown = text_of(looked_at(furnished, "Features"))
    assert "late_share" in shown
    assert "Over time" not in shown
    assert "In the online store" not in shown


def test_the_difference_of_two_versions_includes_their_rules(own: Furnished) -> None:
    draft = new_version(own, own.view, until="draft", tests=VersionTests(unique_rows=True, fresh_seconds=7200))
    test = looked_at(own, "Logic", draft.id)
    test.selectbox(key="difference_to").set_value(1)
    shown = text_of(drawn(test))
    assert "+One row per key and event time: yes" in shown
    assert "-Newest row behind its sources by at most: any age" in shown
    assert "+Newest row behind its sources by at most: 2 h 0 min" in shown


def test_a_version_goes_its_way_through_the_dialogs(own: Furnished) -> None:
    view = new_view(own, "of_dialogs")
    first, second = (new_version(own, view) for _number in range(2))
    for version, move, state in (
        (first, "publish", "published"),
        (second, "publish", "published"),
        (first, "alias", "published"),
        (second, "deprecate", "deprecated"),
        (second, "retire", "retired"),
    ):
        test = looked_at(own, "Versions", version.id)
        opener = move if move in ("publish", "alias") else f"version_{move}"
        test.button(key=opener).click()
        drawn(test)
        for field in test.text_input:
            field.input("It is better so")
        pressed(test, opener, "life_do")
        assert state_of(own, version) == state
    shown = text_of(looked_at(own, "Versions", first.id))
    assert "It is better so" in shown
    assert "**v1** is live" in shown


def test_a_version_is_discarded_with_a_reason_and_shown_only_when_asked_for(own: Furnished) -> None:
    view = new_view(own, "of_discards")
    remaining, gone = (new_version(own, view, until="draft") for _number in range(2))
    test = looked_at(own, "Versions", gone.id)
    test.button(key="version_discard").click()
    assert "its number is not used again" in text_of(drawn(test))
    test.text_input(key="life_reason").input("Its mean was wrong")
    pressed(test, "version_discard", "life_do")
    assert state_of(own, gone) == "discarded"
    test = looked_at(own, "Versions", remaining.id)
    assert gone.id not in text_of(test)
    test.toggle(key="versions_discarded").set_value(True)
    assert "Its mean was wrong" in text_of(drawn(test))
    assert "Discarded: Its mean was wrong" in text_of(looked_at(own, "Logic", gone.id))
    editor = page(own.portal, own.people.engineer, "new-feature-version", id=view, version=remaining.id)
    assert "Version 1 of" in text_of(editor)
    editor.menu_button(key="more").click("Discard the draft")
    assert "It is discarded for good" in text_of(drawn(editor))
    assert "Version 3 of" in text_of(page(own.portal, own.people.engineer, "new-feature-version", id=view))


def test_a_row_of_the_versions_offers_what_leads_on(own: Furnished) -> None:
    view = new_view(own, "of_rows")
    staged = new_version(own, view)
    test = page(own.portal, own.people.engineer, "feature-view", id=view, version=staged.id, tab="Versions")
    test.button(key=f"row_publish_{staged.id}").click()
    drawn(test)
    pressed(test, f"row_publish_{staged.id}", "life_do")
    assert state_of(own, staged) == "published"


def test_a_version_is_brought_online_looked_up_and_held_to_parity(own: Furnished) -> None:
    mei, version = own.people.engineer, own.version
    test = looked_at(own, "Online")
    test.button(key="online_keep").click()
    drawn(test)
    (materialization,) = own.portal.materialization.list_materializations(mei, version_id=version).items
    assert materialization.every_seconds == 86_400
    assert run_job_here(own.portal, materialization.job_id).state == "succeeded"
    test = looked_at(own, "Online")
    test.text_input(key="online_key_carrier").input("AA")
    test.button(key="FormSubmitter:online_lookup-Look up").click()
    assert "Present" in text_of(drawn(test))
    assert "late_share" in text_of(test)
    test.button(key="online_pause").click()
    assert "Paused" in text_of(drawn(test))
    test.button(key="online_resume").click()
    assert "Paused" not in text_of(drawn(test))
    assert "100 % of the keys match: 0 of 3 differ" in parity_text(own)
    own.portal.materialization.live_store.store.remove(
        live_view(own.portal.feature_versions.get_version(mei, version_id=version)), [("AA",)]
    )
    shown = parity_text(own)
    assert "66.67 % of the keys match: 1 of 3 differ" in shown
    assert "Lost from the store" in shown
    assert "the store was emptied or restored" in shown
    assert "carrier=AA" in shown
    assert "not found" in shown


def test_a_scheduled_materialization_and_its_checks_have_pages_of_their_own(own: Furnished) -> None:
    mei, portal = own.people.engineer, own.portal
    version = new_version(own, new_view(own, "of_pages"))
    materialization = portal.materialization.materialize(mei, version_id=version.id, every_seconds=3600)
    assert "No rows yet" in text_of(page(own.portal, mei, "materialization", id=materialization.id))
    run_job_here(own.portal, materialization.job_id)
    test = page(own.portal, mei, "materialization", id=materialization.id)
    shown = text_of(test)
    assert "of_pages v1 online" in shown
    assert "are in the store" in shown
    assert "2013-01-11" in shown or "all time" in shown
    test.button(key="online_pause").click()
    assert "Paused" in text_of(drawn(test))
    portal.materialization.live_store.store.remove(
        live_view(own.portal.feature_versions.get_version(mei, version_id=version.id)), [("AA",)]
    )
    test = page(own.portal, mei, "materialization", id=materialization.id)
    check = portal.feature_parity.check_parity(mei, version_id=version.id)
    waiting = page(own.portal, mei, "feature-parity", id=check.id)
    assert "It is being measured" in text_of(waiting)
    assert waiting.button(key="cancel_job")
    run_job_here(own.portal, check.job_id)
    shown = text_of(page(own.portal, own.people.viewer, "feature-parity", id=check.id))
    assert "Parity of of_pages v1" in shown
    assert "Lost from the store" in shown
    assert "carrier=AA" in shown
    test.menu_button(key="more").click("Backfill everything")
    drawn(test)
    run_job_here(
        own.portal, portal.materialization.get_materialization(mei, materialization_id=materialization.id).job_id
    )
    again = page(own.portal, mei, "feature-parity", id=check.id)
    again.button(key="parity_check").click()
    drawn(again)
    newest = portal.feature_parity.list_parity(mei, version_id=version.id).items[0]
    run_job_here(own.portal, newest.job_id)
    assert "All keys match" in text_of(page(own.portal, mei, "feature-parity", id=newest.id))


@pytest.mark.parametrize("url", ["materialization", "feature-parity"])
def test_what_is_kept_online_is_nothing_to_another_team(own: Furnished, url: str) -> None:
    mei, version = own.people.engineer, new_version(own, new_view(own, f"of_{url.replace('-', '_')}"))
    materialization = own.portal.materialization.materialize(mei, version_id=version.id)
    check = own.portal.feature_parity.check_parity(mei, version_id=version.id)
    wanted = {"materialization": materialization.id, "feature-parity": check.id}[url]
    assert f"There is no object called '{wanted}'" in text_of(page(own.portal, own.people.outsider, url, id=wanted))


def parity_text(furnished: Furnished) -> str:
    """The part of the page after one more check of parity."""
    test = looked_at(furnished, "Online")
    test.button(key="parity_check").click()
    drawn(test)
    check = furnished.portal.feature_parity.list_parity(furnished.people.engineer, version_id=furnished.version).items[
        0
    ]
    assert run_job_here(furnished.portal, check.job_id).state == "succeeded"
    return text_of(looked_at(furnished, "Online"))


def test_words_owner_and_tags_are_edited(own: Furnished) -> None:
    view = new_view(own, "of_words")
    test = page(own.portal, own.people.engineer, "feature-view", id=view)
    test.menu_button(key="more").click("Edit the view")
    drawn(test)
    test.text_area(key=f"view_text_{view}").input("Said anew.")
    test.text_input(key=f"view_tags_{view}").input("daily, late")
    test.menu_button(key="more").click("Edit the view")
    test.button(key="view_save").click()
    drawn(test)
    edited = own.portal.feature_views.get_view(own.people.viewer, view_id=view)
    assert (edited.description, edited.tags) == ("Said anew.", ("daily", "late"))


def test_what_nobody_uses_is_told_with_its_cost(own: Furnished) -> None:
    view = new_view(own, "of_nobody")
    new_version(own, view)
    shown = text_of(page(own.portal, own.people.engineer, "features", show="unused"))
    assert "Unused versions" in shown
    assert "of_nobody v1" in shown
    assert "carrier_delay v1" not in shown


def test_a_training_set_begins_with_a_version_of_the_catalog(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "features")
    assert test.button(key="add_to_set")
    form = page(furnished.portal, furnished.people.engineer, "new-training-set", add=furnished.version)
    (use,) = form.session_state["set_draft"].uses
    assert (use.version_id, use.prefix) == (furnished.version, "carrier_")
