"""The axis of time with the rows of each day, on which borders between splits are dragged. The browser adds the days up
while a border moves; where it was let go comes back as splits."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import streamlit as st

from core.features.training_sets.proposals.values import SplitsPreview
from core.features.training_sets.values import Split
from core.foundation.text import _
from core.tasks.values import YES

FOLDER = Path(__file__).parent
KEY = "set_axis"
SHORT = 12
EPOCH = date(1970, 1, 1)
_axis = st.components.v2.component(
    "causeway_split_axis",
    html='<div class="axis"></div>',
    css=(FOLDER / "axis.css").read_text(encoding="utf-8"),
    js=(FOLDER / "axis.js").read_text(encoding="utf-8"),
)


def split_axis(
    preview: SplitsPreview, splits: Sequence[Split], *, on_move: Callable[[tuple[Split, ...]], None]
) -> None:
    """Draws the axis; `on_move` gets the splits once a border was moved."""
    _axis(key=KEY, data=drawing(preview, splits), on_moved_change=lambda: _moved(on_move))


def drawing(preview: SplitsPreview, splits: Sequence[Split]) -> dict[str, Any]:
    """What the browser draws; days are counted from 1970."""
    days = [(number_of(item.day), item.rows, item.level) for item in preview.days]
    ends = [(number_of(split.start), number_of(split.end)) for split in splits]
    first = min([days[0][0], *(start for start, _end in ends)])
    last = max([days[-1][0] + preview.days_each, *(end for _start, end in ends)])
    level, short = _("mean of the label"), ""
    if preview.level_of:
        short = _("positive") if preview.level_of == YES else preview.level_of
        level = _("share of {name}").format(name=short)
    return {
        "days": days,
        "width": preview.days_each,
        "first": first,
        "last": last,
        "splits": [
            {"name": split.name, "title": title_of(split.name), "start": start, "end": end}
            for split, (start, end) in zip(splits, ends, strict=True)
        ],
        "isShare": bool(preview.level_of),
        "locale": "en-GB",
        "words": {
            "title": _("Rows over time, with the borders of the splits"),
            "level": level.capitalize(),
            "short": short if len(short) <= SHORT else "",
            "starts": _("Begin of {name}"),
            "ends": _("End of {name}"),
        },
    }


def title_of(split: str) -> str:
    return {"train": _("Train"), "validation": _("Validation"), "test": _("Test")}.get(split, split.capitalize())


def number_of(day: date) -> int:
    return (day - EPOCH).days


def splits_from(value: Any) -> tuple[Split, ...]:
    """What the browser sent, as splits."""
    return tuple(Split.model_validate({"name": name, "start": start, "end": end}) for name, start, end in value)


def _moved(on_move: Callable[[tuple[Split, ...]], None]) -> None:
    state: Any = st.session_state.get(KEY) or {}
    if value := state.get("moved"):
        on_move(splits_from(value))
