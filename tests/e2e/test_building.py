"""Work of an engineer in a real browser: what forms, dialogs and uploads do from click to database."""

from playwright.sync_api import expect

from app.session import COOKIE
from tests.e2e.conftest import Running, Visitor
from tests.http import web


def test_a_file_that_is_no_table_is_refused_in_words(mei: Visitor, running: Running) -> None:
    dataset = running.portal.datasets.create_dataset(running.people.engineer, project="PROJ-1", name="broken")
    page = mei.go(f"/dataset?id={dataset.id}").page
    page.get_by_role("button", name="Add a snapshot").click()
    page.locator('input[type="file"]').set_input_files(
        {"name": "broken.parquet", "mimeType": "application/octet-stream", "buffer": b"PAR1 not really"}
    )
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_text("The Parquet file is damaged")).to_be_visible(timeout=60_000)
    assert running.portal.datasets.get_dataset(running.people.engineer, dataset_id=dataset.id).latest is None


def test_an_upload_without_our_session_is_refused(running: Running) -> None:
    path = f"{running.address}/_stcore/upload_file/some-session/some-file"
    origin = {"origin": running.address}
    for content, cookie, status in (
        (b"x" * 1_000, "", 401),
        (b"x" * 100_000, "", 413),
        (b"x" * 100_000, f"{COOKIE}=made-up", 401),
    ):
        assert web.put(path, content=content, headers={"cookie": cookie, **origin}).status_code == status


def test_a_token_is_shown_once(mei: Visitor, running: Running) -> None:
    page = mei.go("/people").page
    page.get_by_role("button", name="Mint a token").click()
    page.get_by_label("Purpose").fill("Nightly")
    page.get_by_label("Scopes").fill("read")
    page.get_by_role("option", name="read", exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Mint", exact=True).click()
    secret = page.locator('[data-testid="stCode"]').first.inner_text().strip()
    answer = web.post(
        f"{running.address}/api/v1/identity/whoami", json={}, headers={"authorization": f"Bearer {secret}"}
    )
    assert answer.json()["name"] == "Mei Lin"
    mei.go("/people")
    expect(page.get_by_text("Nightly")).to_be_visible()
    assert secret not in page.content()
