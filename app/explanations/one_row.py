"""One prediction of a version explained on its page: of a held-out row, whose values may be changed, or of a row that
somebody types."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.explanations.contributions import why
from app.session import actor, portal
from app.ui import forms, links
from app.ui.fields.image import image_field
from app.ui.health import put_away_state
from core.features.values import RequestField
from core.foundation.text import N_, _
from core.registry.values import ModelVersion

ROWS = 50
# So many inputs are seen at once, and so tall is a text in pixels.
FEW, TALL = 6, 96
EXPLAIN = N_("Explain one prediction")


def one_prediction(version: ModelVersion) -> None:
    """The button, where there are rows to hold a prediction against."""
    is_known = version.training_set_id and not put_away_state(version.training_set_id)
    if is_known and st.button(_(EXPLAIN), icon=":material/insights:", key="explain_one"):
        explain_one(version)


@forms.dialog(EXPLAIN, width="large")
def explain_one(version: ModelVersion) -> None:
    """Which row, what it has, and what pushed the prediction for it."""
    training_set = portal().training_sets.get_training_set(actor(), training_set_id=version.training_set_id)
    if not training_set.splits:
        st.caption(_("No row of it is known here."))
        return
    split = training_set.splits[-1].name
    preview = portal().training_sets.preview_training_set(
        actor(), training_set_id=training_set.id, split=split, limit=ROWS
    )
    rows = [dict(zip(preview.columns, row, strict=True)) for row in preview.rows]
    if not rows:
        st.caption(_("No row of it is known here."))
        return
    label = _("A row of {split}").format(split=split)
    place = st.selectbox(label, range(len(rows)), format_func=lambda at: _row_name(rows[at]), key="explained_row")
    st.caption(_("Change what you like, or type a row of your own; an empty value is a missing one."))
    fields = training_set.contract.request if training_set.contract else ()
    key = f"explained_values_{place}"
    why(version, entered(rows[place], columns=version.signature.filled, fields=fields, key=key))


def _row_name(row: Mapping[str, Any]) -> str:
    outcome = _("outcome {label}").format(label=row["label"]) if row.get("label") is not None else ""
    return " · ".join(part for part in (str(row.get("row_id", "")), outcome) if part)


def entered(
    row: Mapping[str, Any], *, columns: Mapping[str, str], fields: Sequence[RequestField], key: str
) -> dict[str, Any]:
    """What people make of a row, by input; `columns` are the inputs with their datatypes. Pictures and texts stand
    below the table of all others."""
    alone = {field.name: field for field in fields if field.kind == "text" or field.image}
    values = _in_table({name: columns[name] for name in columns if name not in alone}, row, key=key)
    for name in columns:
        if name in alone:
            values[name] = _alone(alone[name], row.get(name), key=f"{key}_{name}")
    return values


def _alone(field: RequestField, value: Any, *, key: str) -> Any:
    """A picture or a text in a field of its own, for neither fits into a row of a table."""
    label = links.escape(field.name)
    if field.image:
        return image_field(label, value=value, key=key)
    return st.text_area(label, value=shown(value), height=TALL, key=key) or None


def _in_table(columns: Mapping[str, str], row: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """By input what stands in the table."""
    if not columns:
        return {}
    edited = st.data_editor(
        [{"input": name, "value": shown(row.get(name))} for name in columns],
        key=key,
        hide_index=True,
        height=260 if len(columns) > FEW else "content",
        width="stretch",
        column_config={
            "input": st.column_config.TextColumn(_("Input"), disabled=True),
            "value": st.column_config.TextColumn(_("Value")),
        },
    )
    texts = {str(line["input"]): str(line["value"] or "") for line in edited}
    return {name: value_of(texts.get(name, ""), datatype=datatype) for name, datatype in columns.items()}


def shown(value: Any) -> str:
    """A value as somebody would type it, without losing a digit."""
    return "" if value is None else json.dumps(value) if isinstance(value, list | tuple) else str(value)


def value_of(text: str, *, datatype: str) -> Any:
    """What was typed, as the input takes it; what is no number is left to the service to refuse."""
    if not text.strip():
        return None
    if datatype == "BYTES":
        return text
    try:
        return json.loads(text) if text.lstrip().startswith("[") else float(text)
    except ValueError:
        return text
