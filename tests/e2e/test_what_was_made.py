"""What holds for all that was made: it is found, and the record of who did what is sound."""

import re

from playwright.sync_api import expect

from tests.e2e.chain import Chain
from tests.e2e.installation import Running, log_of
from tests.e2e.visitor import Visitor


def test_the_palette_finds_every_kind_of_object_by_its_id(mei: Visitor, chain: Chain) -> None:
    page = mei.settled().page
    field = mei.palette()
    object_ids = [
        chain.snapshot,
        chain.feature_version,
        chain.training_set,
        *chain.runs,
        *chain.versions,
        chain.staging,
    ]
    for object_id in (*object_ids, chain.production):
        field.fill(object_id)
        exact = page.get_by_role("option").filter(has_text=f"{object_id} ·")
        expect(exact.first).to_be_visible()
    page.keyboard.press("Escape")


# A quick answer takes the words away before anyone could look for them, so all that were there are kept.
REMEMBER_TEXTS = """element => {
  window.texts = [];
  const remember = () => window.texts.push(element.textContent);
  new MutationObserver(remember).observe(element, {childList: true, characterData: true, subtree: true});
}"""


def test_the_palette_finds_actions_and_feature_columns_and_says_when_it_is_still_looking(
    mei: Visitor, chain: Chain
) -> None:
    visitor = mei.go(f"/version?id={chain.versions[0]}")
    page, field = visitor.page, visitor.palette()
    status = page.get_by_role("dialog").get_by_role("status")
    field.fill("start tr")
    expect(page.get_by_role("option").first).to_contain_text("Actions")
    field.fill("late_share_of_nothing")
    expect(status).to_have_text("Nothing has this name.")
    status.evaluate(REMEMBER_TEXTS)
    page.keyboard.press("Control+a")
    page.keyboard.type("flights")
    page.wait_for_function("window.texts.includes('Still looking…')")
    expect(page.get_by_role("option", name=re.compile(r"^flights.*carrier_delay v1.*Feature columns$"))).to_be_visible()
    expect(status).not_to_be_visible()
    page.get_by_role("option", name=re.compile(r"^flights.*Feature columns$")).first.click()
    expect(page).to_have_url(re.compile(rf"/feature-view\?id={chain.feature_version}$"))


def test_the_log_of_all_of_it_is_sound(jonas: Visitor, chain: Chain) -> None:
    assert chain.production
    jonas.go("/audit").press("Verify the log")
    jonas.sees("The log is intact")


def test_the_portal_has_logged_no_error(mei: Visitor, running: Running) -> None:
    mei.settled()
    assert "Traceback" not in log_of(running.portal.foundation.settings.home, "app.server").read_text()
