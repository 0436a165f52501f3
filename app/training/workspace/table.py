"""The table of runs: eye, star, name, state and the chosen columns, in groups where they are wanted."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.session import actor, portal
from app.training.workspace import address
from app.training.workspace.lines import grouped, line_row
from app.training.workspace.names import field_title, is_less_better, names_of
from app.ui.cells import Column, Kind
from app.ui.components.rows import Sorting, rows
from app.ui.fields.address import put
from core.foundation.text import _
from core.foundation.values import Listing
from core.training.values import RecipeCard
from core.training.workspace.values import METRICS, NEWEST, RunGroup, RunLine

KEY = "runs"
KINDS: Mapping[str, Kind] = {"took": "number", "created": "time"}


def table(
    listing: Listing[RunLine],
    *,
    cards: Mapping[str, RecipeCard],
    columns: Sequence[str],
    eyes: dict[str, int],
    group: str,
    whole: Mapping[str, RunGroup],
    best: str,
) -> list[RunLine]:
    """Draws it; returns the ticked runs. `whole` says of groups what they are over the whole list."""
    lines, names = listing.items, names_of(listing.items, cards)
    name, descending = address.sorting()
    drawn = {line.id: line_row(line, names[line.id], columns=columns, eyes=eyes, best=best) for line in lines}
    chosen = rows(
        _heads(columns, cards),
        grouped(lines, rows=drawn, columns=columns, group=group, whole=whole) if group else list(drawn.values()),
        key=KEY,
        label=_("Runs"),
        total=listing.total,
        choice="several",
        sorting=Sorting(name, descending or name == NEWEST, _sort),
        press=lambda sent: _pressed(sent, eyes),
        shown=len(lines),
    )
    return [line for line in lines if line.id in chosen]


def _heads(columns: Sequence[str], cards: Mapping[str, RecipeCard]) -> list[Column]:
    marks = [Column(_("Drawn"), "toggle", 28, key="e"), Column(_("Starred"), "toggle", 28, key="s")]
    chosen = [_head(name, field_title(name, cards)) for name in columns]
    return [*marks, Column(_("Run"), name=NEWEST), Column(_("State"), "state", 92), *chosen]


def _head(name: str, title: str) -> Column:
    if name in address.EXTRA:
        return Column(title, KINDS.get(name, "text"), 84, priority=4)
    return Column(title, "number", 84, priority=2 if name.startswith(METRICS) else 3, name=name)


def _sort(field: str) -> None:
    if field == NEWEST:
        put("sort", "")
    else:
        address.sort_by(field, largest_first=not is_less_better(field))


def _pressed(sent: str, eyes: dict[str, int]) -> None:
    what, _space, about = sent.partition(" ")
    if what == "group":
        address.turn_group(about)
    elif what == "star":
        marks = portal().run_workspace.run_marks(actor(), run_id=about)
        portal().run_workspace.star_run(actor(), run_id=about, starred=not marks.starred)
    elif not address.turn_eye(about, eyes):
        st.toast(_("{n} runs are drawn already: close an eye first").format(n=len(eyes)), icon=":material/visibility:")
