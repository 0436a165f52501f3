"""The pictures of a task: what it draws of a version, in the form that it names."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from app.registry.matrix import matrix
from app.ui import charts
from core.foundation.text import _
from core.tasks.values import Line, Picture

# Of the matrices of several versions there is room for the first two.
MOST_MATRICES = 2
TALL = 260


def draw(
    picture: Picture,
    lines: Mapping[str, Line],
    *,
    key: str,
    colors: Mapping[str, int] | None = None,
    dotted: Sequence[str] = (),
) -> None:
    """`lines` are by the label of a version, `colors` the position of each, `dotted` those that are archived."""
    places = [(colors or {}).get(label, place) for place, label in enumerate(lines)]
    if picture.form == "matrix":
        _matrices(picture, lines, key=key)
    elif picture.form == "line":
        _lines(picture, lines, key=key, colors=dict(zip(lines, places, strict=True)), dotted=dotted)
    else:
        _marks(picture, lines, key=key, places=places)


def caption_of(picture: Picture) -> str:
    """How to read it, as a sentence."""
    hint = _(picture.hint)
    return f"{hint[:1].upper()}{hint[1:]}." if hint else ""


def _matrices(picture: Picture, lines: Mapping[str, Line], *, key: str) -> None:
    y = _(picture.y)
    for place, (label, line) in enumerate(list(lines.items())[:MOST_MATRICES]):
        title = f"{label}: {y}" if len(lines) > 1 else y
        matrix(line.names, line.y, key=f"{key}_{place}", x=_(picture.x), y=title, alt=_alt(picture))


def _lines(
    picture: Picture, lines: Mapping[str, Line], *, key: str, colors: Mapping[str, int], dotted: Sequence[str]
) -> None:
    series: dict[str, charts.Points] = {label: (line.x, line.y) for label, line in lines.items()}
    perfect = _("Perfect")
    if picture.diagonal:
        series[perfect] = _ends(lines)
    charts.lines(
        series,
        key=key,
        x=_(picture.x),
        y=_(picture.y),
        alt=_alt(picture),
        colors={**colors, perfect: 5},
        dotted=[*dotted, perfect],
    )


def _marks(picture: Picture, lines: Mapping[str, Line], *, key: str, places: Sequence[int]) -> None:
    """Points, or bars over names or numbers."""
    import plotly.graph_objects as go

    figure, as_points = go.Figure(), picture.form == "points"
    for place, (label, line) in zip(places, lines.items(), strict=True):
        look: dict[str, Any] = {"x": _named(line), "y": line.y, "name": label}
        color = {"color": charts.color_of(place)}
        if as_points:
            figure.add_scatter(**look, mode="markers", marker={**color, "size": 6, "opacity": 0.75})
        else:
            figure.add_bar(**look, marker=color)
    if picture.diagonal:
        x, y = _ends(lines)
        dots = {"color": charts.state_color("gray"), "width": 1.5, "dash": "dot"}
        figure.add_scatter(x=x, y=y, mode="lines", line=dots, showlegend=False, hoverinfo="skip")
    look = {"legend": len(lines) > 1, "height": TALL, "hover": "closest"}
    charts.draw(figure, key=key, x=_(picture.x), y=_(picture.y), alt=_alt(picture), **look)


def _named(line: Line) -> Sequence[Any]:
    return [escape(name, quote=False) for name in line.names] or line.x


def _ends(lines: Mapping[str, Line]) -> charts.Points:
    """From the lowest to the highest of what is drawn; of shares from 0 to 1."""
    values = [value for line in lines.values() for value in (*line.x, *line.y)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    ends = [0, 1] if low >= 0 and high <= 1 else [low, high]
    return ends, ends


def _alt(picture: Picture) -> str:
    title, hint = _(picture.title), _(picture.hint)
    return f"{title}: {hint}"
