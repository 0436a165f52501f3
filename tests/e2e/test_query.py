"""A query in a real browser: written, run by keyboard, seen as table and chart, taken along, kept, and stopped."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Running, Visitor
from tests.lake.imports.in_process import imported

TABLE = b"carrier,delay,note\nAA,5,=1+1\nUA,12,plain\nUA,,plain\n"
SQL = "SELECT note, sum(delay) AS delays, -1.50::DECIMAL(9, 2) AS money FROM queried GROUP BY 1 ORDER BY 1"
QUERY = re.compile(r"/query\?id=Q-\d+")
ENDLESS = "SELECT count(*) AS n FROM range(10000000) a, range(10000000) b"


def test_a_query_from_writing_to_file(mei: Visitor, running: Running) -> None:
    portal, me = running.portal, running.people.engineer
    dataset = portal.datasets.create_dataset(me, project="PROJ-1", name="queried")
    imported(running.portal, me, dataset_id=dataset.id, content=TABLE)
    page = mei.go("/query").page
    writes_and_reloads(mei)
    mei.editor("SQL").press("Control+Enter")
    expect(page).to_have_url(QUERY)
    expect(page.locator(".cm-wrong")).to_contain_text("delay + nothing AS d")
    expect(page.locator(".cm-why")).to_have_text("SQL: column nothing not found")
    failed = page.url
    mei.editor("SQL").fill(SQL)
    mei.editor("SQL").press("Control+Enter")
    expect(page).not_to_have_url(failed)
    expect(page).to_have_url(QUERY)
    expect(page.locator(".cm-wrong")).to_have_count(0)
    expect(page.get_by_text("2 rows")).to_be_visible()
    mei.settled()
    with page.expect_download() as download:
        mei.press("Download as CSV")
    assert download.value.path().read_text().splitlines() == ["note,delays,money", "'=1+1,5,-1.50", "plain,12,-1.50"]
    page.get_by_role("radio", name="Chart").click()
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    page.reload()
    mei.settled()
    mei.has_code("SQL", SQL)
    expect(page.get_by_text("2 rows")).to_be_visible()
    page.get_by_role("link", name=f"{failed.rpartition('=')[2]} ").click(delay=90)
    expect(page).to_have_url(failed)
    expect(page.locator(".cm-wrong")).to_contain_text("delay + nothing AS d")


def writes_and_reloads(mei: Visitor) -> None:
    """A query that goes wrong, completed by the name of a column, laid out, and there again before it was ever sent."""
    editor = mei.editor("SQL")
    editor.fill("select note,\n  + nothing as d from queried")
    editor.press("Home")
    mei.page.keyboard.type("del")
    mei.page.get_by_role("option", name="delay bigint").click()
    editor.press("Shift+Alt+F")
    laid_out = "SELECT\n  note,\n  delay + nothing AS d\nFROM\n  queried"
    mei.has_code("SQL", laid_out)
    mei.page.reload()
    mei.settled()
    mei.has_code("SQL", laid_out)


def test_a_query_that_never_ends_is_cancelled(mei: Visitor, running: Running) -> None:
    page = mei.go("/query").page
    mei.editor("SQL").fill(ENDLESS)
    mei.editor("SQL").press("Control+Enter")
    mei.press("Cancel")
    expect(page.get_by_text("It was cancelled.")).to_be_visible()


def test_a_query_becomes_the_draft_of_a_feature(mei: Visitor, running: Running) -> None:
    view = running.portal.feature_views.create_view(
        running.people.engineer, project="PROJ-1", name="of_a_query", entity="carrier", keys=("carrier",)
    )
    page = mei.go("/query").page
    mei.write("SQL", SQL)
    page.get_by_role("button", name="Make a feature of this").click()
    mei.choose("Feature view", "of_a_query")
    mei.press("Go on")
    expect(page).to_have_url(re.compile(f"/new-feature-version\\?id={view.id}"))
    mei.has_code("SQL", SQL)
