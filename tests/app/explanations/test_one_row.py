"""A row that is explained stands in texts, as somebody would type it, and comes back as it was."""

import base64
from typing import Any

import pytest

from app.explanations.one_row import shown, value_of
from core.features.values import ImageInput, RequestField
from tests import streamlit_client
from tests.pictures import noise, png


@pytest.mark.parametrize(
    ("value", "datatype"),
    [(0.1 + 0.2, "FP64"), (3.0, "FP64"), (None, "FP64"), (None, "BYTES"), ("JFK", "BYTES"), ([0.5, 1.0], "FP64")],
)
def test_a_value_comes_back_as_it_was(value: Any, datatype: str) -> None:
    assert value_of(shown(value), datatype=datatype) == value


def test_what_is_no_number_is_left_to_the_service_to_refuse() -> None:
    assert value_of("many", datatype="FP64") == "many"
    assert value_of("  ", datatype="BYTES") is None
    assert value_of("7", datatype="BYTES") == "7"


def one_row() -> None:
    import streamlit as st

    from app.explanations.one_row import entered

    row, columns, fields = st.session_state["known"]
    st.session_state["entered"] = entered(row, columns=columns, fields=fields, key="row")


def test_an_image_is_seen_as_a_picture_and_a_text_has_a_field_of_its_own() -> None:
    photo = base64.b64encode(png(noise(8, 8))).decode()
    row = {"photo": photo, "review": "good " * 200, "price": 5.0}
    fields = (
        RequestField(name="photo", kind="image", is_model_input=True, image=ImageInput(width=8, height=8, channels=1)),
        RequestField(name="review", kind="text", is_model_input=True),
        RequestField(name="price", kind="number", is_model_input=True),
    )
    test = streamlit_client.function(one_row)
    test.session_state["known"] = (row, {"photo": "BYTES", "review": "BYTES", "price": "FP64"}, fields)
    test.run()
    assert not test.exception
    assert test.session_state["entered"] == row
    assert len(test.get("image")) == 1
    assert [field.value for field in test.text_area] == [row["review"]]
    assert photo[:40] not in test.dataframe[0].value.to_csv()
