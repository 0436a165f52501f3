"""The map of a chain in the browser: by pointer and by keys, with groups that open and a card at the side."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.chain import Chain
from tests.e2e.visitor import Visitor

MIN_NODE_PX = 150


def node(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(name))


def open_map(visitor: Visitor, version: str) -> Page:
    page = visitor.go(f"/version?id={version}").page
    visitor.tab("Lineage")
    expect(node(page, version)).to_have_attribute("aria-pressed", "true")
    return page


def test_a_click_shows_an_object_at_the_side_and_its_name_opens_it(mei: Visitor, chain: Chain) -> None:
    version = chain.versions[0]
    page = open_map(mei, version)
    run = node(page, f"{chain.runs[0]}, run")
    box = run.bounding_box()
    assert box is not None
    assert box["width"] >= MIN_NODE_PX
    expect(run).to_have_text(re.compile(r"AUC 0\.\d"))
    run.click()
    expect(run).to_have_attribute("aria-pressed", "true")
    card = page.get_by_role("complementary").filter(has_text="Rests on")
    expect(card).to_contain_text("Leads to")
    expect(page).to_have_url(re.compile(rf"id={version}"))
    card.get_by_role("button", name=f"Open {chain.runs[0]}").click()
    assert mei.at("RUN") == chain.runs[0]


def test_arrow_keys_walk_along_the_chain_and_enter_opens(mei: Visitor, chain: Chain) -> None:
    page = open_map(mei, chain.versions[0])
    node(page, chain.versions[0]).focus()
    page.keyboard.press("ArrowLeft")
    expect(node(page, f"{chain.runs[0]}, run")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(node(page, f"{chain.training_set}, training set")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"training-set\?id={chain.training_set}"))


def test_everything_is_shown_on_demand_and_found_by_its_name(mei: Visitor, chain: Chain) -> None:
    page = open_map(mei, chain.versions[0])
    expect(node(page, "DS-1, dataset")).to_have_count(0)
    page.get_by_role("button", name=re.compile(r"All \d+ objects")).click()
    expect(node(page, "flights, DS-1")).to_be_visible()
    page.get_by_role("searchbox", name="Find in the map").fill("carrier_delay v1")
    page.keyboard.press("Enter")
    expect(node(page, f"carrier_delay v1, {chain.feature_version}")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary").filter(has_text="Rests on")).to_have_count(0)
    page.get_by_role("button", name="Zoom in").click()
    expect(page.get_by_text(re.compile(r"^1[12]\d %$"))).to_be_visible()
    mei.fits(1100)
