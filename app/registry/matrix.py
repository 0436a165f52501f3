"""The picture of a square table of counts, in the look of the charts: what is right on the diagonal in the accent, what
is wrong in red, each the stronger the larger its share of the row is."""

from collections.abc import Sequence
from html import escape
from math import sqrt

from app.ui import charts, numbers
from core.foundation.text import _

# With more classes the cells are too small for what would stand in them.
MOST_SHARES, MOST_COUNTS = 7, 15
CELL, LEAST, LARGEST = 40, 260, 560
LONGEST_NAME = 20
GROUND = ("#ffffff", "#0f1218")


def matrix(names: Sequence[str], counts: Sequence[float], *, key: str, x: str, y: str, alt: str) -> None:
    """`counts` are row by row, the first row on top. A cell has its count, and where there is room its share of the
    row; both are shown under the pointer."""
    import plotly.graph_objects as go

    size = len(names)
    rows = [list(counts[start : start + size]) for start in range(0, size * size, size)]
    shares = [[count / sum(row) if sum(row) else 0.0 for count in row] for row in rows]
    # Roots, so that few mistakes are seen beside many hits.
    heat = [
        [sqrt(share) * (1 if row == column else -1) for column, share in enumerate(line)]
        for row, line in enumerate(shares)
    ]
    # On the deep blue the counts can be read in either theme.
    right, nothing, wrong = charts.STATES["blue"][0], GROUND[charts.is_dark()], charts.state_color("red")
    places = list(range(size))
    figure = go.Figure(
        go.Heatmap(
            x=places,
            y=places,
            z=heat,
            zmin=-1,
            zmax=1,
            colorscale=[[0, wrong], [0.5, nothing], [1, right]],
            showscale=False,
            xgap=2,
            ygap=2,
            text=_texts(rows, shares),
            texttemplate="%{text}",
            hovertext=_hovers(names, rows, shares),
            hoverinfo="text",
        )
    )
    height = min(LARGEST, max(LEAST, CELL * size + 70))
    titles = [plain(name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}\u2026") for name in names]
    charts.draw(figure, key=key, x=x, y=y, alt=alt, height=height, legend=False, hover="closest", names=titles)


def plain(name: str) -> str:
    """A name as text: Plotly takes some tags for its own."""
    return escape(name, quote=False)


def _texts(rows: Sequence[Sequence[float]], shares: Sequence[Sequence[float]]) -> list[list[str]]:
    if len(rows) > MOST_COUNTS:
        return [["" for _count in row] for row in rows]
    return [
        [_text(count, share, short=len(rows) > MOST_SHARES) for count, share in zip(row, line, strict=True)]
        for row, line in zip(rows, shares, strict=True)
    ]


def _text(count: float, share: float, *, short: bool) -> str:
    shown = numbers.number(int(count))
    return shown if short or not count else f"{shown}<br>{numbers.percent(share, 0)}"


def _hovers(
    names: Sequence[str], rows: Sequence[Sequence[float]], shares: Sequence[Sequence[float]]
) -> list[list[str]]:
    words = _("{label}, predicted {answer}: {count} rows, {share} of the label's")
    return [
        [
            words.format(
                label=plain(label),
                answer=plain(answer),
                count=numbers.number(int(count)),
                share=numbers.percent(share),
            )
            for answer, count, share in zip(names, row, line, strict=True)
        ]
        for label, row, line in zip(names, rows, shares, strict=True)
    ]
