"""What stands in the cells of a catalog. Each kind of value is made by one function, so that numbers, states and times
look and sort alike on every page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.ui import numbers, status, times

Kind = Literal["text", "number", "state", "word", "time", "code", "spark", "action", "toggle"]


@dataclass(frozen=True)
class Column:
    """A column. Without `width` (pixels) it shares what is left. Where the window is narrow each is only as wide as
    what is in it, and what still has no room stands in words below the name: columns of the highest `priority` first,
    those of priority 1 never. `name` is what the list itself is sorted by; without names rows are sorted in the
    browser. The letter `key` presses the toggle of the row that has the focus."""

    title: str
    kind: Kind = "text"
    width: int = 0
    priority: int = 1
    help: str = ""
    name: str = ""
    key: str = ""


@dataclass(frozen=True)
class Cell:
    """A value as it is shown and as it sorts. `target` is an object's id, or one of our pages with its query: the text
    is then a link. `detail` is a gray second line, `title` what the pointer shows, `dot` the color of a mark before the
    text. What a toggle sends is `press`; it is on or off."""

    text: str
    sort: float | str | None = None
    detail: str = ""
    target: str = ""
    color: str = ""
    icon: str = ""
    title: str = ""
    values: tuple[float, ...] = ()
    dot: str = ""
    press: str = ""
    is_on: bool | None = None


@dataclass(frozen=True)
class Row:
    """A line of a catalog. `target` is what a click anywhere on it opens. The head of a group is not chosen; a quiet
    one is gray."""

    id: str
    cells: tuple[Cell, ...]
    target: str = ""
    is_group: bool = False
    is_quiet: bool = False


def text(shown: str, *, target: str = "", detail: str = "", color: str = "") -> Cell:
    return Cell(text=shown, sort=shown.casefold(), target=target, detail=detail, color=color)


def number(value: float | None, shown: str = "") -> Cell:
    """A number in the form of its column; a dash where there is none."""
    return Cell(text=shown or numbers.number(value), sort=value)


def state(name: str, label: str = "") -> Cell:
    """A state as icon and word on its tint."""
    look = status.look(name)
    return Cell(text=label or look.word, sort=look.word, color=look.color, icon=_icon(look.icon))


def word(name: str) -> Cell:
    """A life cycle's stage: a gray word, never a color."""
    shown = status.look(name).word
    return Cell(text=shown, sort=shown)


def time(when: datetime | None, *, now: datetime) -> Cell:
    """How long ago; the pointer shows the moment itself."""
    sort = when.timestamp() if when else None
    return Cell(text=times.ago(when, now=now), sort=sort, title=times.absolute(when))


def code(shown: str, *, target: str = "") -> Cell:
    return Cell(text=shown, sort=shown, target=target)


def spark(values: Sequence[float], *, color: str = "", title: str = "") -> Cell:
    """A line of figures as a small picture; nothing where there are none."""
    return Cell(text="", values=tuple(values), color=color, title=title)


def action(label: str, target: str) -> Cell:
    """A link that looks like a button: what the reader can do with this very row."""
    return Cell(text=label, sort=label, target=target)


def toggle(label: str, *, icon: str, press: str, is_on: bool, color: str = "") -> Cell:
    """A mark that is pressed on and off: an eye, a star. `color` is one of CSS."""
    return Cell(text=label, icon=icon, press=press, is_on=is_on, dot=color)


def _icon(name: str) -> str:
    """The bare name of a Material icon."""
    return name.removeprefix(":material/").removesuffix(":")
