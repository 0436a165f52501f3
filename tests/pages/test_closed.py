"""What stands in place of a page that cannot be shown: why, who can help, the list it would be in, and a search."""

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from tests.pages.conftest import GOAL, Furnished
from tests.pages.running import catalogs_of, drawn, page, text_of


def links_of(test: AppTest) -> list[str]:
    return [link.proto.label for link in test.get("page_link")]


def test_an_object_that_is_not_there_leads_to_its_list_and_to_a_search(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "training-set", id="TS-999999")
    assert [title.value for title in test.title] == ["Not found"]
    assert {"Go to Home", "Go to Training sets"} <= set(links_of(test))
    assert test.text_input(key="closed_query").value == "TS-999999"
    test.text_input(key="closed_query").input("late arrivals")
    listed = [row["id"] for row in catalogs_of(drawn(test))["closed_things"]["rows"]]
    assert furnished.requirement in listed


def test_an_address_without_an_id_says_what_is_missing(furnished: Furnished) -> None:
    shown = text_of(page(furnished.portal, furnished.people.engineer, "run"))
    assert "This address names no object" in shown


def test_an_object_of_another_kind_opens_on_its_own_page(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "run", id=furnished.requirement)
    assert [title.value for title in test.title] == [GOAL]


def test_who_may_not_see_a_page_learns_who_may(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.viewer, "audit")
    assert [title.value for title in test.title] == ["You may not see this"]
    shown = text_of(test)
    assert "None of your roles has the permission audit.read" in shown
    assert "It needs the role Admin or Approver or Engineer or SRE." in shown
    assert furnished.portal.identity.whoami(furnished.people.engineer).name in links_of(test)


def test_an_unknown_address_is_a_page_of_the_frame(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "home")
    test.context = {"url": "http://127.0.0.1:8600/no-such-page"}
    test._page_hash = calc_hash("no-such-page")
    shown = text_of(drawn(test))
    assert "There is no page at this address" in shown
