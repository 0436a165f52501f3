"""Every page of the portal in a real browser, warm: how long from asking for it until it stands still."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from app import navigation
from app.session import COOKIE
from core.foundation.settings import Settings
from core.portal import build_portal
from tests.e2e.conftest import BROWSERS, QUIET, SIZE
from tests.e2e.installation import answers, free_port, log_of, process, wait_for
from tests.e2e.visitor import DRAWN, WAIT_MS

ROUNDS, WARM_UPS, STILL_MS = 5, 2, 400
# What pages that show one object are opened with: the objects of the small installation.
IDS = {
    "requirement": "R-1",
    "edit-requirement": "R-1",
    "dataset": "DS-1",
    "dataset-diff": "DS-1",
    "import": "IMP-1",
    "feature-view": "FV-1",
    "new-feature-version": "FV-1",
    "materialization": "MAT-1",
    "feature-parity": "FP-1",
    "training-set": "TS-1",
    "run": "RUN-2",
    "sweep": "SW-1",
    "job": "JOB-8",
    "model": "M-1",
    "version": "MV-1",
    "evidence": "EV-1",
    "endpoint": "EP-1",
    "load-test": "LT-1",
    "promotion": "PR-2",
    # Forms for something new show no object.
    "new-training-set": "",
    "start-sweep": "",
    "start-training": "",
}
CHANGES = """() => {
  window.lastChange = performance.now();
  new MutationObserver(() => { window.lastChange = performance.now(); })
    .observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
STILL = f"() => performance.now() - window.lastChange > {STILL_MS}"


def addresses() -> dict[str, str]:
    """Every page by its url. KeyError for a page of one object that nothing is known about: name it in IDS."""
    shown = {card.url: IDS[card.url] if card.is_hidden else "" for card in navigation.PAGES}
    paths = {url: f"/{url}?id={object_id}" if object_id else f"/{url}" for url, object_id in shown.items()}
    return {**paths, navigation.HOME: "/"}


def measure(home: Path, *, handle: str) -> dict[str, float]:
    """Milliseconds to the last change of every page, the median of several visits."""
    settings = Settings(home=home, portal_port=free_port(), gateway_port=0, gateway_admin_port=0)
    sessions = build_portal(settings).sessions
    person = next(person for person in sessions.people() if person.handle == handle)
    with process(settings, "app.server") as served, browser() as chromium:
        address = settings.address
        wait_for(lambda: answers(f"{address}/health"), served, log_of(home, "app.server"))
        context = chromium.new_context(viewport=SIZE, reduced_motion="reduce")
        context.add_cookies([{"name": COOKIE, "value": sessions.sign_in_as(person.id), "url": address}])
        context.add_init_script(f"addEventListener('DOMContentLoaded', {CHANGES})")
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        return {url: visits(page, address + path) for url, path in addresses().items()}


def visits(page: Page, url: str) -> float:
    for _round in range(WARM_UPS):
        visit(page, url)
    return median(visit(page, url) for _round in range(ROUNDS))


def visit(page: Page, url: str) -> float:
    """Milliseconds from asking for a page to its last change."""
    page.goto(url, wait_until="commit")
    page.wait_for_selector(DRAWN)
    page.wait_for_function("() => document.querySelectorAll('[data-testid=\"stSkeleton\"]').length === 0")
    page.wait_for_function(STILL)
    return float(page.evaluate("window.lastChange"))


@contextmanager
def browser() -> Iterator[Browser]:
    path = next(path for path in BROWSERS if Path(path).exists())
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield chromium
        chromium.close()
