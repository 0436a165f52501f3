"""A real installation and a real browser, shared by the journeys of a process; `tests/groups.py` makes two groups of
them. The browser is started for these tests only: while it runs, no other test of the same process can start an event
loop."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.chain import Chain
from tests.e2e.installation import Running, installation
from tests.e2e.visitor import WAIT_MS, Visitor
from tests.groups import leads_to_a_model

# The first draws the same pages without the rest of a browser, for four fifths of the work.
BROWSERS = (
    "/usr/bin/chromium-headless-shell",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
)
# What tests show is looked at for a moment: the last optimization of its scripts costs more than it saves, and so
# does a heap that starts small.
QUIET = (
    "--js-flags=--no-turbofan --min-semi-space-size=64",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
)
SIZE = {"width": 1440, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test leaves a picture of every open page in its folder."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("browser")
    if report.failed and browser is not None:
        pages = [page for context in browser.contexts for page in context.pages]
        for number, page in enumerate(pages):
            path = item.funcargs["tmp_path"] / f"page-{number}.png"
            page.screenshot(path=path)
            report.sections.append(("picture", f"{path} shows {page.url}"))
    return report


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Portal, worker and gateway, with people and nothing else."""
    with installation(tmp_path_factory.mktemp("e2e") / "home") as installed:
        yield installed


@pytest.fixture(scope="package")
def chain(running: Running) -> Chain:
    """What leads from flights to a model, made as far as somebody asks."""
    return Chain(running)


@pytest.fixture(scope="package")
def ahead(chain: Chain) -> Iterator[None]:
    with chain.build_ahead():
        yield


@pytest.fixture(scope="module", autouse=True)
def begun(request: pytest.FixtureRequest) -> None:
    """Where journeys lead to a model, all of the chain is made while the first of them run: the machine has more than
    one core."""
    if leads_to_a_model(request.path.name):
        request.getfixturevalue("ahead")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = next((path for path in BROWSERS if Path(path).exists()), None)
    assert executable, "these tests need Chromium: apt-get install chromium-headless-shell"
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def visitors() -> list[Visitor]:
    """Everyone who came."""
    return []


@pytest.fixture(autouse=True)
def calm(visitors: list[Visitor], tmp_path: Path) -> Iterator[None]:
    """No script complains and no other host is asked, whatever people do. (The folder is for pictures.)"""
    yield
    assert [complaint for visitor in visitors for complaint in visitor.complaints()] == []


@contextmanager
def someone(browser: Browser, running: Running, visitors: list[Visitor]) -> Iterator[Visitor]:
    """Someone with a browser of their own, not signed in."""
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    visitors.append(Visitor(context.new_page(), running.address))
    yield visitors[-1]
    context.close()


@pytest.fixture
def visitor(browser: Browser, running: Running, visitors: list[Visitor]) -> Iterator[Visitor]:
    with someone(browser, running, visitors) as opened:
        yield opened


@pytest.fixture(scope="package")
def mei(browser: Browser, running: Running, visitors: list[Visitor]) -> Iterator[Visitor]:
    """An engineer who is signed in and whose browser knows the portal's files already."""
    with someone(browser, running, visitors) as opened:
        yield opened.sign_in("Mei Lin")


@pytest.fixture(scope="package")
def jonas(browser: Browser, running: Running, visitors: list[Visitor]) -> Iterator[Visitor]:
    """An SRE."""
    with someone(browser, running, visitors) as opened:
        yield opened.sign_in("Jonas Weber")


@pytest.fixture(scope="package")
def sofia(browser: Browser, running: Running, visitors: list[Visitor]) -> Iterator[Visitor]:
    """An approver."""
    with someone(browser, running, visitors) as opened:
        yield opened.sign_in("Sofia Park")
