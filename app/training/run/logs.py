"""The log of a run: searched and narrowed by how grave lines are, followed while the run lives, a page at a time."""

import html
from collections.abc import Sequence

import streamlit as st

from app.session import actor, portal
from app.ui import charts, numbers
from app.ui.tables import search
from app.ui.wording import counted
from core.compute.values import LogLevel, LogLine, LogLines
from core.foundation.text import N_, _
from core.training.values import Run

PAGE, HEIGHT = 200, 480
BEFORE = "log_before"
LEVELS = {"": N_("All"), LogLevel.INFO: N_("Info"), LogLevel.WARNING: N_("Warnings"), LogLevel.ERROR: N_("Errors")}
# Behind lines, by theme: light, dark.
TINTS = {LogLevel.WARNING: ("#fdf1e3", "#302213"), LogLevel.ERROR: ("#fdecee", "#331a1f")}


def log_of(run: Run) -> None:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="tools_log"):
        words = search(_("Search the log"), key="log_search", width=240)
        level = st.segmented_control(
            _("Level"),
            list(LEVELS),
            default="",
            required=True,
            format_func=lambda name: _(LEVELS[name]),
            key="log_level",
            label_visibility="collapsed",
        )
        follows = st.toggle(_("Follow"), value=True, key="log_follow") if not run.state.is_over else False
        _download(run)
    before = 0 if follows else _before((words, level))
    result = portal().compute.search_log(
        actor(), job_id=run.job_id, search=words, level=LogLevel(level) if level else "", before=before, limit=PAGE
    )
    st.caption(_counts(result))
    if not result.lines:
        st.caption(_("No line matches.") if result.total else _("The log is empty."))
        return
    _turn(result, before, (words, level))
    with st.container(height=HEIGHT, border=True, key="log_lines", autoscroll=follows):
        st.html(lines_html(result.lines))


def _counts(result: LogLines) -> str:
    parts = [
        counted(result.total, _("line"), _("lines")),
        counted(result.warnings, _("warning"), _("warnings")) if result.warnings else "",
        counted(result.errors, _("error"), _("errors")) if result.errors else "",
        _("{n} match").format(n=numbers.number(result.matching)) if result.matching != result.total else "",
    ]
    return " · ".join(part for part in parts if part)


def _before(scope: tuple[object, ...]) -> int:
    """The line above which to read on; another search begins at the end."""
    known, before = st.session_state.get(BEFORE) or (scope, 0)
    return int(before) if known == scope else 0


def _turn(result: LogLines, before: int, scope: tuple[object, ...]) -> None:
    """Earlier lines, and back to the end."""
    with st.container(horizontal=True, gap="xsmall"):
        if len(result.lines) == PAGE and st.button(
            _("Earlier lines"), icon=":material/arrow_upward:", key="log_earlier"
        ):
            st.session_state[BEFORE] = (scope, result.lines[0].number)
            st.rerun()
        if before and st.button(_("Last lines"), icon=":material/arrow_downward:", key="log_last"):
            st.session_state.pop(BEFORE, None)
            st.rerun()


def lines_html(lines: Sequence[LogLine]) -> str:
    """Lines in a fixed width; those that warn on a tint, with their level in words for those who do not see it."""
    return f"<div style=\"font: 12.3px/1.65 'JetBrains Mono', monospace\">{''.join(map(_line, lines))}</div>"


def _line(line: LogLine) -> str:
    tint = TINTS.get(line.level)
    look = f"background:{tint[charts.is_dark()]};" if tint else ""
    level = html.escape(_(LEVELS[line.level]))
    label = f' title="{level}"' if tint else ""
    words = html.escape(line.text) or "&nbsp;"
    return f'<div{label} style="{look}white-space:pre-wrap;overflow-wrap:anywhere;padding:0 .5rem">{words}</div>'


def _download(run: Run) -> None:
    who, service, most = actor(), portal().compute, 1_000_000
    st.download_button(
        _("Download"),
        data=lambda: service.read_log(who, job_id=run.job_id, limit=most).text,
        file_name=f"{run.id}.log",
        mime="text/plain",
        icon=":material/download:",
        on_click="ignore",
        key="download_log",
        help=_("The last megabyte of it."),
    )
