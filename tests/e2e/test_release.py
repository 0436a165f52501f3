"""From a version to production in the browser: staging, parity, a load test, a promotion that another person decides
on, its rollout, and the rollback."""

import re

from playwright.sync_api import expect

from tests.e2e.chain import Chain
from tests.e2e.visitor import Visitor


def test_a_version_is_deployed_to_staging_and_computes_what_was_computed_offline(mei: Visitor, chain: Chain) -> None:
    endpoint = chain.endpoint("try-it-here", "staging")
    assert chain.versions
    mei.go(f"/endpoint?id={endpoint}").press("Deploy")
    mei.choose("Version", re.compile("late-arrival v1"))
    mei.press("Deploy v1")
    mei.sees_in_the_end("late-arrival v1 answers every request")
    mei.tab("Parity")
    mei.choose("Rows", "200 rows")
    mei.press("Check parity")
    mei.sees_in_the_end("Offline and served agree in every cell")
    mei.tab("Try it")
    mei.press("Send the row")
    mei.sees("Probability", re.compile(r"late-arrival.* answered in .* ms"))
    mei.stands()


def test_a_load_test_says_first_whether_it_may_be_believed(jonas: Visitor, chain: Chain) -> None:
    jonas.go(f"/endpoint?id={chain.staging}").page.get_by_role("link", name="New test").click()
    jonas.page.get_by_role("radio", name="Smoke").click()
    # The fields of another profile take the place of these.
    jonas.settled()
    jonas.fill(re.compile("Requests a second"), "200")
    jonas.fill(re.compile("Seconds, at most"), "8")
    jonas.press("Start the test")
    jonas.at("LT")
    jonas.sees_in_the_end(re.compile("^(Valid|Invalid): "))
    expect(jonas.page.get_by_role("link", name=re.compile("The evidence EV-"))).to_be_visible()
    jonas.stands()


def test_who_asks_cannot_approve_and_what_was_approved_goes_out_and_back(
    mei: Visitor, sofia: Visitor, jonas: Visitor, chain: Chain
) -> None:
    request = ask_for_the_second_version(mei, chain)
    approve_by_keyboard(sofia, request)
    roll_out(jonas, request)
    roll_back_and_forward(jonas, chain.production)


def ask_for_the_second_version(mei: Visitor, chain: Chain) -> str:
    """Mei asks, measures what is missing, and is told why she may not approve."""
    chain.measure_on_staging(chain.versions[1])
    mei.go(f"/endpoint?id={chain.production}").press("Request a promotion")
    mei.choose("Version", "late-arrival v2")
    mei.press("Remove the last")
    mei.press("Remove the last")
    expect(mei.page.get_by_label("held for minutes", exact=True)).to_have_count(1)
    mei.fill("Step 1: share in %", "100")
    mei.fill("held for minutes", "0.02")
    mei.fill("Note for the reviewers", "A little more decay")
    mei.press("Open the request")
    request = mei.at("PR")
    for gate in ("quality", "safety"):
        mei.page.locator(f".st-key-act_gate_{gate}").get_by_role("button", name="Measure").click()
        expect(mei.page.locator(f".st-key-act_gate_{gate}").get_by_role("link")).to_be_visible()
        # Rows below it still move: a click is lost where its button is elsewhere by the time it is let go.
        mei.settled()
    mei.sees(re.compile("You may not decide on this: you requested it"))
    expect(mei.page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    return request


def approve_by_keyboard(sofia: Visitor, request: str) -> None:
    """From anywhere to the request and through the decision without a mouse."""
    page = sofia.go("/").page
    sofia.palette()
    page.keyboard.type(request)
    expect(page.get_by_role("option").first).to_contain_text(request)
    page.keyboard.press("Enter")
    sofia.at("PR")
    boxes = page.locator(".st-key-card_decision").get_by_role("checkbox")
    # What is not drawn yet cannot be counted.
    expect(boxes.first).to_be_visible()
    for number in range(boxes.count()):
        sofia.tab_to(boxes.nth(number))
        page.keyboard.press("Space")
        expect(boxes.nth(number)).to_be_checked()
    sofia.tab_to(page.get_by_label("Reason (kept in the audit log)"))
    page.keyboard.type("Parity is exact and the load test held")
    page.keyboard.press("Control+Enter")
    approve = page.get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_enabled()
    sofia.tab_to(approve)
    page.keyboard.press("Enter")
    sofia.sees("An SRE can begin the rollout")


def roll_out(jonas: Visitor, request: str) -> None:
    jonas.go(f"/promotion?id={request}").press("Begin the rollout")
    jonas.sees_in_the_end("It was released", re.compile("late-arrival v2 takes all traffic"))
    tab = jonas.in_a_new_tab()
    tab.sees("It was released")
    tab.page.close()


def roll_back_and_forward(jonas: Visitor, endpoint: str) -> None:
    jonas.go(f"/endpoint?id={endpoint}").sees_in_the_end("late-arrival v2 answers every request")
    for version in ("v1", "v2"):
        jonas.press("Roll back")
        jonas.fill("Reason (kept in the audit log)", "A drill")
        jonas.press(f"Roll back to {version}")
        jonas.sees_in_the_end(f"late-arrival {version} answers every request")
    jonas.sees(re.compile("A drill"))
