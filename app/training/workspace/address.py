"""What the address says of a workspace of runs beside its fields: filters, columns, order, and which runs are drawn in
which color. Whatever it says wrongly is passed over."""

import re
from collections.abc import Iterable, Sequence

import streamlit as st

from app.ui.fields.address import put
from core.training.workspace.values import METRICS, PARAMS, RunFilter

MOST_DRAWN, DRAWN_AT_FIRST = 10, 6
FILTER = re.compile(r"^((?:params|metrics)\.[A-Za-z]\w{0,79})(!=|=|<|>|:)([^~]{1,200})$")
FIELD = re.compile(r"^(?:params|metrics)\.[A-Za-z]\w{0,79}$")
SIGNS = {":": "contains"}
RUN = re.compile(r"^RUN-\d+$")
# What else a list may show, and be sorted by.
EXTRA = ("took", "created", "version", "recipe", "training_set", "tags")
NONE = "none"


def filters() -> tuple[RunFilter, ...]:
    matches = (FILTER.match(part) for part in st.query_params.get("filter", "").split("~"))
    return tuple(
        RunFilter.model_validate({"field": match[1], "comparison": SIGNS.get(match[2], match[2]), "value": match[3]})
        for match in matches
        if match
    )


def set_filters(wanted: Iterable[RunFilter]) -> None:
    put("filter", "~".join(filter_text(item) for item in wanted))


def filter_text(wanted: RunFilter) -> str:
    sign = ":" if wanted.comparison == "contains" else wanted.comparison.value
    return f"{wanted.field}{sign}{wanted.value.replace('~', ' ')}"


def columns(default: Sequence[str]) -> tuple[str, ...]:
    """The chosen columns in their order."""
    given = st.query_params.get("columns", "")
    chosen = tuple(name for name in given.split(",") if FIELD.match(name) or name in EXTRA)
    return chosen if given else tuple(default)


def sorting() -> tuple[str, bool]:
    """What the list is sorted by, and whether the largest come first."""
    given = st.query_params.get("sort", "newest")
    name = given.removeprefix("-")
    return (name, given.startswith("-")) if name in ("newest", "best") or FIELD.match(name) else ("newest", False)


def sort_by(name: str, *, largest_first: bool) -> None:
    """Sorts by a column, the better way first; pressed again the other way round, and a third time no more."""
    known, descending = sorting()
    ways = [largest_first, not largest_first]
    if name != known:
        way: bool | None = ways[0]
    else:
        way = ways[1] if descending == ways[0] else None
    put("sort", "" if way is None else f"{'-' if way else ''}{name}")


def drawn(default: Sequence[str]) -> dict[str, int]:
    """The runs that are drawn, with the position of each one's color, which it keeps until its eye is closed."""
    given = st.query_params.get("eyes", "")
    ids = given.split(",") if given else list(default)[:DRAWN_AT_FIRST]
    return {run_id: place for place, run_id in enumerate(ids[:MOST_DRAWN]) if RUN.match(run_id)}


def draw_only(ids: Iterable[str]) -> None:
    put("eyes", ",".join(list(ids)[:MOST_DRAWN]) or NONE)


def turn_eye(run_id: str, known: dict[str, int]) -> bool:
    """Opens or closes the eye of a run; False where as many are open as there are colors."""
    places = [""] * MOST_DRAWN
    for other, place in known.items():
        places[place] = other
    if run_id in known:
        places[known[run_id]] = ""
    elif "" in places:
        places[places.index("")] = run_id
    else:
        return False
    while places and not places[-1]:
        places.pop()
    put("eyes", ",".join(places) or NONE)
    return True


def closed() -> set[str]:
    """The groups that are folded."""
    return {name for name in st.query_params.get("closed", "").split("~") if name}


def turn_group(name: str) -> None:
    put("closed", "~".join(sorted(closed() ^ {name})))


def field_of(name: str) -> str:
    """The bare name of a parameter or metric."""
    return name.removeprefix(PARAMS).removeprefix(METRICS)
