"""Panels above each other: each has its own axis of values, all share the axis of steps and one hover."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.ui import charts, numbers
from app.ui.panels.smoothing import smoothed

GAP, TITLE, FOOT = 14, 24, 38
# The first panel is that much higher.
FIRST = 1.5


@dataclass(frozen=True)
class Line:
    """A line of a panel. `color` is a position, as charts count them; an archived one is dotted, and one that is still
    drawn ends in a dot."""

    name: str
    xs: Sequence[int]
    ys: Sequence[float]
    color: int
    is_running: bool = False
    is_dotted: bool = False
    is_strong: bool = False


@dataclass(frozen=True)
class Panel:
    title: str
    lines: Sequence[Line]
    hint: str = ""
    limit: tuple[float, str] | None = None


def panels(
    shown: Sequence[Panel],
    *,
    key: str,
    x: str,
    alt: str,
    smoothing: float = 0.0,
    log_y: bool = False,
    height: int = 118,
) -> None:
    """Draws them; where lines are smoothed the raw ones stand behind them, faint. The first panel is the highest."""
    heights = [round(height * FIRST), *(height for _panel in shown[1:])]
    whole = sum(heights) + (GAP + TITLE) * len(shown) - GAP + FOOT
    figure, top = go.Figure(), 0
    last = max((step for panel in shown for line in panel.lines for step in line.xs), default=1) or 1
    for number, (panel, tall) in enumerate(zip(shown, heights, strict=True)):
        top += TITLE
        domain = [1 - (top + tall) / (whole - FOOT), 1 - top / (whole - FOOT)]
        _axis(figure, number, domain=domain, log_y=log_y, height=tall)
        _head(figure, panel, y=domain[1])
        for line in panel.lines:
            _line(figure, line, number, smoothing, of=panel.title)
        _limit(figure, panel, number, last=last)
        top += tall + GAP
    _look(figure, x=x, panels=len(shown), last=last)
    figure.layout.height = whole
    st.plotly_chart(figure, key=key, height=whole, config={"displayModeBar": False, "responsive": True}, alt=alt)


def _axis(figure: go.Figure, number: int, *, domain: list[float], log_y: bool, height: int) -> None:
    grid, text = _colors()
    axis: dict[str, Any] = {"domain": domain, "anchor": "x", "gridcolor": grid, "zeroline": False, **charts.FIGURES}
    axis |= {"tickfont": {"size": 11, "color": text}, "nticks": max(3, height // 36), "automargin": True}
    figure.layout[f"yaxis{_suffix(number)}"] = {**axis, "type": "log" if log_y else "linear"}


def _head(figure: go.Figure, panel: Panel, *, y: float) -> None:
    _grid, text = _colors()
    strong = "#e4e7ec" if charts.is_dark() else "#10141b"
    words = f"<b style='color:{strong}'>{panel.title}</b>"
    words += f"  <span style='color:{text}'>{panel.hint}</span>" if panel.hint else ""
    about: dict[str, Any] = {"x": 0, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    figure.add_annotation(y=y, text=words, showarrow=False, font={"size": 12}, yshift=2, **about)


def _line(figure: go.Figure, line: Line, number: int, smoothing: float, *, of: str) -> None:
    color = charts.color_of(line.color)
    ys = smoothed(line.ys, smoothing) if smoothing else list(line.ys)
    place: dict[str, Any] = {"x": list(line.xs), "yaxis": f"y{_suffix(number)}", "xaxis": "x", "showlegend": False}
    if smoothing:
        faint = {"color": color, "width": 1}
        figure.add_scatter(y=list(line.ys), mode="lines", line=faint, opacity=0.25, hoverinfo="skip", **place)
    pen = {"color": color, "width": 2.4 if line.is_strong else 1.7, "dash": "dot" if line.is_dotted else "solid"}
    words = f"<b>%{{customdata}}</b> {of} · {escape(line.name)}<extra></extra>"
    sizes = [0] * (len(ys) - 1) + [7 if line.is_running or len(ys) == 1 else 0]
    figure.add_scatter(
        y=ys,
        mode="lines+markers",
        line=pen,
        marker={"size": sizes, "color": color},
        name=line.name,
        hovertemplate=words,
        customdata=[numbers.figure(y, 4) for y in ys],
        **place,
    )


def _limit(figure: go.Figure, panel: Panel, number: int, *, last: int) -> None:
    """A line like any other, so that its axis reaches as far, whatever its scale."""
    if panel.limit is None:
        return
    value, label = panel.limit
    color = charts.state_color("green")
    figure.add_scatter(
        x=[0, last],
        y=[value, value],
        mode="lines+text",
        line={"color": color, "width": 1.2, "dash": "dash"},
        text=[escape(label), ""],
        textposition="top right",
        textfont={"size": 11, "color": color},
        hoverinfo="skip",
        showlegend=False,
        yaxis=f"y{_suffix(number)}",
        xaxis="x",
    )


def _look(figure: go.Figure, *, x: str, panels: int, last: int) -> None:
    grid, text = _colors()
    foot = {"anchor": f"y{_suffix(panels - 1)}", "title": {"text": x, "font": {"size": 12, "color": text}}}
    spike = {"showspikes": True, "spikemode": "across", "spikethickness": 1, "spikedash": "dot", "spikecolor": text}
    axis: dict[str, Any] = {
        "range": [0, last * 1.02],
        "unifiedhovertitle": {"text": f"{x} %{{x}}"},
        "showgrid": False,
        "zeroline": False,
        "linecolor": grid,
        **charts.FIGURES,
    }
    figure.layout.xaxis = {**axis, "tickfont": {"size": 11, "color": text}, **foot, **spike}
    figure.update_layout(
        margin={"l": 8, "r": 10, "t": 0, "b": FOOT},
        hovermode="x unified",
        separators=charts.SEPARATORS,
        hoversubplots="axis",
        hoverlabel={"font": {"size": 11}, "namelength": 34},
        uirevision="kept",
    )


def _suffix(number: int) -> str:
    return "" if number == 0 else str(number + 1)


def _colors() -> tuple[str, str]:
    """Of the grid, and of quiet words."""
    return ("#232934", "#98a2b3") if charts.is_dark() else ("#eceef2", "#5b6472")
