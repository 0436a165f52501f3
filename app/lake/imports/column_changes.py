"""What an import would do to the columns of its dataset, said before anybody confirms it."""

import streamlit as st

from app.ui import links
from core.foundation.text import _
from core.lake.import_values import Import
from core.lake.schema_changes import SchemaChange

FEW = 8


def column_changes(data_import: Import) -> None:
    """Which columns go, come and change their type; a warning where what reads them fails."""
    changes = data_import.schema_changes
    if not changes:
        return
    parts = {
        _("Gone"): [_named(change) for change in changes if not change.right_type],
        _("Of another type"): [_retyped(change) for change in changes if change.left_type and change.right_type],
        _("New"): [_named(change) for change in changes if not change.left_type],
    }
    lines = [f"{label}: {_some(names)}" for label, names in parts.items() if names]
    is_breaking = any(change.is_breaking for change in changes)
    head = _("**It replaces the columns of {name}.**").format(name=links.escape(data_import.dataset_title))
    fails = _("What reads a column that is gone or of another type fails: features, training sets and queries.")
    text = "  \n".join([head, *lines, *([fails] if is_breaking else [])])
    (st.warning if is_breaking else st.info)(text, icon=":material/table_rows:")


def _named(change: SchemaChange) -> str:
    return links.code(change.column)


def _retyped(change: SchemaChange) -> str:
    return f"{links.code(change.column)} {change.left_type.lower()} → {change.right_type.lower()}"


def _some(names: list[str]) -> str:
    more = _("and {n} more").format(n=len(names) - FEW)
    return ", ".join(names[:FEW] + ([more] if len(names) > FEW else []))
