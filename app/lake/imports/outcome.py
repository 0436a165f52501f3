"""What an import would do, beside the button that does it; and the rows that it leaves out, as a file, too."""

import streamlit as st

from app.exports import csv_of_rejects
from app.lake.imports.column_changes import column_changes
from app.session import actor, portal
from app.ui import frame, links, numbers
from app.ui.tables import reading
from app.ui.wording import counted
from core.foundation.text import _
from core.lake.import_values import Import, ImportOutcome

FEW_TYPES, FEW_ROWS, MOST_LETTERS = 4, 6, 32


def has_panel(data_import: Import) -> bool:
    """Whether there is anything to say of it."""
    return bool(data_import.outcome or (data_import.report and data_import.report.rejected))


def what_will_happen(data_import: Import) -> None:
    """Rows, columns, types and missing values, what is left out, and what changes against the version before."""
    outcome = data_import.outcome
    if outcome:
        with frame.card("outcome"):
            frame.card_head(_("What will happen"))
            frame.facts(_facts(outcome))
    column_changes(data_import)
    left_out(data_import)


def left_out(data_import: Import) -> None:
    """The first rows that were left out, with the reason; all of them as CSV."""
    report = data_import.report
    if report is None or not report.rejected:
        return
    hint = counted(report.rows_rejected, _("row, with the reason"), _("rows, with the reason"))
    with frame.section(_("Left out"), hint=hint):
        who, portal_now = actor(), portal()
        st.download_button(
            _("CSV"),
            data=lambda: csv_of_rejects(portal_now, who, import_id=data_import.id),
            file_name=f"{data_import.id}-left-out.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="rejects_csv",
            help=_("All of them, by line, with column, value and reason"),
        )
    rows = portal().imports.list_rejected_rows(actor(), import_id=data_import.id, limit=FEW_ROWS).items
    reading(
        {
            _("Line"): [numbers.number(row.line) for row in rows],
            _("Value"): [links.code(row.value[:MOST_LETTERS]) for row in rows],
            _("Why"): [links.escape(f"{row.column} {row.reason}".strip()) for row in rows],
        }
    )


def _facts(outcome: ImportOutcome) -> dict[str, str]:
    out = counted(outcome.rows_left_out, _("row"), _("rows"))
    facts = {
        _("Taken in"): counted(outcome.rows_taken_in, _("row"), _("rows")),
        _("Left out"): f":orange[{out}]" if outcome.rows_left_out else out,
    }
    if outcome.version_before:
        after = counted(outcome.rows_after, _("row"), _("rows"))
        facts[_("Dataset")] = f"{numbers.number(outcome.rows_before)} → {after}"
    changed = sum(bool(column.name_before) for column in outcome.columns)
    renamed = _("{n} renamed").format(n=numbers.number(changed)) if changed else ""
    facts[_("Columns")] = ", ".join(filter(None, [numbers.number(len(outcome.columns)), renamed]))
    facts[_("Types")] = _types(outcome.types)
    facts[_("Missing")] = _missing(outcome)
    return facts


def _types(types: dict[str, int]) -> str:
    shown = [f"{numbers.number(count)} {kind.lower()}" for kind, count in types.items()]
    more = [_("and {n} more").format(n=len(shown) - FEW_TYPES)] if len(shown) > FEW_TYPES else []
    return ", ".join([*shown[:FEW_TYPES], *more])


def _missing(outcome: ImportOutcome) -> str:
    columns = sum(column.missing > 0 for column in outcome.columns)
    if not columns:
        return _("none")
    values = counted(outcome.missing, _("value"), _("values"))
    return _("{values} in {columns}").format(values=values, columns=counted(columns, _("column"), _("columns")))
