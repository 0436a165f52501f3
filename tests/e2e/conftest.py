"""A real portal process and a real browser. The browser is started for these tests only: while it runs, no other test
of the same process can start an event loop."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.foundation.settings import Settings
from core.portal import Portal, build_foundation, build_portal
from tests.conftest import People, enroll

BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
)
START_SECONDS = 60
WAIT_MS = 20_000
SIZE = {"width": 1440, "height": 900}


@dataclass(frozen=True)
class Running:
    """A portal that answers at `address`; `portal` works on the same installation, from this process."""

    address: str
    portal: Portal
    people: People


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs all of them, one after the other."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("browser"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The portal's process on an installation with people and nothing else."""
    settings = Settings(home=tmp_path_factory.mktemp("e2e") / "home", portal_port=free_port())
    base = build_foundation(settings)
    base.database.create_tables()
    portal = build_portal(settings, foundation=base)
    people = enroll(portal)
    log = settings.home / "portal.log"
    environment = os.environ | {
        "CAUSEWAY_HOME": str(settings.home),
        "CAUSEWAY_PORTAL_PORT": str(settings.portal_port),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.server"], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_for(settings.address, process, log)
        yield Running(settings.address, portal, people)
    finally:
        process.terminate()
        process.wait(timeout=15)
        base.database.close()


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{address}/health", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the portal did not answer within {START_SECONDS} s: {log.read_text()}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    found = next((path for path in BROWSERS if Path(path).exists()), None)
    assert found, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield chromium
        chromium.close()


class Visitor:
    """Someone at a browser. Requests that leave the portal and errors of scripts are kept."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.foreign: list[str] = []
        self.problems: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("request", lambda request: self._note(request.url))
        page.on("console", lambda message: self._hear(message.type, message.text))

    def _note(self, url: str) -> None:
        if not url.startswith((self.address, self.address.replace("http", "ws", 1), "data:", "blob:")):
            self.foreign.append(url)

    def _hear(self, kind: str, text: str) -> None:
        # Streamlit probes routes below each page before the right ones and is answered 404.
        if kind == "error" and "404 (Not Found)" not in text:
            self.problems.append(text)

    def sign_in(self, name: str, *, path: str = "/") -> "Visitor":
        """Chooses who to be, on the way to `path`."""
        self.page.goto(self.address + path)
        self.page.get_by_role("button", name=name).click()
        return self.settled()

    def open(self, path: str) -> "Visitor":
        """Loads a page anew, as a new tab or a hard refresh would."""
        self.page.goto(self.address + path)
        return self.settled()

    def settled(self) -> "Visitor":
        """Waits until the page has been drawn."""
        self.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)
        expect(self.page.locator(".st-key-page_header, [class*=st-key-refusal_]").first).to_be_visible()
        return self


@pytest.fixture(scope="package")
def mei(browser: Browser, running: Running) -> Iterator[Visitor]:
    """An engineer who is signed in and whose browser knows the portal's files already."""
    context = browser.new_context(viewport=SIZE)
    yield Visitor(context.new_page(), running.address).sign_in("Mei Lin")
    context.close()


@pytest.fixture
def visitor(browser: Browser, running: Running) -> Iterator[Visitor]:
    """Someone with a fresh browser, not signed in."""
    context = browser.new_context(viewport=SIZE)
    yield Visitor(context.new_page(), running.address)
    context.close()
