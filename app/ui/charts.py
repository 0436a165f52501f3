"""Every chart of the portal, in one look: 220 to 240 pixels high, no tool bar, legend at the top right, units on the
axes, at most five lines. Beside it only `panels` knows Plotly."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.ui import numbers

HEIGHT = 232
FEW_STEPS = 10
LIGHT = ("#3457d5", "#0e9f8e", "#d9822b", "#8a5cd1", "#c2416b", "#6b7a90", "#5b9bd5", "#86a33a", "#a0522d", "#2f7d8c")
DARK = ("#7f9bff", "#3fc7b4", "#f0a75a", "#b592f0", "#ee7fa3", "#94a3b8", "#86bdf0", "#b3cf67", "#d9a07e", "#6fc1d1")
STATES = {
    "green": ("#12936c", "#3fb98d"),
    "red": ("#d1435b", "#e8657b"),
    "orange": ("#d9822b", "#e79a4c"),
    "blue": ("#3457d5", "#7f9bff"),
    "violet": ("#8a5cd1", "#a98bee"),
    "gray": ("#8b95a5", "#6f7b8d"),
}
Points = tuple[Sequence[Any], Sequence[Any]]
# What Plotly itself writes along axes has its thousands apart, like all numbers, and no letter or power for them.
FIGURES = {"exponentformat": "none", "separatethousands": True}
SEPARATORS = f".{numbers.NARROW}"
LEGEND = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom", "font": {"size": 11}}


def is_dark() -> bool:
    return st.context.theme.type == "dark"


def color_of(position: int) -> str:
    """The color of the n-th version or series of a page; give each version one position and keep it everywhere."""
    return (DARK if is_dark() else LIGHT)[position % len(LIGHT)]


def state_color(name: str) -> str:
    """A solid status color ("green", "red", ...)."""
    return STATES[name][is_dark()]


def lines(
    series: Mapping[str, Points],
    *,
    key: str,
    x: str,
    y: str,
    alt: str,
    colors: Mapping[str, int] | None = None,
    bands: Mapping[str, tuple[Sequence[Any], Sequence[float], Sequence[float]]] | None = None,
    limit: tuple[float, str] | None = None,
    log_y: bool = False,
    dotted: Sequence[str] = (),
    height: int = HEIGHT,
    markers: bool = False,
) -> None:
    """Lines by name, each (xs, ys). `colors` gives a name its position, `bands` an interval (xs, low, high), `limit` a
    horizontal line with its label; `dotted` names are archived ones."""
    figure = go.Figure()
    for number, (name, (xs, ys)) in enumerate(series.items()):
        color = color_of((colors or {}).get(name, number))
        if bands and name in bands:
            _band(figure, bands[name], color)
        line = {"color": color, "width": 2, "dash": "dot" if name in dotted else "solid"}
        mode = "lines+markers" if markers or len(xs) == 1 else "lines"
        figure.add_scatter(x=list(xs), y=list(ys), name=name, mode=mode, line=line, marker={"size": 6})
    _limit(figure, limit)
    step = _whole(series)
    draw(figure, key=key, x=x, y=y, alt=alt, height=height, log_y=log_y, legend=len(series) > 1, step=step)


def bars(
    labels: Sequence[str], values: Sequence[float], *, key: str, x: str, y: str, alt: str, height: int = 170
) -> None:
    """Upright bars, for distributions."""
    figure = go.Figure(go.Bar(x=list(labels), y=list(values), marker={"color": color_of(0)}))
    figure.update_layout(bargap=0.18)
    draw(figure, key=key, x=x, y=y, alt=alt, height=height, legend=False)


def paired(series: Mapping[str, Points], *, key: str, y: str, alt: str, height: int = 220) -> None:
    """Upright bars of several series beside each other, for distributions over few values."""
    sides = enumerate(series.items())
    bars = [go.Bar(x=xs, y=ys, name=name, marker={"color": color_of(at)}) for at, (name, (xs, ys)) in sides]
    draw(go.Figure(bars), key=key, x="", y=y, alt=alt, height=height)


def ranking(labels: Sequence[str], values: Sequence[float], *, key: str, x: str, alt: str) -> None:
    """Lying bars, the largest on top, for importances."""
    order = sorted(range(len(labels)), key=lambda at: values[at])
    figure = go.Figure(
        go.Bar(
            x=[values[at] for at in order],
            y=[labels[at] for at in order],
            orientation="h",
            marker={"color": color_of(0)},
        )
    )
    draw(figure, key=key, x=x, y="", alt=alt, height=max(120, 30 * len(labels) + 60), legend=False)


def points(
    series: Mapping[str, Points],
    *,
    key: str,
    x: str,
    y: str,
    alt: str,
    colors: Mapping[str, str] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
    line: Points | None = None,
    height: int = HEIGHT,
    log_y: bool = False,
) -> None:
    """Points by name; `colors` names a status color for each, `labels` the hover text, `line` a step line such as the
    best value so far."""
    figure = go.Figure()
    for number, (name, (xs, ys)) in enumerate(series.items()):
        color = state_color((colors or {})[name]) if name in (colors or {}) else color_of(number)
        texts = list((labels or {}).get(name, ()))
        marker = {"size": 8, "color": color}
        figure.add_scatter(x=list(xs), y=list(ys), name=name, mode="markers", marker=marker, hovertext=texts or None)
    if line:
        figure.add_scatter(
            x=list(line[0]),
            y=list(line[1]),
            mode="lines",
            showlegend=False,
            line={"color": color_of(0), "width": 2, "shape": "hv"},
        )
    look: dict[str, Any] = {"legend": len(series) > 1, "log_y": log_y, "hover": "closest", "step": _whole(series)}
    draw(figure, key=key, x=x, y=y, alt=alt, height=height, **look)


def intervals(
    rows: Sequence[tuple[str, float, float, float]],
    *,
    key: str,
    x: str,
    alt: str,
    zero: bool = False,
    colors: Sequence[int] = (),
) -> None:
    """Values with their intervals, one row each: (label, value, low, high); `zero` draws the line of no difference,
    `colors` are the positions of the rows' colors."""
    figure = go.Figure()
    for number, (label, value, low, high) in enumerate(rows):
        error = {"type": "data", "symmetric": False, "array": [high - value], "arrayminus": [value - low], "width": 5}
        color = color_of(colors[number] if colors else number)
        marker = {"size": 9, "color": color}
        figure.add_scatter(x=[value], y=[label], mode="markers", marker=marker, error_x=error, name=label)
    if zero:
        figure.add_vline(x=0, line={"color": state_color("gray"), "dash": "dot", "width": 1})
    draw(figure, key=key, x=x, y="", alt=alt, height=max(120, 42 * len(rows) + 60), legend=False, hover="closest")


