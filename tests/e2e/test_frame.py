"""The frame of the pages in a real browser."""

import re
from itertools import groupby
from typing import Literal

import pytest
from playwright.sync_api import WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app import navigation
from app.session import COOKIE
from core.requirements.values import Criterion
from tests.e2e.conftest import Running, Visitor
from tests.http import web

CRITERIA = (Criterion.model_validate({"metric": "auc", "comparison": "at_least", "limit": 0.68}),)
GOAL = "Warn passengers of a late arrival"
HOOKS = (
    "stMainBlockContainer",
    "stHeader",
    "stToolbar",
    "stMainMenu",
    "stSidebar",
    "stSidebarContent",
    "stSidebarHeader",
    "stSidebarUserContent",
    "stSidebarNav",
    "stPageLink",
    "stIconMaterial",
    "stTable",
    "stMarkdownContainer",
    "stCaptionContainer",
    "stLayoutWrapper",
)
VISIBLE = [card for card in navigation.PAGES if not card.is_hidden]


@pytest.fixture(scope="module")
def goal(running: Running) -> str:
    requirement = running.portal.requirements.create_requirement(
        running.people.engineer, project="PROJ-1", title=GOAL, criteria=CRITERIA
    )
    return requirement.id


def test_a_deep_link_survives_sign_in_a_refresh_and_a_new_tab(visitor: Visitor, goal: str) -> None:
    visitor.sign_in("Mei Lin", path=f"/requirement?id={goal}")
    expect(visitor.page).to_have_url(re.compile(rf"/requirement\?id={goal}$"))
    expect(visitor.page.get_by_role("heading", name=GOAL)).to_be_visible()
    visitor.page.reload()
    expect(visitor.settled().page.get_by_role("heading", name=GOAL)).to_be_visible()
    tab = Visitor(visitor.page.context.new_page(), visitor.address).open(f"/requirement?id={goal}")
    expect(tab.page.get_by_role("heading", name=GOAL)).to_be_visible()


@pytest.mark.parametrize("card", VISIBLE, ids=lambda card: card.url)
def test_every_page_opens_by_its_address_and_asks_no_other_host(mei: Visitor, card: navigation.PageCard) -> None:
    mei.open("/" if card.url == navigation.HOME else f"/{card.url}")
    assert mei.foreign == []
    assert mei.problems == []
    for width in (1100, 1440):
        mei.fits(width)
        assert mei.cut() == []


def test_the_browsers_tab_says_what_the_page_is_about(mei: Visitor, goal: str) -> None:
    expect(mei.open("/").page).to_have_title("Home \u00b7 Causeway")
    expect(mei.open(f"/requirement?id={goal}").page).to_have_title(f"{GOAL} \u00b7 Causeway")
    mei.page.get_by_role("link", name="Datasets", exact=True).click()
    expect(mei.page).to_have_title("Datasets \u00b7 Causeway")


def test_a_page_keeps_the_room_of_its_scroll_bar(mei: Visitor, goal: str) -> None:
    # This browser draws no scroll bars, so that nothing can be seen to move.
    main = mei.shows(f"/requirement?id={goal}").page.get_by_test_id("stMain")
    assert main.evaluate("main => getComputedStyle(main).scrollbarGutter") == "stable"


def test_tab_goes_from_field_to_field_and_back_by_the_help(mei: Visitor) -> None:
    mei.open("/datasets")
    mei.press("New dataset")
    name, identifier = (mei.page.get_by_label(label, exact=True) for label in ("Name", "Identifier"))
    name.focus()
    for key, focused in (
        ("Tab", identifier),
        ("Shift+Tab", mei.page.get_by_role("button", name="Help for Identifier")),
        ("Tab", identifier),
    ):
        mei.page.keyboard.press(key)
        expect(focused).to_be_focused()


def test_the_hooks_of_the_style_sheet_exist(mei: Visitor, goal: str) -> None:
    mei.open(f"/requirement?id={goal}")
    missing = [hook for hook in HOOKS if mei.page.get_by_test_id(hook).count() == 0]
    assert missing == []


