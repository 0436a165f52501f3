"""Every page, for everyone: it is drawn without a traceback where nothing is, where something is, and for whom it is
not."""

import pytest

from app import navigation
from app.ui import frame
from core.portal import Portal
from tests.conftest import People
from tests.pages.conftest import Furnished
from tests.pages.running import page, text_of

LISTS = [card for card in navigation.PAGES if not card.is_hidden]
DETAILS = [card for card in navigation.PAGES if card.is_hidden]
FORMS = {"start-sweep", "start-training", "new-training-set", "upload-model"}  # They show no object.
SHOWN = {
    "requirement": "requirement",
    "edit-requirement": "requirement",
    "dataset": "dataset",
    "import": "import_id",
    "feature-view": "view",
    "new-feature-version": "view",
    "training-set": "training_set",
}


@pytest.mark.parametrize("card", LISTS, ids=lambda card: card.url)
def test_a_list_is_drawn_where_nothing_is_yet(portal: Portal, people: People, card: navigation.PageCard) -> None:
    test = page(portal, people.engineer, card.url)
    title = card.title if card.url == navigation.HOME else test.title[0].value
    assert test.session_state[frame.TAB] == f"{title} \u00b7 Causeway"


@pytest.mark.parametrize("who", ["sre", "viewer", "outsider"])
@pytest.mark.parametrize("card", LISTS, ids=lambda card: card.url)
def test_a_list_is_drawn_for_every_role(furnished: Furnished, card: navigation.PageCard, who: str) -> None:
    test = page(furnished.portal, getattr(furnished.people, who), card.url)
    assert test.title or "You may not do this" in text_of(test)


@pytest.mark.parametrize("card", DETAILS, ids=lambda card: card.url)
@pytest.mark.parametrize("wanted", ["RUN-999999", "<script>"])
def test_a_detail_page_says_calmly_that_there_is_no_such_thing(
    furnished: Furnished, card: navigation.PageCard, wanted: str
) -> None:
    test = page(furnished.portal, furnished.people.engineer, card.url, id=wanted)
    assert card.url in FORMS or "no object called" in text_of(test)
    assert card.url in FORMS or test.session_state[frame.TAB] == "Not found \u00b7 Causeway"


@pytest.mark.parametrize(("url", "field"), SHOWN.items())
def test_a_detail_page_shows_its_object(furnished: Furnished, url: str, field: str) -> None:
    test = page(furnished.portal, furnished.people.engineer, url, id=getattr(furnished, field))
    assert test.session_state[frame.TAB] == f"{test.title[0].value} \u00b7 Causeway".replace("\\", "")
    assert "There is no object" not in text_of(test)


@pytest.mark.parametrize(("url", "field"), SHOWN.items())
def test_another_team_is_told_that_there_is_nothing(furnished: Furnished, url: str, field: str) -> None:
    wanted = getattr(furnished, field)
    test = page(furnished.portal, furnished.people.outsider, url, id=wanted)
    assert f"There is no object called '{wanted}'" in text_of(test)