def draw(
    figure: go.Figure,
    *,
    key: str,
    x: str,
    y: str,
    alt: str,
    height: int = HEIGHT,
    legend: bool = True,
    log_y: bool = False,
    hover: str = "x unified",
    step: int | None = None,
    names: Sequence[str] = (),
) -> None:
    """Gives a figure the portal's look and shows it; `step` is the distance of the ticks below it, `names` stand at the
    whole numbers of both axes, the first on top."""
    grid, text = ("#232934", "#98a2b3") if is_dark() else ("#eceef2", "#5b6472")
    axis: dict[str, Any] = {"gridcolor": grid, "zeroline": False, "linecolor": grid, "automargin": True, **FIGURES}
    if names:
        axis |= {"tickvals": list(range(len(names))), "ticktext": list(names)}
    scale = {"type": "log" if log_y else None, "autorange": "reversed" if names else None}
    axis["tickfont"], title_font = {"size": 11, "color": text}, {"size": 12, "color": text}
    # Names that do not fit slant toward the chart: away from it the last is left out. Names of digits are no numbers.
    # Overwriting is four times as fast as merging, which live charts do every two seconds.
    figure.update_layout(
        {
            "margin": {"l": 8, "r": 12, "t": 30 if legend else 8, "b": 8},
            "hovermode": hover,
            "showlegend": legend,
            "legend": LEGEND,
            "autotypenumbers": "strict",
            "separators": SEPARATORS,
            "xaxis": {
                **axis,
                "showgrid": False,
                "title": {"text": x, "font": title_font},
                "dtick": step,
                "autotickangles": [0, -30, -90],
            },
            "yaxis": {**axis, "title": {"text": y, "font": title_font}, **scale},
        },
        overwrite=True,
    )
    show(figure, key=key, alt=alt, height=height)


def show(figure: go.Figure, *, key: str, alt: str, height: int) -> None:
    """Draws a figure that has its look already."""
    figure.layout.height = height
    st.plotly_chart(figure, key=key, height=height, config={"displayModeBar": False, "responsive": True}, alt=alt)


def _whole(series: Mapping[str, Points]) -> int | None:
    """Ticks at every step, where the x are steps and so few that there would be ticks between them."""
    xs = [x for xs, _ys in series.values() for x in xs]
    is_short = bool(xs) and all(isinstance(x, int) for x in xs) and max(xs) - min(xs) <= FEW_STEPS
    return 1 if is_short else None


def _band(figure: go.Figure, band: tuple[Sequence[Any], Sequence[float], Sequence[float]], color: str) -> None:
    xs, low, high = band
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    figure.add_scatter(
        x=[*xs, *reversed(list(xs))],
        y=[*high, *reversed(list(low))],
        mode="lines",
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.14)",
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def _limit(figure: go.Figure, limit: tuple[float, str] | None) -> None:
    if limit is not None:
        figure.add_hline(
            y=limit[0],
            line={"color": state_color("red"), "width": 1, "dash": "dash"},
            annotation={"text": limit[1], "font": {"size": 11, "color": state_color("red")}},
            annotation_position="top left",
        )