def test_a_menu_behind_dots_has_a_name(mei: Visitor, goal: str) -> None:
    page = mei.shows(f"/requirement?id={goal}").page
    for name in ("Account", "More actions"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()


def test_the_palette_opens_on_its_key_finds_by_title_and_opens(mei: Visitor, goal: str) -> None:
    page = mei.open("/").page
    mei.palette().fill("warn passengers")
    expect(page.get_by_role("option").first).to_contain_text(GOAL)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/requirement\?id={goal}$"))


def test_the_palette_finds_pages_and_closes_on_escape(mei: Visitor) -> None:
    mei.settled().palette().fill("aud")
    expect(mei.page.get_by_role("option").first).to_contain_text("Audit")
    mei.page.keyboard.press("Escape")
    expect(mei.page.get_by_role("dialog")).to_have_count(0)


def test_the_palette_lists_what_was_opened_in_this_browser(mei: Visitor, goal: str) -> None:
    visitor = mei.open(f"/requirement?id={goal}")
    visitor.palette()
    visitor.page.keyboard.press("Escape")
    visitor.open("/runs").palette()
    expect(visitor.page.get_by_role("listbox").locator("li").nth(0)).to_have_text("Recent")
    expect(visitor.page.get_by_role("option").first).to_have_text(re.compile(rf"{GOAL}.*{goal}.*Requirements"))
    visitor.page.keyboard.press("Enter")
    expect(visitor.page).to_have_url(re.compile(rf"/requirement\?id={goal}$"))


class Late:
    """A connection on which the browser asks once more for a part of the page that it leaves, just as the next page is
    announced."""

    def __init__(self) -> None:
        self.request = BackMsg()
        self.announced: list[str] = []

    def between(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def forward(sent: str | bytes) -> None:
            message = BackMsg.FromString(bytes(sent))
            if message.rerun_script.fragment_id:
                self.request = message
            server.send(sent)

        def announce(sent: str | bytes) -> None:
            message = ForwardMsg.FromString(bytes(sent))
            browser.send(sent)
            if message.HasField("new_session"):
                self.announced.append(message.new_session.page_script_hash)
                if self.request.rerun_script.page_script_hash not in ("", self.announced[-1]):
                    self.request.rerun_script.is_auto_rerun = True
                    self.request.rerun_script.ClearField("widget_states")
                    server.send(self.request.SerializeToString())

        browser.on_message(forward)
        server.on_message(announce)


def test_a_part_that_is_asked_for_too_late_does_not_clear_the_next_page(visitor: Visitor) -> None:
    late = Late()
    visitor.page.route_web_socket("**/_stcore/stream", late.between)
    visitor.sign_in("Mei Lin")
    palette = visitor.palette()
    palette.fill("Datasets")
    palette.press("Enter")
    expect(visitor.page).to_have_url(re.compile("/datasets$"))
    visitor.settled().press("New dataset")
    visitor.sees("Create")
    assert late.request.rerun_script.is_auto_rerun
    pages = [page for page, _runs in groupby(late.announced)]
    assert len(pages) == len(set(pages))
    expect(visitor.heading("Datasets")).to_be_visible()


def test_the_key_tab_meets_the_search_first_and_every_stop_is_seen(mei: Visitor) -> None:
    page = mei.open("/").page
    expect(page.locator("[aria-keyshortcuts]")).to_be_visible()
    page.locator("body").evaluate("it => it.ownerDocument.activeElement.blur()")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Search")).to_be_focused()
    home = page.get_by_test_id("stSidebarNav").get_by_role("link", name="Home")
    mei.tab_to(home)
    assert home.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"


def test_signing_out_closes_the_door_in_every_tab(visitor: Visitor, goal: str) -> None:
    visitor.sign_in("Mei Lin", path="/requirements")
    other = Visitor(visitor.page.context.new_page(), visitor.address).open(f"/requirement?id={goal}")
    visitor.page.get_by_test_id("stMenuButton").get_by_role("button").last.click()
    visitor.page.get_by_role("menuitem", name="Sign out").click()
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    other.page.get_by_role("button", name="Edit").click()
    expect(other.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert f"id%3D{goal}" in other.page.url


def test_who_may_only_read_meets_the_page_without_its_buttons(sofia: Visitor, goal: str) -> None:
    sofia.open(f"/requirement?id={goal}")
    expect(sofia.page.get_by_role("heading", name=GOAL)).to_be_visible()
    expect(sofia.page.get_by_role("button", name="Edit")).to_have_count(0)


def test_someone_of_another_team_is_told_that_there_is_nothing(visitor: Visitor, goal: str) -> None:
    visitor.sign_in("Omar Haddad", path=f"/requirement?id={goal}")
    expect(visitor.page.get_by_text(f"There is no object called '{goal}'")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_follow_the_browser(mei: Visitor, scheme: Literal["light", "dark"]) -> None:
    mei.page.emulate_media(color_scheme=scheme)
    color = mei.open("/").page.get_by_test_id("stApp").evaluate("it => getComputedStyle(it).backgroundColor")
    assert color == {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 18, 24)"}[scheme]


def test_streamlit_answers_nothing_to_anyone_without_a_session(running: Running) -> None:
    for path in ("/_stcore/host-config", "/media/x.png", "/_stcore/upload_file/a/b"):
        assert web.get(running.address + path).status_code == 401
    assert web.get(f"{running.address}/_stcore/metrics").status_code == 404
    secret = running.portal.sessions.begin(running.people.engineer.person_id)
    inside = web.get(f"{running.address}/_stcore/host-config", headers={"cookie": f"{COOKIE}={secret}"})
    assert inside.status_code == 200


def test_a_fresh_process_meets_the_sign_in_before_any_page(running: Running) -> None:
    answer = web.get(f"{running.address}/people", headers={"accept": "text/html"}, follow_redirects=False)
    assert answer.headers["location"] == "/sign-in?next=%2Fpeople"
