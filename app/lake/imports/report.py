"""What an import reports in sentences."""

from collections.abc import Sequence
from itertools import chain

import streamlit as st

from app.ui import frame, links, numbers
from app.ui.wording import counted
from core.foundation.text import _
from core.lake.values import ImportReport

FEW = 8


def size_of(report: ImportReport | None) -> str:
    """How much was read, and how much of it was left out."""
    if report is None:
        return ""
    rows = counted(report.rows_read, _("row"), _("rows"))
    left_out = _("{count} left out").format(count=numbers.number(report.rows_rejected)) if report.rows_rejected else ""
    columns = counted(len(report.columns), _("column"), _("columns"))
    return ", ".join(part for part in (rows, left_out, columns) if part)


def what_to_look_at(report: ImportReport) -> None:
    """What may be wrong with the whole, and what was decided; and the names that were changed."""
    of_columns = set(chain(*report.notes.values()))
    lines = [(":orange[:material/warning:]", line) for line in report.warnings if line not in of_columns]
    lines += [(":gray[:material/check_small:]", line) for line in report.choices if line not in of_columns]
    if not lines:
        return
    frame.section(_("What to look at"), hint=_("of the file as a whole"))
    _lines(lines[:FEW])
    if len(lines) > FEW:
        with st.expander(_("{n} more").format(n=len(lines) - FEW)):
            _lines(lines[FEW:])
    _renamed(report)


def _lines(lines: Sequence[tuple[str, str]]) -> None:
    st.markdown("  \n".join(f"{icon} {links.escape(line)}" for icon, line in lines))


def _renamed(report: ImportReport) -> None:
    """The names that were changed, as they were and as they are."""
    if not report.renamed:
        return
    with st.popover(_("Changed names"), icon=":material/swap_horiz:"):
        pairs = [(before, after) for after, before in report.renamed.items()]
        st.dataframe(
            {_("In the file"): [before for before, _after in pairs], _("Column"): [after for _before, after in pairs]},
            hide_index=True,
        )
