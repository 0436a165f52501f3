"""Small pictures of columns within text: they need no component of their own, and say in words what they show."""

import base64
from collections.abc import Sequence

from app.ui import charts

WIDTH, HEIGHT, GAP = 96, 22, 1


def histogram(bins: Sequence[int], *, alt: str, muted: bool = False) -> str:
    """How values are spread, as Markdown; nothing where there are none."""
    if not bins or not max(bins):
        return ""
    step = WIDTH / len(bins)
    color = charts.state_color("gray" if muted else "blue")
    heights = [max(1.0, count / max(bins) * HEIGHT) if count else 0 for count in bins]
    bars = "".join(
        _bar(number * step, width=step - GAP, height=height, top=HEIGHT - height)
        for number, height in enumerate(heights)
    )
    return _image(f'<g fill="{color}">{bars}</g>', width=WIDTH, height=HEIGHT, alt=alt)


def shares_bar(shares: Sequence[float], *, alt: str, width: int = 300) -> str:
    """Shares of one as parts of a bar, as Markdown."""
    at, parts = 0.0, []
    for number, share in enumerate(shares):
        size = max(0.0, share * width - GAP)
        parts.append(_bar(at, width=size, height=8, color=charts.color_of(number)))
        at += share * width
    return _image("".join(parts), width=width, height=8, alt=alt)


def _bar(at: float, *, width: float, height: float, top: float = 0, color: str = "") -> str:
    places = {"x": at, "y": top, "width": width, "height": height}
    size = " ".join(f'{name}="{round(value, 1)}"' for name, value in places.items())
    return f'<rect {size} fill="{color}"/>' if color else f"<rect {size}/>"


def _image(content: str, *, width: int, height: int, alt: str) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{content}</svg>'
    words = "".join(letter for letter in alt if letter not in "[]\\\n")
    return f"![{words}](data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()})"
