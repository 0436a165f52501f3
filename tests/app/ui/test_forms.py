"""Forms drawn from a schema."""

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import forms
from core.foundation.errors import Invalid
from tests import streamlit_client


def _form() -> None:
    from typing import Annotated, Literal

    import streamlit as st
    from pydantic import BaseModel, Field

    from app.ui import forms

    class Params(BaseModel):
        epochs: Annotated[int, Field(ge=1, le=200, description="Passes over the rows.")] = 6
        rate: Annotated[float, Field(gt=0)] = 0.001
        activation: Literal["relu", "gelu"] = "gelu"
        quick: bool = True
        note: str = "plain"
        seed: int | None = None
        widths: tuple[int, ...] = (64, 32)

    st.session_state["entered"] = forms.fields(Params.model_json_schema(), key="p", values={"epochs": 3})


@pytest.fixture
def form() -> AppTest:
    test = streamlit_client.function(_form)
    test.run()
    assert not test.exception
    return test


def test_every_kind_of_parameter_has_its_field(form: AppTest) -> None:
    assert form.session_state["entered"] == {
        "epochs": 3,
        "rate": 0.001,
        "activation": "gelu",
        "quick": True,
        "note": "plain",
        "seed": None,
        "widths": (64, 32),
    }


def test_limits_are_said_and_left_to_the_service(form: AppTest) -> None:
    field = form.number_input(key="p_epochs")
    assert field.help == "Passes over the rows. From 1 to 200."
    field.set_value(100_000)
    form.run()
    assert form.session_state["entered"]["epochs"] == 100_000


def test_a_list_is_typed_with_commas(form: AppTest) -> None:
    form.text_input(key="p_widths").input("128, 64,8")
    form.run()
    assert form.session_state["entered"]["widths"] == (128, 64, 8)


def test_what_is_no_number_or_no_json_is_invalid() -> None:
    with pytest.raises(Invalid, match="is no number"):
        forms._item("many", "integer")
    with pytest.raises(Invalid, match="is not JSON"):
        forms.parsed("{", "Space")
