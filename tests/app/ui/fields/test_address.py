"""An address has values and never labels, whoever wrote it, and it decides what the fields of a page show."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import navigation
from tests import streamlit_client


def fields() -> None:
    import streamlit as st

    from app.ui.fields import address

    states = {"": "Any state", "failed": "Misslungen", "done": "Fertig"}
    st.text_input("Words", **address.text("q"))
    st.selectbox("State", list(states), format_func=lambda name: states[name], **address.one_of("state", states))
    chosen = address.one_of("star", {"1": "Mit Stern"}, usual=None)
    st.pills("Stars", ["1"], format_func=lambda _name: "Mit Stern", **chosen)
    options = address.some_of("kinds", states)
    st.pills("Kinds", ["failed", "done"], selection_mode="multi", format_func=lambda name: states[name], **options)
    st.toggle("Only", **address.flag("only", usual=True))
    st.slider("Smooth", 0.0, 0.9, step=0.1, **address.number("smooth", low=0.0, high=0.9))
    address.tabs({"Overview": lambda: st.caption("all"), "How to call it": lambda: st.caption("curl")})


def drawn(**query: str) -> AppTest:
    test = streamlit_client.function(fields)
    for name, value in query.items():
        test.query_params[name] = value
    return run(test)


def run(test: AppTest) -> AppTest:
    test.run()
    assert not test.exception, test.exception[0].message
    return test


def address_of(test: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in test.query_params.items()}


def test_what_is_chosen_stands_in_the_address_by_its_value() -> None:
    test = drawn()
    assert address_of(test) == {}
    test.text_input(key="q").input("late")
    test.selectbox(key="state").select("failed")
    test.toggle(key="only").set_value(False)
    test.slider(key="smooth").set_value(0.3)
    test.button_group(key="star").select("1")
    test.button_group(key="kinds").select("failed")
    shown = {"q": "late", "state": "failed", "only": "false", "smooth": "0.3", "star": "1", "kinds": "failed"}
    assert address_of(run(test)) == shown
    test.selectbox(key="state").select("")
    test.toggle(key="only").set_value(True)
    assert address_of(run(test)) == {name: shown[name] for name in ("q", "smooth", "star", "kinds")}


def test_an_address_decides_what_is_shown_and_another_one_again() -> None:
    test = drawn(state="done", kinds="failed,done", smooth="0.5", only="false", tab="how_to_call_it", star="1")
    assert (test.selectbox(key="state").value, test.slider(key="smooth").value) == ("done", 0.5)
    assert (test.button_group(key="kinds").value, test.toggle(key="only").value) == (["failed", "done"], False)
    assert [caption.value for caption in test.caption] == ["curl"]
    test.query_params["state"] = "failed"
    del test.query_params["tab"]
    run(test)
    assert (test.selectbox(key="state").value, [caption.value for caption in test.caption]) == ("failed", ["all"])


def test_an_older_address_with_a_label_is_understood_and_made_one_of_values() -> None:
    test = drawn(state="Misslungen", star="Mit Stern", tab="How to call it")
    assert test.selectbox(key="state").value == "failed"
    assert address_of(test) == {"state": "failed", "star": "1", "tab": "how_to_call_it"}


@pytest.mark.parametrize(
    "wrong",
    [{"state": "nonsense"}, {"smooth": "nan"}, {"smooth": "7"}, {"only": "x"}, {"tab": "none"}, {"kinds": "a,b"}],
)
def test_what_means_nothing_is_taken_out_of_the_address(wrong: dict[str, str]) -> None:
    assert address_of(drawn(**wrong)) == {}


def test_no_field_is_bound_to_the_address_by_its_label() -> None:
    """Streamlit's own binding writes labels."""
    files = [path for folder in ("app", "pages") for path in (navigation.FOLDER.parent / folder).rglob("*.py")]
    assert [path for path in files if 'bind="query-params"' in path.read_text(encoding="utf-8")] == []
    assert Path(navigation.FOLDER) / "training" / "runs.py" in files
