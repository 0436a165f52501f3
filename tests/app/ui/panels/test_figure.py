"""Panels share one axis of steps and one hover; smoothed lines keep the raw ones behind them."""

import json
from typing import Any

from tests import streamlit_client


def picture() -> None:
    import streamlit as st

    from app.ui.panels.figure import Line, Panel, panels

    line = Line(name="<b>ours</b>", xs=[1, 2, 3], ys=[4.0, 2.0, 8.0], color=0, is_running=True)
    shown = [Panel(title="Loss", lines=[line], limit=(3.0, "limit")), Panel(title="Rate", lines=[line])]
    panels(shown, key="panels", x="step", alt="Two panels", smoothing=st.session_state["smoothing"])


def drawn(smoothing: float) -> dict[str, Any]:
    test = streamlit_client.function(picture)
    test.session_state["smoothing"] = smoothing
    test.run()
    assert not test.exception
    (chart,) = test.get("plotly_chart")
    spec: dict[str, Any] = json.loads(chart.proto.spec)
    return spec


def test_panels_stand_above_each_other_on_one_axis() -> None:
    layout = drawn(0.0)["layout"]
    first, second = layout["yaxis"]["domain"], layout["yaxis2"]["domain"]
    assert 1 >= first[1] > first[0] > second[1] > second[0] >= 0
    assert (layout["hovermode"], layout["hoversubplots"]) == ("x unified", "axis")
    assert layout["xaxis"]["range"] == [0, 3.06]


def test_a_limit_is_a_line_across_that_its_axis_reaches() -> None:
    (limit,) = (trace for trace in drawn(0.0)["data"] if trace["mode"] == "lines+text")
    assert (limit["x"], limit["y"], limit["text"], limit["line"]["dash"]) == ([0, 3], [3.0, 3.0], ["limit", ""], "dash")
    assert (limit["yaxis"], limit["hoverinfo"]) == ("y", "skip")


def test_the_raw_line_stands_behind_the_smoothed_one() -> None:
    raw, smooth = drawn(0.5)["data"][:2]
    assert (raw["y"], raw["opacity"], raw["hoverinfo"]) == ([4.0, 2.0, 8.0], 0.25, "skip")
    assert smooth["y"] == [4.0, 8 / 3, 40 / 7]
    # What a run is called is text, and the end of one that runs has a dot.
    assert "&lt;b&gt;ours" in smooth["hovertemplate"]
    assert smooth["marker"]["size"] == [0, 0, 7]
    assert len(drawn(0.0)["data"]) == 3
