"""A button that is pressed twice does its work once."""

from app.ui import redraws
from core.foundation.actions.idempotency import current
from tests import streamlit_client


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
    for drawn in (opened, opened, opened_again):
        drawn()
    assert keys[0] == keys[1] != keys[2]
    assert current() is None
