"""Every page of the portal in a real browser, warm: how long from asking for it until it stands still."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
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

ROUNDS, WARM_UPS, STILL_MS = 5, 1, 400
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
    "upload-model": "",
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


def measure(homes: Sequence[Path], *, handle: str, urls: Collection[str] = ()) -> Iterator[tuple[str, list[float]]]:
    """Milliseconds to the last change of every page, or of those named, over each of the homes: the median of several
    visits. They are visited in turn, so that whatever else the machine does meanwhile slows all of them down."""
    paths = {url: path for url, path in addresses().items() if not urls or url in urls}
    with ExitStack() as parts:
        chromium = parts.enter_context(browser())
        visitors = [parts.enter_context(visitor(chromium, home, handle=handle)) for home in homes]
        for url, path in paths.items():
            for page, address in visitors * WARM_UPS:
                visit(page, address + path)
            rounds = [[visit(page, address + path) for page, address in visitors] for _round in range(ROUNDS)]
            yield url, [median(times) for times in zip(*rounds, strict=True)]


@contextmanager
def visitor(chromium: Browser, home: Path, *, handle: str) -> Iterator[tuple[Page, str]]:
    """A tab of a person who is signed in, and the address of the portal that runs over the home."""
    settings = Settings(home=home, portal_port=free_port(), gateway_port=0, gateway_admin_port=0)
    sessions = build_portal(settings).sessions
    person = next(person for person in sessions.people() if person.handle == handle)
    with process(settings, "app.server") as served:
        address = settings.address
        wait_for(lambda: answers(f"{address}/health"), served, log_of(home, "app.server"))
        context = chromium.new_context(viewport=SIZE, reduced_motion="reduce")
        context.add_cookies([{"name": COOKIE, "value": sessions.sign_in_as(person.id), "url": address}])
        context.add_init_script(f"addEventListener('DOMContentLoaded', {CHANGES})")
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        yield page, address


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
