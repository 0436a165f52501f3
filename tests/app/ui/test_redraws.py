"""A button that is pressed twice does its work once."""

from sqlmodel import select

from app.ui import redraws
from core.foundation.actions.idempotency import KeyRow, current, digest_of_arguments
from core.foundation.digests import digest_of
from core.portal import Portal
from tests import streamlit_client
from tests.conftest import People
from tests.pages.running import drawn, page


def _page() -> None:
    import streamlit as st

    from app.ui import redraws
    from core.foundation.actions.idempotency import current

    with redraws.once():
        attempt = current()
        st.session_state.setdefault("keys", []).append(attempt and attempt.key)
        with redraws.once():
            assert current() is attempt
        if st.session_state.pop("cut", False):
            st.rerun()
        if st.session_state.pop("stop", False):
            st.stop()
    assert current() is None


def test_a_key_lasts_until_a_drawing_is_whole() -> None:
    test = streamlit_client.function(_page)
    for what in ("cut", "", "stop", ""):
        if what:
            test.session_state[what] = True
        test.run()
        assert not test.exception
    first, again, second, third, fourth = test.session_state["keys"]
    assert first == again
    assert len({first, second, third, fourth}) == 4


def test_a_dialog_has_one_key_as_long_as_it_is_open() -> None:
    keys: list[str] = []

    def body() -> None:
        attempt = current()
        assert attempt is not None
        assert attempt.of_form
        keys.append(attempt.key)

    opened, opened_again = redraws.opening(body), redraws.opening(body)
    for draw in (opened, opened, opened_again):
        draw()
    assert keys[0] == keys[1] != keys[2]
    assert current() is None


def _page_with_dialog() -> None:
    import streamlit as st

    from app.ui import forms, redraws
    from core.foundation.actions.idempotency import current

    @forms.dialog("New dataset")
    def dialog() -> None:
        attempt = current()
        st.session_state["in_dialog"] = attempt and attempt.key

    with redraws.once():
        page = current()
        st.session_state["on_page"] = page and page.key
        dialog()
        assert current() is page


def test_what_is_done_in_a_dialog_has_the_key_of_its_opening() -> None:
    test = streamlit_client.function(_page_with_dialog)
    test.run()
    assert not test.exception
    keys = test.session_state["in_dialog"], test.session_state["on_page"]
    assert all(keys)
    assert len(set(keys)) == 2


def test_what_is_pressed_on_a_page_has_the_key_of_the_drawing_on_which_it_was_seen(
    portal: Portal, people: People
) -> None:
    """A second press on the same drawing has the same key, whatever is drawn before the button."""
    viewer = people.viewer.person_id
    test = page(portal, people.admin, "people", id=viewer)
    key = test.session_state[redraws.KEY].key
    test.button(key=f"state_{viewer}").click()
    drawn(test)
    arguments = digest_of_arguments({"person_id": viewer, "state": "disabled"})
    with portal.foundation.database.read() as session:
        ids = session.exec(select(KeyRow.id)).all()
    assert ids == [digest_of([people.admin.person_id, "identity.set_state", key, arguments])]
    assert test.session_state[redraws.KEY].key != key
