"""Two versions of a model side by side in the browser."""

import re

from playwright.sync_api import FilePayload, expect

from tests.e2e.chain import Chain
from tests.e2e.visitor import Visitor
from tests.registry.foreign.test_conversion import content_of
from tests.registry.foreign.test_looking import rows_with


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


def test_a_wrong_order_of_columns_is_seen_before_a_model_is_registered(mei: Visitor) -> None:
    page = mei.go("/upload-model").page
    for place, (name, content) in enumerate((("m.onnx", content_of("xgboost")), ("rows.csv", rows_with("xgboost")))):
        file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        page.locator('input[type="file"]').nth(place).set_input_files(file)
        mei.settled()
    mei.sees_in_the_end(re.compile("Equal to"))
    for names, verdict in ((("c1", "c0"), re.compile("Differs on")), (("c0", "c1"), re.compile("Equal to"))):
        mei.press("Paste the order")
        mei.fill("Names", ", ".join([*names, "c2", "c3", "c4", "c5"]))
        mei.press("Apply")
        mei.sees_in_the_end(verdict)
        page.keyboard.press("Escape")
    mei.choose("Model", "A new model")
    mei.fill("Name", "Late payers")
    mei.press("Register")
    mei.at("MV")
    mei.stands()
