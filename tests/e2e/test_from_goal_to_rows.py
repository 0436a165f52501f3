"""From a business goal to rows that a model can learn from: what an engineer does first, as clicks."""

import re

from playwright.sync_api import expect

from tests.e2e.chain import ENTITY_SQL, KNOWN, SPLITS, VIEW_SQL, Chain, flights_csv
from tests.e2e.visitor import JOB_MS, Visitor


def test_a_goal_is_written_down_and_changed(mei: Visitor) -> None:
    mei.go("/edit-requirement")
    mei.fill("Title", "Tell passengers an hour before they leave home")
    mei.fill("Business metric", "Share of late passengers warned in time")
    mei.fill("Limit", "0.55")
    mei.press("Add a condition")
    expect(mei.page.get_by_label("Limit", exact=True)).to_have_count(2)
    mei.fill("Limit", "0.9")
    mei.press("Create")
    mei.at("R")
    mei.sees("AUC at least 0.55", "Log loss at most 0.9", "Share of late passengers warned in time")
    mei.press("Edit")
    mei.fill("Title", "Tell passengers two hours before")
    mei.press("Save")
    expect(mei.heading("Tell passengers two hours before")).to_be_visible()


def test_real_flights_are_uploaded_with_what_is_known_only_later(mei: Visitor) -> None:
    mei.go("/datasets").page.get_by_role("button", name="New dataset").first.click()
    mei.fill("Name", "uploaded_flights")
    mei.press("Create")
    mei.at("DS")
    mei.press("Add a snapshot")
    mei.upload("flights.csv", flights_csv())
    mei.page.get_by_text("Times and future leakage").click()
    mei.fill("Known only later", "\n".join(f"{column} {known}" for column, known in KNOWN.items()))
    mei.press("Read")
    mei.at("IMP")
    mei.sees_in_the_end("What to look at")
    mei.sees(re.compile(r"5\s521 rows, 9 columns"))
    mei.press("Confirm")
    mei.at("SNAP")
    mei.sees(re.compile(r"5\s521 rows, 9 columns"))
    mei.go("/datasets?q=uploaded").sees("arr_utc, arr_delay")


def test_features_are_published_and_joined_to_rows_without_a_leak(mei: Visitor, chain: Chain) -> None:
    assert chain.snapshot
    publish_view(mei)
    join_rows(mei)


def publish_view(mei: Visitor) -> None:
    mei.go("/features").page.get_by_role("button", name="New view").first.click()
    mei.fill("Name", "carrier_days")
    mei.fill("Entity", "carrier")
    mei.fill("Keys", "carrier")
    mei.press("Create and write its SQL")
    mei.heading("Version 1 of carrier_days").wait_for()
    mei.tick("Tables", "flights")
    mei.write("SQL", VIEW_SQL)
    mei.fill("Event time", "day_end")
    mei.press("Publish")
    # The preview behind the dialog ends meanwhile, which does not close it.
    expect(mei.page.get_by_text("Running on a sample")).to_have_count(0, timeout=JOB_MS)
    mei.press("Build, check and publish")
    mei.at("FEAT")
    mei.sees_in_the_end("Published", re.compile("version 1 of 1"))


def join_rows(mei: Visitor) -> None:
    """From SQL to a set that is ready: what columns are is picked, a border of the splits is moved by a key."""
    mei.go("/new-training-set").page.get_by_text("SQL", exact=True).click()
    mei.write("Rows (SQL)", ENTITY_SQL)
    mei.press("Look at the rows")
    mei.sees("What is learned", "First rows")
    go_on(mei)
    mei.page.get_by_role("checkbox", name="Join carrier_days").check(force=True)
    mei.sees(re.compile("looked up"))
    go_on(mei)
    for split in SPLITS:
        mei.fill_day(f"{split.name} from", split.start)
        mei.settled().fill_day(f"{split.name} to", split.end)
        mei.settled()
    border = mei.page.get_by_role("slider", name="End of Validation")
    expect(border).to_have_attribute("aria-valuetext", "2013-11-01")
    border.press("ArrowLeft")
    expect(border).to_have_attribute("aria-valuetext", "2013-10-31")
    border.press("ArrowRight")
    expect(border).to_have_attribute("aria-valuetext", "2013-11-01")
    mei.sees("Validation has 471 rows")
    mei.settled()
    go_on(mei)
    mei.fill("Name", "late_flights")
    mei.press("Create training set")
    mei.at("TS")
    mei.sees_in_the_end("Ready", "No leakage found", re.compile(r"4\s005"))
    mei.stands()
    mei.tab("Lineage")
    expect(mei.page.get_by_role("button", name=re.compile("carrier_days v1"))).to_be_visible()


def go_on(mei: Visitor) -> None:
    """To the next step. While a page is drawn, the button of the drawing before may still stand behind the new one."""
    mei.page.locator(".st-key-set_next button").first.click()
    mei.settled()
