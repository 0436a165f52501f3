"""Two versions of a model side by side in the browser."""

import re

from playwright.sync_api import FilePayload, expect

from tests.e2e.chain import Chain
from tests.e2e.visitor import Visitor
from tests.registry.foreign.test_conversion import content_of
from tests.registry.foreign.test_looking import rows_with


def test_runs_are_ticked_starred_grouped_kept_as_a_view_and_noted(mei: Visitor, chain: Chain) -> None:
    first, second = chain.runs
    page = mei.go("/runs").page
    for run in (first, second):
        page.locator(f'tr[data-id="{run}"] input').check()
    mei.sees("2 selected")
    page.get_by_role("button", name=f"Star {first}", exact=True).click()
    expect(page.get_by_role("button", name=f"Take the star of {first} away")).to_be_visible()
    mei.choose("Groups", "By recipe")
    expect(page).to_have_url(re.compile(r"/runs\?group=recipe$"))
    mei.press("Views")
    mei.fill("Name", "By recipe")
    mei.press("Keep this view")
    mei.sees("By recipe is kept")
    page.reload()
    expect(mei.settled().page.locator("tr.group").first).to_contain_text(re.compile(r"\d+ runs"))
    page.locator(f'tr[data-id="{first}"]').get_by_role("link").first.click()
    assert mei.at("RUN") == first
    mei.press("Edit")
    mei.fill("Note", "Worth a second look")
    mei.press("Save")
    mei.sees("Worth a second look")
    mei.tab("Files")
    expect(page).to_have_url(re.compile(rf"/run\?id={first}&tab=files$"))


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
    files = {
        "Model file": ("m.onnx", content_of("xgboost")),
        "Rows as the model takes them": ("r.csv", rows_with("xgboost")),
    }
    for label, (name, content) in files.items():
        field = page.get_by_role("region", name=label, exact=True)
        file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        field.locator('input[type="file"]').set_input_files(file)
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
