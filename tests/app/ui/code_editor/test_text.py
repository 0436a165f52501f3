"""Whose text stands in a code editor: what is typed, unless the page or a button has put another one there."""

from collections.abc import Iterator

import pytest
import streamlit as st

from app.ui.code_editor.text import Text, begin, put, receive, typed_into

KEY = "query_sql"


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    st.session_state.clear()
    yield
    st.session_state.clear()


def opened(text: str = "SELECT 1", *, basis: str = "Q-1", key: str = KEY) -> Text:
    return begin(key, text=text, basis=basis, place="query")


def types(text: str, *, knowing: Text, key: str = KEY) -> None:
    receive(key, {"text": text, "basis": knowing.basis, "version": knowing.version})


def test_what_is_typed_stays_while_the_editor_begins_with_the_same() -> None:
    types("SELECT 2", knowing=opened())
    assert opened().text == "SELECT 2"
    assert opened("SELECT FROM a later reading").text == "SELECT 2"
    assert opened("SELECT *", basis="").text == "SELECT 2"


def test_another_object_brings_its_own_text_and_what_was_sent_late_is_passed_over() -> None:
    first = opened()
    assert opened("SELECT 3", basis="Q-2").text == "SELECT 3"
    types("SELECT 2", knowing=first)
    assert typed_into(KEY) == "SELECT 3"


def test_what_a_button_puts_wins_over_what_was_typed_before_and_typing_after_it_wins_again() -> None:
    before = opened()
    put(KEY, "SELECT 4")
    types("SELECT 2", knowing=before)
    assert typed_into(KEY) == "SELECT 4"
    types("SELECT 5", knowing=opened())
    assert opened().text == "SELECT 5"


def test_a_text_put_before_the_editor_was_ever_drawn_is_what_it_begins_with() -> None:
    put(KEY, "SELECT 6")
    drawn = opened()
    assert (drawn.text, drawn.basis, bool(drawn.version)) == ("SELECT 6", "47a176db9c4a6247", True)


def test_another_editor_in_the_same_place_takes_up_nothing_that_the_browser_has_of_the_one_before() -> None:
    assert opened().version == ""
    assert opened(key="next").version != ""
    assert opened("", key="and_one_more").version != ""


@pytest.mark.parametrize("message", [None, 7, "text", {}, {"text": 7}, {"text": "x"}, {"text": "x", "basis": "Q-1"}])
def test_what_no_editor_sends_changes_nothing(message: object) -> None:
    opened()
    receive(KEY, message)
    receive("unknown", message)
    assert typed_into(KEY) == "SELECT 1"
    assert typed_into("unknown") == ""
