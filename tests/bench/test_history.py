"""The benchmark of a long history forgets no list and no page."""

import typing

from app import navigation
from core.foundation.values import Listing
from core.portal import Portal
from tests.bench.history.browsing import addresses
from tests.bench.history.lists import OF_FILES, list_actions


def test_every_action_that_answers_with_a_page_of_a_list_is_measured(portal: Portal) -> None:
    specs = [spec for _service, spec in portal.catalog().values()]
    pages = {spec.name for spec in specs if issubclass(_answer(spec.returns), Listing)}
    assert pages - OF_FILES == set(list_actions(portal))


def _answer(returns: typing.Any) -> type:
    return returns if isinstance(returns, type) else type(None)


def test_every_page_is_opened_and_one_of_an_object_with_its_id() -> None:
    opened = addresses()
    assert set(opened) == set(navigation.cards())
    assert opened["home"] == "/"
    assert opened["version"] == "/version?id=MV-1"
