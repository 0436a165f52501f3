"""Features in a real browser: a view is made, its logic is written while a preview tells what comes of it, the draft
waits, and is published."""

import re

from playwright.sync_api import expect

from app.ui.code_editor.formatting import formatted_python
from tests.e2e.chain import VIEW_SQL, Chain
from tests.e2e.visitor import JOB_MS, Visitor

PANDAS = """
import pandas as pd

def features(flights):
    rows = flights[flights.arr_delay.notna()]
    day_end = rows.arr_utc.dt.floor("D") + pd.Timedelta(days=1)
    made = rows.assign(day_end=day_end).groupby(["carrier", "day_end"], as_index=False)
    return made.agg(flights=("arr_delay", "size"), delay=("arr_delay", "mean"))
""".strip()


def test_features_from_a_first_line_to_everyone(mei: Visitor, chain: Chain) -> None:
    assert chain.snapshot
    begin(mei)
    goes_elsewhere_and_comes_back(mei)
    mei.press("Save draft")
    expect(mei.page).to_have_url(re.compile(r"version=FEAT-\d+$"))
    mei.settled().sees("Draft")
    mei.page.reload()
    mei.settled()
    second_form(mei)
    mei.press("Publish")
    mei.sees("Nothing uses the view yet.")
    mei.press("Build, check and publish")
    mei.at("FEAT")
    mei.sees_in_the_end("Published", re.compile("version 1 of 1"))


def begin(mei: Visitor) -> None:
    """A view, and logic that goes wrong first."""
    mei.go("/new-feature-version")
    mei.fill("Name", "edited_days")
    mei.fill("Entity", "carrier")
    mei.fill("Keys", "carrier")
    mei.press("Create and go on")
    mei.heading("Version 1 of edited_days").wait_for()
    mei.tick("Tables", "flights")
    mei.fill("Event time", "day_end")
    mei.write("SQL", VIEW_SQL.replace("avg(arr_delay)", "avg(delayed)"))
    preview(mei, "SQL: column delayed not found")
    mei.sees("Line 2")
    expect(mei.page.locator(".cm-wrong")).to_contain_text("avg(delayed)")
    mei.write("SQL", VIEW_SQL)
    expect(mei.page.locator(".cm-wrong")).to_have_count(0)
    preview(mei, "2 features, 1 check passes")


def preview(mei: Visitor, text: str) -> None:
    """Waits for what the preview tells. Where the machine is too busy for it, it is asked for again."""
    outcome, late = mei.page.get_by_text(text), mei.page.get_by_text("took longer than")
    expect(outcome.or_(late).first).to_be_visible(timeout=JOB_MS)
    if not outcome.first.is_visible():
        mei.press("Preview")
        expect(outcome.first).to_be_visible(timeout=JOB_MS)


def goes_elsewhere_and_comes_back(mei: Visitor) -> None:
    """What was typed last is there again, though nothing was saved. A person holds the button for a moment."""
    mei.page.get_by_label("What is new", exact=True).fill("How carriers did")
    mei.page.get_by_role("link", name="Datasets", exact=True).first.click(delay=90)
    mei.heading("Datasets").wait_for()
    mei.page.go_back()
    mei.heading("Version 1 of edited_days").wait_for()
    mei.settled()
    mei.has_code("SQL", VIEW_SQL)
    expect(mei.page.get_by_label("What is new", exact=True)).to_have_value("How carriers did")


def second_form(mei: Visitor) -> None:
    """The same in pandas, which the preview compares."""
    mei.tab("pandas")
    mei.write("Python", PANDAS.replace("(", "( ", 1))
    mei.editor("Python").press("Shift+Alt+F")
    mei.has_code("Python", formatted_python(PANDAS))
    preview(mei, "2 features, 2 checks pass")
    mei.tab("Checks")
    mei.sees("SQL and pandas agree")
    mei.stands()
