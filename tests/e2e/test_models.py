"""Two versions of a model side by side in the browser."""

import re

from playwright.sync_api import expect

from tests.e2e.chain import Chain
from tests.e2e.visitor import Visitor


def test_two_versions_are_compared_on_the_same_rows(mei: Visitor, chain: Chain) -> None:
    first, second = chain.versions
    page = mei.go("/models").page
    page.get_by_role("link", name="late-arrival", exact=True).click()
    mei.at("M")
    mei.sees(re.compile("2 versions"))
    mei.go(f"/version?id={second}")
    mei.press("Compare with v1")
    expect(page).to_have_url(re.compile(rf"/compare\?ids={first}%2C{second}&baseline={first}"))
    mei.sees(re.compile("886 rows"), "Metrics", "Weight decay")
    mei.stands()
