"""What the axes of charts count."""

import json
from typing import Any

import pytest

from tests import streamlit_client


def picture() -> None:
    import streamlit as st

    from app.ui import charts

    series = {"ours": (st.session_state["x"], [1.0] * len(st.session_state["x"]))}
    charts.lines(series, key="lines", x="step", y="loss", alt="Loss")
    charts.points(series, key="points", x="trial", y="loss", alt="Loss")


def axes(x: list[Any]) -> list[dict[str, Any]]:
    test = streamlit_client.function(picture)
    test.session_state["x"] = x
    test.run()
    assert not test.exception
    return [json.loads(chart.proto.spec)["layout"]["xaxis"] for chart in test.get("plotly_chart")]


@pytest.mark.parametrize("x", [[0, 1, 2], [5, 6], [3]])
def test_few_steps_are_ticked_one_by_one_and_never_between(x: list[int]) -> None:
    assert [axis.get("dtick") for axis in axes(x)] == [1, 1]


@pytest.mark.parametrize("x", [[0, 300], [0.0, 1.0], ["monday", "tuesday"], []])
def test_other_axes_are_ticked_as_they_need(x: list[Any]) -> None:
    assert [axis.get("dtick") for axis in axes(x)] == [None, None]
