"""Parallel coordinates: an axis for each figure, and a line for each thing that has them all."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from textwrap import wrap
from typing import Any, NamedTuple

import plotly.graph_objects as go

from app.ui import charts, numbers

# Names above the axes: so many letters have room beside each other in a narrow column, in so many lines.
ROOM, MOST_LINES, LINE, FIRST_LINE = 56, 3, 14, 16
FOOT = -0.06
FEWEST_DIGITS, MOST_DIGITS = 3, 6


class Axis(NamedTuple):
    """An axis of parallel coordinates: `values` are where the lines cross it, `ticks` are (place, text), `texts` what
    the values are called where they are no figures of their own."""

    label: str
    values: Sequence[float]
    up: bool
    ticks: Sequence[tuple[float, str]] = ()
    texts: Sequence[str] = ()


def axis(label: str, values: Sequence[Any], *, up: bool = True, log: bool = False) -> Axis:
    """An axis for values of any kind: figures, figures on a logarithmic scale, or words in the order of their first
    appearance."""
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        texts = [str(value) for value in values]
        words = list(dict.fromkeys(texts))
        return Axis(label, [words.index(text) for text in texts], up, list(enumerate(words)), texts)
    if not log:
        return Axis(label, [float(value) for value in values], up, _ends(values))
    places = [log10(value) for value in values]
    low, high = floor(min(places)), ceil(max(places))
    ticks = [(power, numbers.figure(10.0**power)) for power in range(low, high + 1)]
    return Axis(label, places, up, ticks, [numbers.figure(value, 3) for value in values])


def _ends(values: Sequence[float]) -> list[tuple[float, str]]:
    """The ends of an axis and its middle, in as many digits as tell them apart."""
    low, high = min(values), max(values)
    places = (low, (low + high) / 2, high) if high > low else (low,)
    for digits in range(FEWEST_DIGITS, MOST_DIGITS):
        if len({numbers.figure(place, digits) for place in places}) == len(places):
            return [(place, numbers.figure(place, digits)) for place in places]
    return [(place, numbers.figure(place, MOST_DIGITS)) for place in places]


def shades(values: Sequence[float], *, up: bool) -> list[float]:
    """How good each value is by its rank, from 0 to 1."""
    order = sorted(range(len(values)), key=lambda at: values[at], reverse=not up)
    most = max(1, len(values) - 1)
    return [order.index(at) / most for at in range(len(values))]


def parallel(
    axes: Sequence[Axis],
    *,
    key: str,
    alt: str,
    shades: Sequence[float] = (),
    colors: Sequence[int] = (),
    names: Sequence[str] = (),
    height: int = 250,
    room: int = ROOM,
) -> None:
    """Parallel coordinates, an axis flipped where less is better. Lines are drawn stronger the better they are
    (`shades`, 0 to 1), or each in the color of its position (`colors`); `names` are shown on hover, and `room` is how
    many letters stand beside each other."""
    figure = go.Figure()
    heights = [_heights(axis) for axis in axes]
    count = len(axes[0].values)
    order = sorted(range(count), key=lambda at: shades[at]) if shades else range(count)
    for at in order:
        color = charts.color_of(colors[at]) if colors else _shade(shades[at])
        name = names[at] if names else ""
        texts = [f"{name} {axis.label} {_short(axis, at)}".strip() for axis in axes]
        figure.add_scatter(
            x=list(range(len(axes))),
            y=[places[at] for places in heights],
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"size": 5},
            name=name,
            hovertext=texts,
            hoverinfo="text",
        )
    heads = [_lines(axis.label, count=len(axes), room=room) for axis in axes]
    for at, axis in enumerate(axes):
        _upright(figure, axis, at, name="<br>".join(heads[at]))
    bare = {"visible": False, "fixedrange": True}
    top = _top(max(map(len, heads)), height=height)
    figure.update_layout(xaxis={**bare, "range": [-0.15, len(axes) - 0.6]}, yaxis={**bare, "range": [FOOT, top]})
    figure.update_layout(hovermode="closest", showlegend=False, margin={"l": 8, "r": 8, "t": 4, "b": 4})
    charts.show(figure, key=key, alt=alt, height=height)


def _heights(axis: Axis) -> list[float]:
    """Where values cross the axis, 0 at its foot and 1 at its top."""
    return [_height(axis, value) for value in axis.values]


def _height(axis: Axis, value: float) -> float:
    places = [*axis.values, *(place for place, _text in axis.ticks)]
    low, high = min(places), max(places)
    share = (value - low) / (high - low) if high > low else 0.5
    return share if axis.up else 1 - share


def _short(axis: Axis, at: int) -> str:
    return axis.texts[at] if axis.texts else numbers.figure(axis.values[at], 4)


def _shade(share: float) -> str:
    """From the faint gray of the worst to the accent of the best."""
    worst, best = ("#2a303b", charts.DARK[0]) if charts.is_dark() else ("#d5dae3", charts.LIGHT[0])
    parts = [(int(worst[at : at + 2], 16), int(best[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(low + (high - low) * share**2):02x}" for low, high in parts)


def _lines(label: str, *, count: int, room: int) -> list[str]:
    """A name as wide as its axis has room; where it is longer than that its end is left out."""
    width = max(8, room // count)
    words = wrap(label, width, max_lines=MOST_LINES, placeholder="\u2026")
    return [escape(line) for line in words] or [""]


def _top(lines: int, *, height: int) -> float:
    """The end of the upright axis that leaves room for so many lines above 1."""
    room = FIRST_LINE + LINE * lines
    return 1 + room * (1 - FOOT) / (height - room)


def _upright(figure: go.Figure, axis: Axis, at: int, *, name: str) -> None:
    """The axis itself with its name above and its ticks beside it."""
    line, text = ("#3a4250", "#98a2b3") if charts.is_dark() else ("#d5dae3", "#5b6472")
    figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=1, line={"color": line, "width": 1}, layer="below")
    plain: dict[str, Any] = {"x": at, "showarrow": False}
    # The first name begins at its axis: half of it would stand outside of a narrow picture.
    anchor = "center" if at else "left"
    look: dict[str, Any] = {
        "align": anchor,
        "xanchor": anchor,
        "yanchor": "bottom",
        "font": {"size": 11, "color": text},
    }
    figure.add_annotation(y=1.0, yshift=FIRST_LINE - 4, text=name, **look, **plain)
    for place, label in axis.ticks:
        font = {"size": 10, "color": text}
        y = _height(axis, place)
        figure.add_annotation(y=y, xshift=6, xanchor="left", yshift=7, text=label, font=font, **plain)
