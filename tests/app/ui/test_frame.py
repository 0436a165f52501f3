"""The frame: what goes wrong is said calmly, what runs is drawn again until it has ended."""

import pytest
from streamlit.testing.v1 import AppTest

from app import navigation
from app.asgi import show_error
from app.ui import redraws
from core.foundation.errors import Conflict, Invalid, Unavailable
from tests import streamlit_client


def run(body) -> AppTest:
    test = streamlit_client.function(body)
    test.run()
    assert not test.exception
    return test


def texts(test: AppTest) -> str:
    return "\n".join(item.value for kind in (test.markdown, test.caption, test.code) for item in kind)


def _refused() -> None:
    from app.ui import frame
    from core.foundation.errors import NotAllowed

    with frame.guarded():
        raise NotAllowed("You may not do :red[this]", hint="Ask for a *role*.")


def _failed() -> None:
    from app.ui import frame

    with frame.guarded():
        raise RuntimeError("secret detail")


def _attempted() -> None:
    import streamlit as st

    from app.ui import forms
    from core.requirements.values import Criterion

    with forms.attempt() as done:
        Criterion.model_validate({"metric": "auc", "comparison": "at_least", "limit": -1})
    st.markdown(f"done: {done.succeeded}, and the page goes on")


def _attempted_at_a_field() -> None:
    import streamlit as st

    from app.ui import forms
    from core.foundation.errors import Invalid

    with forms.attempt({"name": st.container()}):
        raise Invalid("Name must not be empty", field="name")


def test_a_refusal_is_shown_in_its_own_words_and_nothing_in_it_comes_alive() -> None:
    shown = texts(run(_refused))
    assert r"You may not do \:red\[this\]" in shown
    assert r"Ask for a \*role\*." in shown


def test_a_failure_shows_a_number_and_no_detail(caplog: pytest.LogCaptureFixture) -> None:
    test = run(_failed)
    error_id = test.code[0].value
    assert "could not be shown" in texts(test)
    assert "secret detail" not in texts(test)
    assert f"error {error_id}" in caplog.text
    assert "secret detail" in caplog.text


def test_a_wrong_value_in_a_form_is_said_at_the_form_and_the_page_goes_on() -> None:
    shown = texts(run(_attempted))
    assert "Limit must be at least 0" in shown
    assert "done: False, and the page goes on" in shown


def test_what_is_wrong_with_a_field_is_said_once_and_at_the_field() -> None:
    test = run(_attempted_at_a_field)
    assert test.caption[0].value == ":red[:material/error: Name must not be empty]"
    assert texts(test).count("Name must not be empty") == 1
    assert "What is wrong is said at its field" in texts(test)


@pytest.mark.parametrize("error", [Conflict("no"), Invalid("no", field="x"), Unavailable("no"), RuntimeError("no")])
def test_streamlits_own_red_box_is_never_shown(error: Exception) -> None:
    assert show_error(error) is True


def test_the_folder_of_pages_is_not_beside_the_entry_script() -> None:
    """Streamlit would run its files without the entry script, and so without its checks."""
    from streamlit.runtime.pages_manager import PagesManager

    assert navigation.FOLDER.parent.name != "app"
    assert PagesManager.uses_pages_directory is False


@pytest.mark.parametrize(
    ("file", "met"), [("streamlit/runtime/state/session_state.py", True), ("pages/home.py", False)]
)
def test_two_runs_that_meet_in_streamlits_state_are_told_from_our_own_mistakes(file: str, met: bool) -> None:
    changing = compile("kept = {1: 1}\nfor key in kept: kept[key + 1] = 1", f"/somewhere/{file}", "exec")
    with pytest.raises(RuntimeError) as raised:
        exec(changing, {})
    assert redraws.met_another_run(raised.value) == met
