"""Lying bars: how much each input matters, and what pushed a prediction up and down."""

from collections.abc import Sequence
from html import escape

from app.ui import charts, numbers
from core.explanations.values import Contribution, InputImportance
from core.foundation.text import _

# A bar, what is around all of them, and what one bar with its axis needs.
BAR, FRAME, LEAST_HEIGHT = 25, 58, 120
LONGEST, SHORT = 34, 20
MARGIN = 0.35


def importance_bars(entries: Sequence[InputImportance], *, key: str, x: str) -> None:
    """The most important on top, with their intervals."""
    import plotly.graph_objects as go

    shown = list(reversed(entries))
    intervals = [entry.importance for entry in shown]
    errors = {
        "type": "data",
        "symmetric": False,
        "array": [interval.high - interval.value for interval in intervals],
        "arrayminus": [interval.value - interval.low for interval in intervals],
        "thickness": 1.5,
        "width": 3,
        "color": charts.state_color("gray"),
    }
    names = [_short(entry.name) for entry in shown]
    values = [interval.value for interval in intervals]
    texts = [numbers.number(value) for value in values]
    bars = go.Bar(x=values, y=names, orientation="h", marker={"color": charts.color_of(0)}, error_x=errors)
    bars.update(hovertemplate="%{y}: %{customdata}<extra></extra>", customdata=texts)
    alt = _("How much the {n} most important inputs matter, with 95 % intervals").format(n=len(shown))
    figure = go.Figure(bars)
    figure.update_layout(bargap=0.35)
    height = max(LEAST_HEIGHT, BAR * len(shown) + FRAME)
    charts.draw(figure, key=key, x=x, y="", alt=alt, height=height, legend=False, hover="closest")


def waterfall(
    contributions: Sequence[Contribution], *, base: float, prediction: float, key: str, x: str, ends: tuple[str, str]
) -> None:
    """From the base on top to the prediction below; `ends` are the words for both. Each step begins where the one
    above it ends."""
    import plotly.graph_objects as go

    steps = [entry.contribution for entry in contributions]
    starts = [base, *(base + sum(steps[:place]) for place in range(len(steps))), prediction]
    labels = [ends[0], *map(_labelled, contributions), ends[1]]
    texts = [numbers.number(base), *map(_signed, steps), numbers.number(prediction)]
    down, up, end = charts.color_of(0), charts.color_of(2), charts.state_color("gray")
    colors = [end, *(up if step > 0 else down for step in steps), end]
    figure = go.Figure(
        go.Bar(
            base=starts[::-1],
            x=[0.0, *steps, 0.0][::-1],
            y=labels[::-1],
            orientation="h",
            marker={"color": colors[::-1]},
            text=texts[::-1],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    # Room for the figures beside the outermost bars.
    reached = [*starts, *(start + step for start, step in zip(starts[1:-1], steps, strict=True))]
    low, high = min(reached), max(reached)
    margin = MARGIN * (high - low or 1.0)
    ends_of_axis = {"x": [low - margin, high + margin], "y": [labels[0]] * 2}
    figure.add_scatter(**ends_of_axis, mode="markers", marker={"opacity": 0}, hoverinfo="skip")
    for value in (base, prediction):
        figure.add_vline(x=value, line={"color": end, "dash": "dot", "width": 1})
    pushes = ", ".join(f"{label} {text}" for label, text in zip(labels[1:-1], texts[1:-1], strict=True))
    alt = _("From {base} to {prediction}: {pushes}").format(base=texts[0], prediction=texts[-1], pushes=pushes)
    height = BAR * len(labels) + FRAME
    charts.draw(figure, key=key, x=x, y="", alt=alt, height=height, legend=False, hover="closest")


def _labelled(entry: Contribution) -> str:
    value = entry.value
    shown = numbers.figure(value, 4) if isinstance(value, float) else value or _("missing")
    return f"{_short(entry.name, most=SHORT)} = {_short(shown, most=SHORT // 2)}"


def _signed(step: float) -> str:
    return f"{'+' if step > 0 else ''}{numbers.number(step)}"


def _short(name: str, *, most: int = LONGEST) -> str:
    return escape(name if len(name) <= most else f"{name[: most - 1]}\u2026", quote=False)
