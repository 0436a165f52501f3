"""Someone at a browser: how a person finds fields and buttons, and what must never be seen while they do."""

import re
from collections.abc import Sequence
from datetime import date

from playwright.sync_api import FilePayload, Locator, Page, expect

WAIT_MS = 20_000
JOB_MS = 90_000
NARROW = 1100
MOST_TABS = 150
OURS = ':not([data-testid="stBaseButton-header"])'
DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'

# Resolves once the portal has begun to draw the page; to false where it does not, or need not.
GO = """path => new Promise(resolve => {
  const app = document.querySelector('[data-testid="stApp"]');
  if (!app || new URL(path, location).pathname === location.pathname) return resolve(false);
  const done = begun => { watch.disconnect(); clearTimeout(late); resolve(begun) };
  const watch = new MutationObserver(() => app.dataset.testScriptState === 'notRunning' || done(true));
  const late = setTimeout(() => done(false), 3000);
  watch.observe(app, {attributes: true, attributeFilter: ['data-test-script-state']});
  history.pushState({}, '', path);
  dispatchEvent(new PopStateEvent('popstate', {state: {}}));
})"""


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
        page.on("pageerror", lambda error: self.problems.append(str(error)))

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

    def go(self, path: str) -> "Visitor":
        """Goes to another page as a link or the browser's Back would, without loading the portal anew."""
        if not self.page.evaluate(GO, path):
            self.page.goto(self.address + path)
        return self.settled()

    def shows(self, path: str) -> "Visitor":
        """Goes to a page unless it is the one that is open, for what is true of it however one came."""
        return self.settled() if self.page.url == self.address + path else self.go(path)

    def settled(self) -> "Visitor":
        """Waits until the page has been drawn. That of a job may be drawn again and again while the job runs."""
        self.page.wait_for_selector(DRAWN, timeout=JOB_MS)
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)
        expect(self.page.locator(".st-key-page_header, .st-key-closed_page").first).to_be_visible()
        return self

    def press(self, label: str) -> None:
        """Clicks the portal's button of that name; while a page runs, Streamlit has a "Stop" of its own."""
        self.page.get_by_role("button", name=label, exact=True).and_(self.page.locator(OURS)).click()

    def fill(self, label: str | re.Pattern[str], text: str) -> None:
        """Types into the field of that label and leaves it, whereupon the portal knows what was typed. A dialog's
        fields come after those of the page behind it."""
        field = self.page.get_by_label(label, exact=True).last
        field.fill(text)
        field.press("Tab")
        self.page.wait_for_selector(DRAWN)

    def editor(self, label: str) -> Locator:
        """The code editor of that label."""
        return self.page.get_by_role("textbox", name=label, exact=True)

    def write(self, label: str, code: str) -> None:
        """Writes all of a code editor anew and leaves it, whereupon the portal knows what was written."""
        field = self.editor(label)
        field.fill(code)
        field.blur()
        self.page.wait_for_selector(DRAWN)

    def has_code(self, label: str, code: str) -> None:
        """Waits until that is all that stands in a code editor."""
        expect(self.editor(label).locator(".cm-line")).to_have_text(code.split("\n"))

    def fill_day(self, label: str, day: date) -> None:
        """Types a day into the parts of a date field, year first."""
        group = self.page.get_by_role("group", name=label, exact=True)
        group.get_by_role("spinbutton").first.focus()
        self.page.keyboard.type(f"{day:%Y%m%d}")
        # While the calendar is open, the next click only closes it.
        self.page.keyboard.press("Escape")
        expect(self.page.get_by_role("dialog")).to_have_count(0)
        self.page.keyboard.press("Tab")
        self.page.wait_for_selector(DRAWN)

    def choose(self, label: str, option: str | re.Pattern[str]) -> None:
        """Picks one from a list that opens."""
        self.page.get_by_role("combobox", name=re.compile(rf"\b{re.escape(label)}$")).last.click()
        self.page.get_by_role("option", name=option).first.click()
        self.page.wait_for_selector(DRAWN)

    def tick(self, label: str, *options: str) -> None:
        """Picks several from a list that stays open until it is closed."""
        self.page.get_by_role("combobox", name=label, exact=True).click()
        for option in options:
            self.page.get_by_role("option", name=option, exact=True).click()
        self.page.keyboard.press("Escape")
        self.page.wait_for_selector(DRAWN)

    def upload(self, name: str, content: bytes) -> None:
        payload: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        self.page.locator('input[type="file"]').set_input_files(payload)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()

    def tab_to(self, target: Locator) -> None:
        """Reaches it by the key Tab alone."""
        for _press in range(MOST_TABS):
            if target.count() and target.evaluate("it => it === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way by keyboard to {target}")

    def sees(self, *texts: str | re.Pattern[str], wait_ms: int = WAIT_MS) -> None:
        """Waits until all of this can be read."""
        for text in texts:
            expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible(timeout=wait_ms)

    def sees_in_the_end(self, *texts: str | re.Pattern[str]) -> None:
        """Waits for what a job, a rollout or a server must first bring about."""
        self.sees(*texts, wait_ms=JOB_MS)

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", name=name).first

    def at(self, kind: str) -> str:
        """Waits until the page of an object of this kind ("RUN") stands in the address; returns the object's id."""
        expect(self.page).to_have_url(re.compile(rf"[?&]id={kind}-\d+$"))
        self.settled()
        return self.page.url.rpartition("id=")[2]

    def palette(self) -> Locator:
        """Opens the search on its key; returns its field. The key counts once the palette has said so."""
        expect(self.page.locator("[aria-keyshortcuts]")).to_be_visible()
        self.page.keyboard.press("Control+k")
        field = self.page.get_by_role("combobox", name="Search pages")
        expect(field).to_be_focused()
        return field

    def stands(self) -> None:
        """The page is the same after a hard refresh, and fits a window of 1100 px."""
        title = self.page.get_by_role("heading", level=1).inner_text()
        self.page.reload()
        expect(self.settled().page.get_by_role("heading", level=1)).to_have_text(title)
        usual = self.page.viewport_size
        self.fits(NARROW)
        if usual:
            self.page.set_viewport_size(usual)

    def in_a_new_tab(self) -> "Visitor":
        """The same address in another tab."""
        tab = Visitor(self.page.context.new_page(), self.address)
        return tab.open(self.page.url.removeprefix(self.address))

    def fits(self, width: int) -> None:
        """Waits until nothing is wider than a window of that width."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.wait_for_function(
            """() => { const main = document.querySelector('[data-testid="stMain"]');
                       return main && main.scrollWidth <= main.clientWidth }"""
        )

    def cut(self) -> Sequence[str]:
        """What is wider than the cell or the button that it stands in."""
        places = "th:not(.mark), th button span, td:not(.mark), .chip span, [data-testid=stMain] button"
        return self.page.locator(places).evaluate_all(
            "places => places.filter((at) => at.scrollWidth > at.clientWidth + 1).map((at) => at.textContent)"
        )

    def complaints(self) -> Sequence[str]:
        """What scripts complained of and which strangers were asked, since this was last asked."""
        complaints = [*self.problems, *self.foreign]
        self.problems.clear()
        self.foreign.clear()
        return complaints
