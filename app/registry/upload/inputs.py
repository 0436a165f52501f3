"""Which column of the rows fills which place of a tensor: a table for each tensor, corrected in its cells or by a list
of names that is pasted."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.ui import frame, links, numbers
from core.foundation.text import _
from core.registry.foreign.values import Column, ExampleColumn, FileLook, FilledTensor, Tensor

CODED = 8


def choose(look: FileLook) -> tuple[FilledTensor, ...]:
    """The tables. What was corrected is kept as long as the files are the same."""
    columns = {column.name: column for column in look.columns}
    tensors = {tensor.name: tensor for tensor in look.file.inputs}
    chosen = []
    for filled in look.mapping.inputs:
        chosen.append(_table(tensors[filled.tensor], filled, columns))
    used = {column.name for tensor in chosen for column in tensor.columns}
    unused = [name for name in columns if name not in used]
    if unused:
        words = _("Not taken: {names}").format(names=", ".join(unused[:12]) + (" …" if len(unused) > 12 else ""))
        st.caption(links.escape(words))
    return tuple(chosen)


def shape_of(tensor: Tensor) -> str:
    """ "float_input [n, 30] FP32"."""
    sizes = ", ".join(["n", *("?" if size is None else str(size) for size in tensor.shape)])
    return f"{tensor.name} [{sizes}] {tensor.datatype}"


def _table(tensor: Tensor, filled: FilledTensor, columns: Mapping[str, ExampleColumn]) -> FilledTensor:
    key = f"up_order_{tensor.name}"
    proposed = {column.name: column for column in filled.columns}
    order: list[str] = st.session_state.setdefault(key, [column.name for column in filled.columns])
    missing: dict[int, float | None] = st.session_state.setdefault(
        f"{key}_missing", {place: column.missing for place, column in enumerate(filled.columns)}
    )
    hint = _("{n} columns, in the order of training").format(n=numbers.number(len(order)))
    with frame.section(shape_of(tensor), hint=hint, key=f"tensor_{tensor.name}"):
        _paste(key, order=order)
    _grid(key, order=order, missing=missing, columns=columns)
    written = [_column(name, proposed, columns, missing.get(place)) for place, name in enumerate(order)]
    coded = [column for column in written if column.kind == "text" and tensor.datatype != "BYTES"]
    codes = {name: _codes(column) for name, column in list({column.name: column for column in coded}.items())[:CODED]}
    return FilledTensor(tensor=tensor.name, columns=tuple(codes.get(column.name, column) for column in written))


def _grid(
    key: str, *, order: list[str], missing: Mapping[int, float | None], columns: Mapping[str, ExampleColumn]
) -> None:
    rows = [
        {
            "place": place + 1,
            "column": name,
            "first": " · ".join(columns[name].first) if name in columns else "",
            "missing": missing.get(place),
        }
        for place, name in enumerate(order)
    ]
    version = st.session_state.setdefault(f"{key}_version", 0)
    editor = f"{key}_grid_{version}"
    settings: dict[str, Any] = {
        "place": st.column_config.NumberColumn(_("Place"), disabled=True, width=48),
        "column": st.column_config.SelectboxColumn(_("Column"), options=list(columns), required=True, width=160)
        if columns
        else st.column_config.TextColumn(_("Column"), required=True, width=160),
        "first": st.column_config.TextColumn(_("First values"), disabled=True, width=180),
        "missing": st.column_config.NumberColumn(_("If missing"), width=80, help=_("Empty leaves it to the model.")),
    }
    st.data_editor(
        rows,
        key=editor,
        column_config=settings,
        hide_index=True,
        width="stretch",
        on_change=_edited,
        args=(key, editor),
    )


def _edited(key: str, editor: str) -> None:
    """The cells that were changed become what is shown, in a table of its own, so that the values beside them fit."""
    for place, changes in st.session_state[editor]["edited_rows"].items():
        if changes.get("column"):
            st.session_state[key][int(place)] = changes["column"]
        if "missing" in changes:
            st.session_state[f"{key}_missing"][int(place)] = changes["missing"]
    st.session_state[f"{key}_version"] += 1


def _paste(key: str, *, order: list[str]) -> None:
    with st.popover(_("Paste the order"), type="tertiary", icon=":material/content_paste:", key=f"{key}_paste"):
        st.caption(_("The names in the order of training, one a line or with commas."))
        st.text_area(_("Names"), value="\n".join(order), key=f"{key}_text", height=220)
        st.button(_("Apply"), key=f"{key}_apply", on_click=_pasted, args=(key,))


def _pasted(key: str) -> None:
    text = str(st.session_state[f"{key}_text"])
    st.session_state[key] = [name.strip() for name in text.replace(",", "\n").splitlines() if name.strip()]
    st.session_state[f"{key}_version"] += 1


def _column(
    name: str, proposed: Mapping[str, Column], columns: Mapping[str, ExampleColumn], missing: float | None
) -> Column:
    if name in columns and name not in proposed:
        known = columns[name]
        codes = {text: float(code) for code, text in enumerate(known.texts)}
        return Column(name=name, kind=known.kind, codes=codes, missing=missing if known.kind == "number" else None)
    known_column = proposed.get(name, Column(name=name))
    return known_column.model_copy(update={"missing": missing if known_column.kind == "number" else None})


def _codes(column: Column) -> Column:
    """The numbers that stand for its texts."""
    with st.expander(_("Codes of {name}").format(name=links.escape(column.name)), icon=":material/tag:"):
        st.caption(_("As in training; most libraries number texts by the alphabet. Any other text is missing."))
        rows = [{"text": text, "code": code} for text, code in column.codes.items()]
        edited = st.data_editor(
            rows,
            key=f"up_codes_{column.name}",
            hide_index=True,
            column_config={
                "text": st.column_config.TextColumn(_("Text"), disabled=True),
                "code": st.column_config.NumberColumn(_("Code"), required=True),
            },
        )
    return column.model_copy(update={"codes": {row["text"]: float(str(row["code"])) for row in edited}})


def forget() -> None:
    """Other files have other columns."""
    for name in [name for name in st.session_state if str(name).startswith(("up_order_", "up_codes_", "up_answer_"))]:
        del st.session_state[name]
