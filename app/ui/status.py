"""One vocabulary of states: the word, the color and the icon of each, wherever it is shown."""

from dataclasses import dataclass
from typing import Literal, cast

import streamlit as st

from core.foundation.text import N_, _

Color = Literal["green", "red", "orange", "blue", "violet", "gray"]
# For each color its icon and the states that wear it.
GROUPS: dict[Color, tuple[str, str]] = {
    "green": (
        "check_circle",
        "succeeded finished pass passed healthy approved applied production ready published met valid active complete"
        " ok confirmed done fresh present",
    ),
    "blue": ("progress_activity", "reading running building confirming applying starting open checking switching"),
    "violet": ("alt_route", "canary opening draining"),
    "orange": (
        "schedule",
        "needs_confirmation waiting in_review needs_review changes_requested late warning stale expired inconclusive"
        " pruned unsettled no_data at_chance quarantined unknown_inputs drifted deprecated taken_out",
    ),
    "red": (
        "error",
        "failed fail goal_missed promise_broken refused rejected regressed invalid denied disabled revoked rolled_back"
        " unresponsive",
    ),
    "gray": (
        "radio_button_unchecked",
        "queued draft staging registered empty paused removed archived cancelled dropped stopped none unknown"
        " discarded deleted retired staged null not_found",
    ),
}
ICONS = {
    "production": "rocket_launch",
    "approved": "verified",
    "queued": "hourglass_empty",
    "staging": "science",
    "archived": "inventory_2",
    "paused": "pause_circle",
    "removed": "delete",
    "cancelled": "block",
    "in_review": "rate_review",
    "needs_review": "rate_review",
    "no_data": "help",
    "rolled_back": "undo",
    "refused": "gpp_bad",
    "draft": "edit_note",
    "open": "flag",
    "switching": "sync",
    "inconclusive": "warning",
    "at_chance": "warning",
    "unknown_inputs": "help",
    "taken_out": "cloud_off",
    "stale": "history",
    "drifted": "moving",
    "quarantined": "do_not_disturb_on",
    "expired": "timer_off",
    "changes_requested": "edit_note",
}
WORDS = {
    "succeeded": N_("Finished"),
    "pass": N_("Passed"),
    "fail": N_("Failed"),
    "ok": N_("Done"),
    "in_review": N_("Needs review"),
    "no_data": N_("No data"),
}


@dataclass(frozen=True)
class Look:
    """How a state is shown."""

    word: str
    color: Color
    icon: str


def look(state: str) -> Look:
    """The look of a state as the services call it; an unknown one is gray with its own word."""
    key = str(state).strip().lower().replace(" ", "_").replace("-", "_")
    word = (_(WORDS[key]) if key in WORDS else "") or str(state).replace("_", " ").strip().capitalize() or _("Unknown")
    for color, (icon, states) in GROUPS.items():
        if key in states.split():
            return Look(word, color, f":material/{ICONS.get(key, icon)}:")
    return Look(word, "gray", ":material/radio_button_unchecked:")


def life_cycle(state: str) -> str:
    """The stage of an object's life as Markdown: a gray word, for color is the mark of health."""
    return f":gray[{look(state).word}]"


def marks(stage: str, *, state: str, label: str) -> None:
    """The two marks beside an object's name; each is left out where there is none."""
    if stage:
        st.markdown(life_cycle(stage), width="content")
    if state:
        badge(state, label)


def badge(state: str, label: str = "", *, help: str | None = None) -> None:
    """A state as icon and word on its tint."""
    shown = look(state)
    st.badge(label or shown.word, icon=shown.icon, color=shown.color, help=help)


def inline(state: str, label: str = "") -> str:
    """The same badge as Markdown, for table cells and sentences."""
    shown = look(state)
    return f":{shown.color}-badge[{shown.icon} {label or shown.word}]"


def icon(state: str) -> str:
    """The colored icon alone, as Markdown, for list rows that say the word beside it."""
    shown = look(state)
    return f":{shown.color}[{shown.icon}]"


def words(states: tuple[str, ...]) -> dict[str, str]:
    """The word of each state, for filters."""
    return {state: look(state).word for state in states}


def chip_colors(states: tuple[str, ...]) -> list[str]:
    """The colors of a grid's state column, in the order of its options."""
    return [cast(str, look(state).color) for state in states]
