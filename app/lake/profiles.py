"""Tables of data: every column with its gaps and a small picture of its distribution, and the first rows."""

from collections.abc import Sequence
from typing import Any, Protocol

import streamlit as st

from app.ui import charts, numbers
from core.foundation.text import _
from core.lake.values import ColumnProfile, TablePreview

PREVIEW_HEIGHT = 560


class Column(Protocol):
    """A column of a snapshot or a feature of a version."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def null_share(self) -> float: ...


def profile_grid(columns: Sequence[Column], profiles: Sequence[ColumnProfile], *, key: str) -> None:
    """Every column with its type, its gaps and a small picture. A snapshot's columns say when they are known, features
    whether a model takes them as categories or numbers."""
    import pandas as pd

    by_name = {profile.name: profile for profile in profiles}
    rows = [_row(column, by_name.get(column.name)) for column in columns]
    config = {
        _("Distribution"): st.column_config.BarChartColumn(_("Distribution"), width=150, y_min=0, color="blue"),
        _("Nulls"): st.column_config.NumberColumn(_("Nulls"), format="%g %%", width=76),
        _("Distinct"): st.column_config.NumberColumn(_("Distinct"), format="localized", width=86),
        _("Mean"): st.column_config.TextColumn(_("Mean"), width=86),
        _("Known"): st.column_config.TextColumn(
            _("Known"), help=_("When a value is known: at once, or only at the instant in another column."), width=110
        ),
    }
    height = 36 * min(len(rows), 18) + 34
    st.dataframe(pd.DataFrame(rows), key=key, hide_index=True, row_height=36, height=height, column_config=config)


def _row(column: Column, profile: ColumnProfile | None) -> dict[str, Any]:
    row: dict[str, Any] = {_("Column"): column.name, _("Type"): column.type.lower()}
    if kind := getattr(column, "kind", ""):
        row[_("Model takes it as")] = kind
    row |= {_("Distribution"): [], _("Nulls"): round(column.null_share * 100, 1)}
    if profile:
        row |= {
            _("Distribution"): [count for _label, count in profile.bins],
            _("Distinct"): profile.distinct,
            _("From"): _end(profile, profile.minimum),
            _("To"): _end(profile, profile.maximum),
            _("Mean"): numbers.figure(profile.mean, 4) if profile.mean is not None else "",
        }
    if hasattr(column, "known"):
        row[_("Known")] = column.known or _("at once")
    return row


def _end(profile: ColumnProfile, text: str) -> str:
    """The least or greatest value: of broken numbers as many digits as the grid has room for."""
    return numbers.figure(float(text)) if profile.kind == "number" and "." in text else _short(text)


def _short(text: str) -> str:
    """A moment without its zone and fractions; the grid is narrow."""
    return text[:16].replace("T", " ") if len(text) > 16 and text[4:5] == "-" else text[:24]


def preview_table(preview: TablePreview, *, key: str = "preview") -> None:
    """The first rows as text, and of how many."""
    import pandas as pd

    cells = [["" if cell is None else str(cell) for cell in row] for row in preview.rows]
    height = min(PREVIEW_HEIGHT, 34 * len(cells) + 34)
    st.dataframe(
        pd.DataFrame(cells, columns=list(preview.columns)), key=key, hide_index=True, row_height=34, height=height
    )
    st.caption(_("The first {n} of {total} rows").format(n=len(cells), total=numbers.number(preview.total)))


def distribution(profile: ColumnProfile, *, key: str) -> None:
    """One column's distribution as a chart."""
    # A bin of numbers is called "from to to"; where it begins says enough below a bar.
    labels = [_short(label).partition(" to ")[0] for label, _count in profile.bins]
    counts = [count for _label, count in profile.bins]
    alt = _("Distribution of {name}").format(name=profile.name)
    charts.bars(labels, counts, key=key, x=profile.name, y=_("rows"), alt=alt)
