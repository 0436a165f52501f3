"""Uploads that the portal never asked for, against the portal's own process: refused, and not held in memory."""

from collections.abc import Iterator

import psutil
import pytest

from app.session import COOKIE
from tests.e2e.conftest import Running, Visitor
from tests.http import web

PART = b"x" * (1 << 20)
# Twice the limit of the portal's settings.
PARTS = 120
MOST_GROWTH = 24 << 20
SOMEWHERE = "/_stcore/upload_file/made-up/file"
XSRF = "_streamlit_xsrf"
KIND = {"content-type": "multipart/form-data; boundary=b"}
START = b'--b\r\nContent-Disposition: form-data; name="file"; filename="large.csv"\r\n\r\n'


def body() -> Iterator[bytes]:
    """Sent in parts, so that no header says beforehand how much will come."""
    yield START
    yield from (PART for _number in range(PARTS))


@pytest.fixture
def portal_process(running: Running) -> psutil.Process:
    (served,) = (child for child in psutil.Process().children() if "app.server" in child.cmdline())
    return served


@pytest.fixture
def mine(mei: Visitor) -> dict[str, str]:
    """The cookies of someone who is signed in."""
    mei.go("/datasets")
    return {cookie["name"]: cookie["value"] for cookie in mei.page.context.cookies()}


def sent(running: Running, path: str, cookies: dict[str, str], **headers: str) -> int:
    written = "; ".join(f"{name}={value}" for name, value in cookies.items())
    sent_headers = {**KIND, **headers, "cookie": written, "origin": running.address}
    return web.put(running.address + path, content=body(), headers=sent_headers, timeout=60).status_code


def test_no_upload_over_the_limit_is_taken_from_anyone(
    running: Running, mei: Visitor, mine: dict[str, str], portal_process: psutil.Process
) -> None:
    own = path_of_an_upload(mei)
    before = portal_process.memory_info().rss
    header = {"x-xsrftoken": mine[XSRF]}
    assert sent(running, SOMEWHERE, {}) == 401
    assert sent(running, own, {XSRF: mine[XSRF]}, **header) == 401
    assert sent(running, own, {**mine, COOKIE: "made-up"}, **header) == 401
    assert sent(running, own, mine) == 403
    assert sent(running, own, mine, **{"x-xsrftoken": "made-up"}) == 403
    assert sent(running, SOMEWHERE, mine, **header) == 400
    assert sent(running, own, mine, **header) == 413
    assert sent(running, own, mine, **header, **{"content-length": str(len(START) + (PARTS << 20))}) == 413
    assert portal_process.memory_info().rss - before < MOST_GROWTH


def path_of_an_upload(mei: Visitor) -> str:
    """Where the browser of someone sends files now."""
    mei.page.get_by_role("button", name="New dataset").first.click()
    mei.fill("Name", "uploaded_to")
    mei.press("Create")
    mei.at("DS")
    mei.press("Add a snapshot")
    with mei.page.expect_request(lambda request: "/_stcore/upload_file/" in request.url) as upload:
        mei.upload("small.csv", b"id\n1\n")
    return upload.value.url.removeprefix(mei.address)
