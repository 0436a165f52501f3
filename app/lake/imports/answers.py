"""What a person has said of an import on its page, and not sent yet. Columns that are not shown meanwhile, on another
page or behind a filter, keep what was said of them."""

import streamlit as st

from core.lake.import_values import Import
from core.lake.values import ColumnReading, NotationReading


def keep(data_import: Import) -> None:
    """Streamlit forgets what was entered in a field once that is not drawn; what is set anew stays."""
    for key in (reading_key(data_import, item.column) for item in _readings(data_import)):
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


def chosen(data_import: Import) -> dict[str, NotationReading]:
    """The readings that a person chose in the cards, by their columns, where that says more than what was read."""
    ways = [(item, st.session_state.get(reading_key(data_import, item.column))) for item in _readings(data_import)]
    return {item.column: way for item, way in ways if way is not None and (item.is_asked or way != item.reading)}


def unread(data_import: Import) -> list[str]:
    """The columns, and the encoding, for which a person chose otherwise than they were read: only reading them again
    makes it so."""
    readings = {item.column: item.reading for item in _readings(data_import)}
    columns = [column for column, way in chosen(data_import).items() if way != readings[column]]
    encoding = data_import.report.encoding if data_import.report else None
    is_other = encoding is not None and chosen_encoding(data_import) not in ("", encoding.reading.encoding)
    return [*columns, *([chosen_encoding(data_import)] if is_other else [])]


def chosen_encoding(data_import: Import) -> str:
    """The encoding that a person chose among those in which the text was shown; empty for none."""
    return st.session_state.get(encoding_key(data_import)) or ""


def answers(data_import: Import) -> tuple[bool, tuple[str, ...]]:
    """Whether somebody said that the times without a zone are UTC; and for what the proposal was chosen: columns, the
    sheet, and the encoding."""
    report = data_import.report
    if report is None:
        return False, ()
    ways, sheet = chosen(data_import), st.session_state.get(sheet_key(data_import))
    columns = [item.column for item in report.readings if item.is_asked and ways.get(item.column) == item.reading]
    encoding = [report.encoding.reading.encoding] if report.encoding else []
    named = [*(name for name in report.sheets[:1] if name == sheet), *columns]
    named += [name for name in encoding if name == chosen_encoding(data_import)]
    return has_times_without_zone(data_import) and bool(st.session_state.get(utc_key(data_import))), tuple(named)


def has_times_without_zone(data_import: Import) -> bool:
    columns = data_import.report.columns if data_import.report else ()
    return any(spec.type == "TIMESTAMP" and spec.name in data_import.unanswered for spec in columns)


def reading_key(data_import: Import, column: str) -> str:
    """What is read again asks again."""
    return f"import_reading_{data_import.job_id}_{column}"


def sheet_key(data_import: Import) -> str:
    return f"import_sheet_{data_import.job_id}"


def encoding_key(data_import: Import) -> str:
    return f"import_encoding_{data_import.job_id}"


def utc_key(data_import: Import) -> str:
    return f"import_utc_{data_import.job_id}"


def _readings(data_import: Import) -> tuple[ColumnReading, ...]:
    return data_import.report.readings if data_import.report else ()
