"""The rules of a version's features as a small table: a row promises something of the values of one feature."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.ui import numbers
from core.features.values import FeatureRule
from core.foundation.text import N_, _

if TYPE_CHECKING:
    import pandas as pd

ROW_HEIGHT = 36
FEATURE, NULLS, FILL, LEAST, MOST, SHARE, UNIQUE = (
    N_("Feature"),
    N_("Nulls"),
    N_("Fill with"),
    N_("At least"),
    N_("At most"),
    N_("Nulls at most"),
    N_("Unique"),
)
POLICIES = ("keep", "refuse", "fill")


def rule_rows(key: str, *, given: Sequence[FeatureRule], features: Sequence[str]) -> list[dict[str, Any]]:
    """The rules as they stand in the table, unchecked. `features` are those that a row can be added for at once."""
    typed = f"typed_{key}"
    st.session_state.setdefault(typed, [rule.model_dump() for rule in given])
    grid = f"{key}-{st.session_state.get(f'turn_{key}', 0)}"
    if grid not in st.session_state or f"first_{grid}" not in st.session_state:
        # A table of changes is kept against what it began with, which stays the same while it is drawn.
        st.session_state[f"first_{grid}"] = st.session_state[typed]
    table = st.data_editor(
        _frame(st.session_state[f"first_{grid}"]),
        key=grid,
        num_rows="dynamic",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * 6,
        placeholder="",
        column_config=_columns(),
    )
    st.session_state[typed] = [_rule(row) for row in table.to_dict("records") if any(map(_is_there, row.values()))]
    missing = [name for name in features if name not in [rule["feature"] for rule in st.session_state[typed]]]
    if missing:
        st.button(
            _("A row for each feature"), key=f"more_{key}", type="tertiary", on_click=_add, args=(key, tuple(missing))
        )
    st.caption(
        _("A version that breaks a rule is not published. Filled nulls are filled for training and serving alike.")
    )
    return [rule for rule in st.session_state[typed] if rule != _empty(rule["feature"])]


def _empty(name: str) -> dict[str, Any]:
    """A row that promises nothing yet."""
    return FeatureRule.model_construct(feature=name).model_dump()


def _add(key: str, names: tuple[str, ...]) -> None:
    rows = [_empty(name) for name in names]
    st.session_state[f"typed_{key}"] = [*st.session_state[f"typed_{key}"], *rows]
    st.session_state[f"turn_{key}"] = st.session_state.get(f"turn_{key}", 0) + 1


def _frame(rules: Sequence[dict[str, Any]]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            _(FEATURE): pd.Series([rule["feature"] for rule in rules], dtype="object"),
            _(NULLS): pd.Series([rule["nulls"] for rule in rules], dtype="object"),
            _(FILL): pd.Series([_shown(rule["fill"]) for rule in rules], dtype="object"),
            _(LEAST): pd.Series([rule["minimum"] for rule in rules], dtype="Float64"),
            _(MOST): pd.Series([rule["maximum"] for rule in rules], dtype="Float64"),
            _(SHARE): pd.Series([_percent(rule["most_null_share"]) for rule in rules], dtype="Float64"),
            _(UNIQUE): pd.Series([rule["unique"] for rule in rules], dtype="boolean"),
        }
    )


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        _(FEATURE): column.TextColumn(_(FEATURE), required=True),
        _(NULLS): column.SelectboxColumn(
            _(NULLS),
            options=POLICIES,
            default="keep",
            width=74,
            help=_("Keep them, refuse a version with any, or fill them."),
        ),
        _(FILL): column.TextColumn(
            _(FILL), width=76, help=_('What nulls become. Text that looks like a number stands in quotes: "7".')
        ),
        _(LEAST): column.NumberColumn(_(LEAST), format="%g", width=74),
        _(MOST): column.NumberColumn(_(MOST), format="%g", width=74),
        _(SHARE): column.NumberColumn(_(SHARE), format="%g %%", min_value=0, max_value=100, width=98),
        _(UNIQUE): column.CheckboxColumn(_(UNIQUE), default=False, width=76),
    }


def _rule(row: dict[str, Any]) -> dict[str, Any]:
    share = _number(row[_(SHARE)])
    return {
        "feature": str(row[_(FEATURE)] or "").strip() if _is_there(row[_(FEATURE)]) else "",
        "nulls": row[_(NULLS)] if row[_(NULLS)] in POLICIES else "keep",
        "fill": _filling(row[_(FILL)]) if _is_there(row[_(FILL)]) else None,
        "minimum": _number(row[_(LEAST)]),
        "maximum": _number(row[_(MOST)]),
        "most_null_share": None if share is None else share / 100,
        "unique": bool(row[_(UNIQUE)]) if _is_there(row[_(UNIQUE)]) else False,
    }


def _is_there(value: Any) -> bool:
    # A table has None, NaN and "" for what was not typed.
    return value not in (None, "", False) and value == value


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100


def _filling(text: str) -> float | str:
    """A number where it is one; text in quotes is text."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    try:
        return float(text)
    except ValueError:
        return text


def _shown(fill: float | str | None) -> str | None:
    if isinstance(fill, str):
        return f'"{fill}"' if isinstance(_filling(fill), float) else fill
    return None if fill is None else numbers.entered(fill)
