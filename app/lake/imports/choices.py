"""The small editor of an import: what the bytes could not say, column by column and for the file as a whole."""

from typing import Any, get_args
from zoneinfo import available_timezones

import streamlit as st

from app.lake.imports.answers import chosen, chosen_encoding, sheet_key
from app.ui import links
from core.foundation.text import N_, _
from core.lake.column_types import TEXT
from core.lake.import_values import Encoding, Import, ImportChoices, ImportState
from core.lake.texts.numbers import DECIMAL_POINT
from core.lake.texts.registry import NOTATIONS
from core.lake.values import TimeZoneRule

TYPES = ("BIGINT", "DOUBLE", "DECIMAL(18,2)", "BOOLEAN", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
ENCODINGS: tuple[str, ...] = get_args(Encoding)
SEPARATORS = {"": N_("as proposed"), ",": N_("comma"), ";": N_("semicolon"), "\t": N_("tab"), "|": N_("bar")}
UNFIT = {"": N_("Keep as they are"), "missing": N_("Read as missing"), "reject": N_("Reject their rows")}
COLUMN, TYPE, ZONE, KNOWN, KEY = N_("Column"), N_("Type"), N_("Time zone"), N_("Known later"), N_("Key")
WRITTEN = N_("Written as")


def edited(data_import: Import) -> ImportChoices:
    """The choices as they stand in the editor."""
    columns = _columns(data_import) if data_import.report else _forgotten(data_import.choices)
    names = [column.name for column in data_import.report.columns] if data_import.report else []
    now = data_import.choices
    with st.container(horizontal=True):
        partition = st.selectbox(
            _("Split files by"),
            ["", "day", "month"],
            index=["", "day", "month"].index(now.partition),
            format_func=lambda choice: choice or _("not at all"),
            key="import_partition",
        )
        by = st.selectbox(
            _("of"), names, index=_place(names, now.partition_by), key="import_by", disabled=not partition
        )
    text = _text_choices(data_import) if data_import.source.kind != "package" else {}
    return now.model_copy(
        update={
            **columns,
            **text,
            **_answered(data_import, columns, text),
            "partition": partition or "",
            "partition_by": (by or "") if partition else "",
        }
    )


def _answered(data_import: Import, columns: dict[str, Any], text: dict[str, Any]) -> dict[str, Any]:
    """Types, notations and cells that do not fit, with what was chosen in the cards, where a card says both."""
    types, notations = dict(columns.get("types", {})), dict(columns.get("notations", data_import.choices.notations))
    values = {item.column: item.values for item in data_import.report.readings} if data_import.report else {}
    unfit = dict(text.get("unfit", data_import.choices.unfit))
    for column, way in chosen(data_import).items():
        types.pop(column, None)
        notations.pop(column, None)
        if way.type != TEXT and way.fit < values[column]:
            # Who takes a type that not every cell fits takes the others as missing, or says that their rows go.
            unfit.setdefault(column, "missing")
        if way.type == TEXT:
            types[column] = TEXT
        elif column in unfit and not way.notation:
            types[column] = way.type
        elif way.notation or way.type != "BIGINT":
            notations[column] = way.notation or DECIMAL_POINT.name
    return {"types": types, "notations": notations, "unfit": unfit} if data_import.report else {}


def _forgotten(now: ImportChoices) -> dict[str, Any]:
    """What could not be read at all shows no columns; what was chosen for them can be taken back."""
    nothing: dict[str, Any] = {"types": {}, "notations": {}, "zones": (), "known": {}, "key": ()}
    is_chosen = any(getattr(now, name) for name in nothing)
    return nothing if is_chosen and st.checkbox(_("Reset the columns"), key="import_forget") else {}


def _text_choices(data_import: Import) -> dict[str, Any]:
    now = data_import.choices
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sheet = _sheet(data_import)
        header = st.number_input(
            _("Header line"),
            min_value=0,
            max_value=1000,
            value=now.header,
            key="import_header",
            help=_("The line that names the columns; 0 is the proposed one."),
            width=130,
        )
        encoding = st.selectbox(
            _("Encoding"),
            ENCODINGS,
            index=ENCODINGS.index(now.encoding),
            format_func=lambda choice: choice or _("as proposed"),
            key="import_encoding",
        )
        separator = st.selectbox(
            _("Separator"),
            list(SEPARATORS),
            index=list(SEPARATORS).index(now.separator),
            format_func=lambda chosen: _(SEPARATORS[chosen]),
            key="import_separator",
        )
        flatten = st.checkbox(_("Structs become columns"), value=now.flatten, key="import_flatten")
    words = ("", *_missing_words(data_import))
    return {
        "sheet": sheet,
        "header": int(header),
        "encoding": _encoding(data_import) or encoding,
        "separator": separator,
        "flatten": flatten,
        "missing": words,
        "unfit": _unfit(data_import),
    }


def _encoding(data_import: Import) -> str:
    """The encoding that was chosen by what it makes of the text, where that is another than the one that was used."""
    encoding, wanted = data_import.report.encoding if data_import.report else None, chosen_encoding(data_import)
    return wanted if encoding and wanted != encoding.reading.encoding else ""


def _sheet(data_import: Import) -> str:
    """The sheet of a workbook; where nobody chose it and there are several, it is asked."""
    sheets = data_import.report.sheets if data_import.report else ()
    now = data_import.choices.sheet
    if len(sheets) < 2 and not now:
        return ""
    options = list(dict.fromkeys([*filter(None, [now]), *sheets]))
    return (
        st.selectbox(
            _("Sheet"),
            options,
            index=0 if now else None,
            placeholder=_("Choose a sheet"),
            key=sheet_key(data_import),
        )
        or ""
    )


def _missing_words(data_import: Import) -> list[str]:
    """Words that are missing values; those that usually are and stand in the file are offered."""
    chosen = list(filter(None, data_import.choices.missing))
    usual = data_import.report.missing_words if data_import.report else ()
    return st.multiselect(
        _("Missing texts"),
        list(dict.fromkeys([*chosen, *usual])),
        default=chosen,
        accept_new_options=True,
        key=f"import_missing_{data_import.job_id}",
        placeholder=_("Choose or write words"),
        help=_("Texts that are missing values in every column; an empty cell always is one."),
    )


def _unfit(data_import: Import) -> dict[str, str]:
    """For each column with cells that do not fit, what becomes of them."""
    report, now = data_import.report, data_import.choices
    types = {cells.column: cells.type for cells in report.unfit} if report else {}
    if report and report.is_text and data_import.state is ImportState.FAILED:
        types |= now.types
    ways = {
        column: st.segmented_control(
            _("{column}: values that are no {type}").format(column=links.escape(column), type=kind),
            list(UNFIT),
            default=now.unfit.get(column, ""),
            required=True,
            format_func=lambda way: _(UNFIT[way]),
            key=f"import_unfit_{data_import.job_id}_{column}",
        )
        for column, kind in types.items()
    }
    return {column: way for column, way in ways.items() if way}


def _columns(data_import: Import) -> dict[str, Any]:
    """Types, zones, marks and the key, from the table of columns."""
    assert data_import.report is not None
    specs, now = data_import.report.columns, data_import.choices
    zones = {rule.column: rule.zone for rule in now.zones}
    start: dict[str, list[Any]] = {
        _(COLUMN): [spec.name for spec in specs],
        _(TYPE): [
            spec.type if data_import.state is ImportState.READY else now.types.get(spec.name, spec.type)
            for spec in specs
        ],
        _(ZONE): [zones.get(spec.name, "") for spec in specs],
        _(KNOWN): [spec.known for spec in specs],
        _(KEY): [spec.name in now.key for spec in specs],
    }
    if data_import.report.is_text:
        start[_(WRITTEN)] = [now.notations.get(spec.name, "") for spec in specs]
    times = [spec.name for spec in specs if spec.type.startswith("TIMESTAMP")]
    table = st.data_editor(
        start,
        key=f"import_columns_{data_import.job_id}",
        hide_index=True,
        disabled=[_(COLUMN)],
        row_height=34,
        height=min(420, 34 * len(specs) + 36),
        column_config={
            _(TYPE): st.column_config.SelectboxColumn(
                _(TYPE), options=sorted({*TYPES, *data_import.report.exact_types, *start[_(TYPE)]}), required=True
            ),
            _(ZONE): st.column_config.SelectboxColumn(_(ZONE), options=["", *sorted(available_timezones())]),
            _(KNOWN): st.column_config.SelectboxColumn(_(KNOWN), options=["", *times]),
            _(KEY): st.column_config.CheckboxColumn(_(KEY), width=60),
            _(WRITTEN): st.column_config.SelectboxColumn(
                _(WRITTEN), options=["", *NOTATIONS], help=_("How its texts stand for values; empty as proposed.")
            ),
        },
    )
    return _choices_of(table, data_import)


def _choices_of(table: dict[str, list[Any]], data_import: Import) -> dict[str, Any]:
    assert data_import.report is not None
    specs = {spec.name: spec for spec in data_import.report.columns}
    names = table[_(COLUMN)]
    zones = {name: zone for name, zone in zip(names, table[_(ZONE)], strict=True) if zone}
    types = {
        name: kind for name, kind in zip(names, table[_(TYPE)], strict=True) if _is_choice(name, kind, data_import)
    }
    return {
        # A zone makes an instant of the time it is said of: the type to read is the one before that.
        "types": {name: kind for name, kind in types.items() if not (name in zones and kind == specs[name].type)},
        "zones": tuple(TimeZoneRule(column=name, zone=zone) for name, zone in zones.items()),
        "notations": {name: way for name, way in zip(names, table.get(_(WRITTEN), ()), strict=False) if way},
        "known": {name: moment for name, moment in zip(names, table[_(KNOWN)], strict=True) if moment},
        "key": tuple(name for name, is_key in zip(names, table[_(KEY)], strict=True) if is_key),
    }


def _is_choice(name: str, kind: str, data_import: Import) -> bool:
    assert data_import.report is not None
    proposed = {spec.name: spec.type for spec in data_import.report.columns}
    return kind != proposed[name] or name in data_import.choices.types


def _place(names: list[str], name: str) -> int:
    return names.index(name) if name in names else 0
