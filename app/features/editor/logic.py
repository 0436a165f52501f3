"""The logic of a feature version that is being written: its SQL, its pandas, and what its author promises of the
values. The two texts are kept by the browser while they are typed."""

from collections.abc import Mapping

import streamlit as st

from app.features.editor.fields import Entered, Subject, hours
from app.features.editor.preview import RUN_KEY, errors_of, finish_preview
from app.features.editor.rules import rule_rows
from app.lake.completion import names_in
from app.ui.code_editor.component import Language, code_editor
from app.ui.code_editor.text import put, typed_into
from app.ui.fields.address import open_tabs
from app.ui.fields.sticky import sticky
from core.foundation.text import N_, _

QUERY_SQL = "feature_draft_sql"


def logic(subject: Subject, sources: Mapping[str, str]) -> Entered:
    """The two forms of the logic, and what its author promises of the values."""
    finish_preview(subject)
    sql_tab, python_tab, rules_tab = open_tabs((N_("SQL"), N_("pandas"), N_("Rules")), key="logic")
    with sql_tab:
        sql = _sql(subject, sources)
    with python_tab:
        python = _code(subject, "python", sources, example=_frame_example(subject, sources))
    both = sql.strip() and python.strip()
    hint = _("SQL or pandas: one of them is enough.")
    two = _(
        "Both are given: SQL builds the rows, and on samples with ties, nulls and changed clocks pandas must agree."
    )
    for tab in (sql_tab, python_tab):
        tab.caption(two if both else hint)
    with rules_tab:
        tests = _tests(subject)
    return {"sql": sql, "python": python, "tests": tests}


def _sql(subject: Subject, sources: Mapping[str, str]) -> str:
    key, given = subject.code_key("sql"), subject.given.sql if subject.given else ""
    if query_sql := st.session_state.pop(QUERY_SQL, ""):
        if typed_into(key).strip() not in ("", query_sql.strip(), given.strip()):
            st.session_state[f"before_{key}"] = typed_into(key)
        put(key, query_sql)
    table = next(iter(sources), _("table"))
    example = f"SELECT {', '.join([*subject.view.keys, 'day', 'avg(…) AS …'])}\nFROM {table}\nGROUP BY ALL"
    sql = _code(subject, "sql", sources, example=example)
    if f"before_{key}" in st.session_state:
        st.button(_("Restore the previous SQL"), key="take_back", type="tertiary", on_click=_back, args=(key,))
    return sql


def _code(subject: Subject, language: Language, sources: Mapping[str, str], *, example: str) -> str:
    """One of the two forms."""
    given: str = getattr(subject.given, language) if subject.given else ""
    edited = code_editor(
        _("SQL") if language == "sql" else _("Python"),
        key=subject.code_key(language),
        place=f"{subject.name}-{language}",
        language=language,
        text=given,
        basis=subject.basis,
        names=names_in(subject.view.project, tables=sources),
        errors=errors_of(subject, language),
        placeholder=example,
    )
    subject.places[language] = st.container()
    if edited.ran:
        st.session_state[subject.key(RUN_KEY)] = True
    return edited.text


def _back(key: str) -> None:
    put(key, st.session_state.pop(f"before_{key}"))


def _frame_example(subject: Subject, sources: Mapping[str, str]) -> str:
    columns = ", ".join(repr(name) for name in [*subject.view.keys, "day", "…"])
    names = ", ".join(sources) or _("table")
    return f"import pandas as pd\n\n\ndef features({names}):\n    ...\n    return frame[[{columns}]]"


def _tests(subject: Subject) -> Entered:
    given = subject.given.tests if subject.given else None
    rules = rule_rows(subject.key("rules"), given=given.rules if given else (), features=_named(subject))
    subject.places["tests"] = st.container()
    left, right = st.columns(2, gap="small", vertical_alignment="bottom")
    with left:
        unique = st.toggle(
            _("One row per key and event time"),
            **sticky(subject.key("unique_rows"), bool(given and given.unique_rows)),
        )
    with right:
        fresh = hours(
            subject,
            "fresh_seconds",
            label=_("Newest row at most this old (h)"),
            seconds=given.fresh_seconds if given else 0,
            help=_("Against the newest source row when it is built. 0 is any age."),
        )
    return {"rules": rules, "unique_rows": unique, "fresh_seconds": fresh}


def _named(subject: Subject) -> tuple[str, ...]:
    """The features that are known by now: those of the last preview, else of the version it began with."""
    known: tuple[str, ...] = st.session_state.get(subject.key("known"), ())
    return known or tuple(feature.name for feature in (subject.given.features if subject.given else ()))
