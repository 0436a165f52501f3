"""The page of a dataset in a real browser: two snapshots compared, one held in quarantine and released, and one that
must stay since a model that serves learned from it."""

import re

from playwright.sync_api import expect

from core.lake.values import Snapshot
from tests.compute.running import wait_for_job
from tests.e2e.chain import Chain
from tests.e2e.conftest import Running, Visitor
from tests.lake.imports.in_process import imported

BEFORE = b"id,at,carrier,delay\n1,2013-01-01T10:00:00Z,AA,5\n2,2013-01-02T10:00:00Z,UA,9\n"
AFTER = b"id,at,carrier,delay\n1,2013-01-01T10:00:00Z,AA,5\n2,2013-01-02T10:00:00Z,UA,90\n3,2013-01-03T10:00:00Z,DL,1\n"
SQL = "SELECT carrier, at, avg(delay) AS delay FROM landed GROUP BY ALL"
REASON = "Reason (kept in the audit log)"


def two_snapshots(running: Running, name: str) -> tuple[Snapshot, Snapshot]:
    me = running.people.engineer
    dataset = running.portal.datasets.create_dataset(me, project="PROJ-1", name=name)
    first, second = (imported(running.portal, me, dataset_id=dataset.id, content=text) for text in (BEFORE, AFTER))
    return first, second


def choose(visitor: Visitor, deed: str) -> None:
    """Opens the menu of the page and picks from it."""
    visitor.page.locator(".st-key-more").get_by_role("button").click()
    visitor.page.get_by_role("menuitem", name=deed, exact=True).click()


def test_two_snapshots_are_compared_by_a_key(mei: Visitor, running: Running) -> None:
    first, second = two_snapshots(running, "compared")
    mei.go(f"/dataset?id={second.id}").tab("Versions")
    mei.page.get_by_role("link", name="Compare with v1").click()
    expect(mei.page).to_have_url(re.compile(f"left={first.id}&right={second.id}"))
    mei.sees("2 → 3")
    mei.press("Choose")
    mei.tick("Rows are the same where these are equal", "id")
    mei.press("Compare")
    expect(mei.page).to_have_url(re.compile("key=id"))
    mei.sees(re.compile("id identifies a row"), "Changed values: delay (1).")
    mei.stands()


def test_what_came_of_a_snapshot_in_quarantine_says_so(mei: Visitor, running: Running) -> None:
    _first, second = two_snapshots(running, "landed")
    portal, me = running.portal, running.people.engineer
    view = portal.feature_views.create_view(
        me, project="PROJ-1", name="landed_delay", entity="carrier", keys=("carrier",)
    )
    version = portal.feature_drafts.create_version(
        me, view_id=view.id, sql=SQL, sources={"landed": second.id}, event_time="at"
    )
    wait_for_job(running.portal, version.job_id, seconds=90)
    mei.go(f"/dataset?id={second.id}")
    choose(mei, "Put into quarantine")
    mei.fill(REASON, "Entered twice")
    mei.press("Put into quarantine")
    mei.sees("Quarantined", "Entered twice")
    mei.go(f"/feature-view?id={version.id}").sees("Its source is in quarantine", "Entered twice")
    mei.page.get_by_role("link", name=re.compile("landed v2")).click()
    mei.at("SNAP")
    choose(mei, "Release from quarantine")
    mei.fill(REASON, "Counted again")
    mei.press("Release from quarantine")
    expect(mei.page.get_by_text("Quarantined")).to_have_count(0)
    mei.go(f"/feature-view?id={version.id}")
    expect(mei.page.get_by_text("Its source is in quarantine")).to_have_count(0)


def test_what_a_serving_model_learned_from_is_not_deleted(mei: Visitor, chain: Chain) -> None:
    assert chain.staging
    mei.go(f"/dataset?id={chain.snapshot}")
    choose(mei, "Delete this snapshot")
    mei.sees("Live models learned from it:")
    mei.fill(REASON, "No longer wanted")
    mei.press(f"Delete {chain.snapshot}")
    mei.sees(f"{chain.snapshot} cannot be deleted: late-arrival v1 ({chain.versions[0]}) learned from it")
    mei.go(f"/dataset?id={chain.snapshot}").tab("Impact")
    mei.sees("live now:")


def test_a_dataset_is_named_in_any_language_and_renamed(mei: Visitor, running: Running) -> None:
    mei.go("/datasets").page.get_by_role("button", name="New dataset").first.click()
    mei.fill("Name", "Ankünfte in Köln")
    expect(mei.page.get_by_label("Identifier", exact=True)).to_have_value("ankunfte_in_koln")
    mei.press("Create")
    dataset_id = mei.at("DS")
    expect(mei.heading("Ankünfte in Köln")).to_be_visible()
    choose(mei, "Rename")
    mei.fill("Name", "航班抵达")
    mei.press("Rename")
    expect(mei.heading("航班抵达")).to_be_visible()
    mei.sees("ankunfte_in_koln")
    mei.go("/datasets?q=抵达").sees("航班抵达")
    renamed = running.portal.datasets.get_dataset(running.people.engineer, dataset_id=dataset_id)
    assert (renamed.title, renamed.name) == ("航班抵达", "ankunfte_in_koln")
    mei.stands()
