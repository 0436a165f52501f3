"""What holds for all that was made: it is found, and the record of who did what is sound."""

from playwright.sync_api import expect

from tests.e2e.chain import Chain
from tests.e2e.installation import Running, log_of
from tests.e2e.visitor import Visitor


def test_the_palette_finds_every_kind_of_object_by_its_id(mei: Visitor, chain: Chain) -> None:
    page = mei.settled().page
    field = mei.palette()
    object_ids = [
        chain.snapshot,
        chain.feature_version,
        chain.training_set,
        *chain.runs,
        *chain.versions,
        chain.staging,
    ]
    for object_id in (*object_ids, chain.production):
        field.fill(object_id)
        exact = page.get_by_role("option").filter(has_text=f"{object_id} ·")
        expect(exact.first).to_be_visible()
    page.keyboard.press("Escape")


def test_the_log_of_all_of_it_is_sound(jonas: Visitor, chain: Chain) -> None:
    assert chain.production
    jonas.open("/audit").press("Verify the log")
    jonas.sees("The log is intact")


def test_the_portal_has_logged_no_error(mei: Visitor, running: Running) -> None:
    mei.settled()
    assert "Traceback" not in log_of(running.portal.foundation.settings.home, "app.server").read_text()
