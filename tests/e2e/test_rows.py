"""The table of catalogs in a real browser: names are links, keys move, a click chooses, and more is read when asked."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.installation import Running
from tests.e2e.visitor import Visitor

COUNT = 30


@pytest.fixture(scope="module")
def names(running: Running) -> list[str]:
    """The datasets of a project of their own, in the order of the catalog."""
    mei, created = running.people.engineer, [f"catalog_{number:02d}" for number in range(COUNT)]
    for name in created:
        running.portal.datasets.create_dataset(mei, project="PROJ-1", name=name)
    return created


@pytest.fixture
def catalog(mei: Visitor, names: list[str]) -> Visitor:
    return mei.go("/datasets?q=catalog_")


def lines(page: Page) -> Locator:
    return page.locator("tbody tr[data-id]")


def link(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=name, exact=True)


def opened(visitor: Visitor, name: str) -> None:
    expect(visitor.page).to_have_url(re.compile(r"/dataset\?id=DS-\d+$"))
    expect(visitor.page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_a_click_on_a_name_opens_it_in_the_same_session_and_back_returns(catalog: Visitor) -> None:
    catalog.page.evaluate("window.stillHere = true")
    link(catalog.page, "catalog_03").click()
    opened(catalog, "catalog_03")
    assert catalog.page.evaluate("window.stillHere") is True
    catalog.page.go_back()
    expect(catalog.page).to_have_url(re.compile(r"/datasets"))
    expect(catalog.page.get_by_role("heading", level=1, name="Datasets")).to_be_visible()


@pytest.mark.parametrize("button", ["middle", "control"])
def test_the_middle_button_and_control_open_a_tab_of_its_own(catalog: Visitor, button: str) -> None:
    address = catalog.page.url
    with catalog.page.context.expect_page() as tab:
        if button == "middle":
            link(catalog.page, "catalog_04").click(button="middle")
        else:
            link(catalog.page, "catalog_04").click(modifiers=["ControlOrMeta"])
    expect(tab.value.get_by_role("heading", level=1, name="catalog_04")).to_be_visible()
    assert catalog.page.url == address
    tab.value.close()


def test_keys_move_from_row_to_row_and_enter_opens(catalog: Visitor) -> None:
    expect(lines(catalog.page).first).to_be_visible()
    catalog.page.keyboard.press("j")
    expect(link(catalog.page, "catalog_00")).to_be_focused()
    for key, name in (("j", "catalog_01"), ("ArrowDown", "catalog_02"), ("k", "catalog_01")):
        catalog.page.keyboard.press(key)
        expect(link(catalog.page, name)).to_be_focused()
    expect(catalog.page.get_by_role("heading", level=2, name="catalog_01")).to_be_visible()
    catalog.page.keyboard.press("Enter")
    opened(catalog, "catalog_01")


def test_what_is_typed_into_a_field_moves_nothing(catalog: Visitor) -> None:
    expect(lines(catalog.page).first).to_be_visible()
    field = catalog.page.get_by_role("searchbox", name="Search by name")
    field.press("End")
    field.press("j")
    expect(field).to_have_value("catalog_j")
    expect(field).to_be_focused()


def test_a_click_on_a_row_chooses_it_and_stays(catalog: Visitor) -> None:
    lines(catalog.page).nth(6).get_by_text("Empty").click()
    expect(catalog.page.get_by_role("heading", level=2, name="catalog_06")).to_be_visible()
    expect(catalog.page.get_by_role("radio", name="Choose catalog_06")).to_be_checked()
    expect(catalog.page).to_have_url(re.compile(r"/datasets"))


def test_a_head_sorts_both_ways_and_then_lets_go(catalog: Visitor) -> None:
    head = catalog.page.get_by_role("columnheader", name="Dataset")
    for order, first in (("ascending", "catalog_00"), ("descending", "catalog_24"), (None, "catalog_00")):
        catalog.page.get_by_role("button", name="Sort by Dataset").click()
        expect(lines(catalog.page).first.get_by_role("link").first).to_have_text(first)
        assert head.get_attribute("aria-sort") == order


def test_more_rows_are_read_when_they_are_asked_for(catalog: Visitor) -> None:
    expect(lines(catalog.page)).to_have_count(25)
    catalog.sees("25 of 30 shown")
    catalog.press("Show 25 more")
    expect(lines(catalog.page)).to_have_count(COUNT)
    catalog.sees("30 of 30 shown")


def test_a_narrow_window_cuts_nothing_and_tells_of_what_has_no_column_below_the_name(catalog: Visitor) -> None:
    head, first = catalog.page.get_by_role("columnheader"), lines(catalog.page).first
    catalog.fits(1100)
    for name in ("Dataset", "Rows", "Stage", "Health", "Updated"):
        expect(head.filter(has_text=name)).to_be_visible()
    assert catalog.cut() == []
    catalog.page.set_viewport_size({"width": 900, "height": 800})
    expect(head.filter(has_text="Updated")).to_be_hidden()
    expect(first).to_contain_text(re.compile(r"Updated (just now|\d+ min)"))
    assert catalog.cut() == []
    catalog.page.set_viewport_size({"width": 1440, "height": 900})
    expect(head.filter(has_text="Updated")).to_be_visible()
    expect(first).not_to_contain_text("Updated")


def test_filters_that_leave_nothing_offer_to_clear_them(mei: Visitor, names: list[str]) -> None:
    mei.go("/datasets?q=no_such_name")
    mei.press("Clear filters")
    expect(lines(mei.page)).to_have_count(25)
