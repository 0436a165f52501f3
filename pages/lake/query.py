"""SQL over a project's datasets: write it, run it in the sandbox, look at its rows, keep it, make a feature of
it."""

import streamlit as st

from app.lake.completion import names_in
from app.lake.query import SQL, chart_of, errors_of, history, make_a_feature, result_table, saved, tables_beside
from app.session import actor, may, portal, projects
from app.ui import forms, frame, links, numbers, times
from app.ui.code_editor.component import code_editor
from app.ui.code_editor.text import typed_into
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.lake.queries.values import Query, QueryState

FIRST = "SELECT *\nFROM "


def show() -> None:
    query_id = st.query_params.get("id", "")
    query = portal().queries.get_query(actor(), query_id=links.wanted_id(Kind.QUERY)) if query_id else None
    with frame.header(_("Query"), state=query.state if query else "", facts=_facts(query)):
        pass
    if not any(may(Permission.FEATURE_SQL, project=project_id) for project_id in projects()):
        frame.empty(_("Queries are for engineers"), advice=_("Ask for the role in your project."), icon="lock")
        return
    project = forms.choose_project(key="query_project")
    left, right = st.columns([2.6, 1], gap="medium")
    with right:
        tables_beside(project)
        saved(project)
        history(project)
    with left:
        _editor(project, query)
        if query is not None:
            frame.live(lambda: _outcome(query.id), running=query.state is QueryState.RUNNING)


def _facts(query: Query | None) -> list[str]:
    if query is None:
        return [_("Runs in a sandbox, for at most 30 seconds")]
    read = ", ".join(f"{name} `{snapshot}`" for name, snapshot in query.sources.items())
    return [f"`{query.id}`", times.since(query.created_at, now=frame.now()), read]


def _editor(project: str, query: Query | None) -> None:
    edited = code_editor(
        _("SQL"),
        key=SQL,
        place="query",
        language="sql",
        text=query.sql if query else FIRST,
        basis=query.id if query else "",
        names=names_in(project),
        errors=errors_of(query),
        height=170,
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        ran = st.button(_("Run"), type="primary", icon=":material/play_arrow:", key="query_run", shortcut="Ctrl+Enter")
        rows = st.selectbox(_("Rows at most"), [100, 1000, 10_000, 100_000], index=1, key="query_limit", width=150)
        if st.button(_("Save"), key="query_keep"):
            _save(project)
        if st.button(_("Make a feature of this"), icon=":material/dataset:", key="query_feature"):
            make_a_feature(project)
    if ran or edited.ran:
        _run(project, rows or 1000)


def _run(project: str, rows: int) -> None:
    with forms.attempt() as done:
        started = portal().queries.start_query(actor(), project=project, sql=typed_into(SQL), row_limit=rows)
    if done.succeeded:
        links.open_object(started.id)


@forms.dialog(N_("Save the query"))
def _save(project: str) -> None:
    name = st.text_input(_("Name"), key="query_name", max_chars=80)
    st.caption(_("Everyone in the project can open it. An existing name is overwritten."))
    if st.button(_("Save"), type="primary", key="query_save"):
        with forms.attempt() as done:
            portal().queries.save_query(actor(), project=project, name=name, sql=typed_into(SQL))
        if done.succeeded:
            frame.say(_("{name} is saved").format(name=name))
            st.rerun()


def _outcome(query_id: str) -> bool:
    """The result, or how far it is; whether it goes on."""
    query = portal().queries.get_query(actor(), query_id=query_id)
    if query.state is QueryState.RUNNING:
        waited = (frame.now() - query.created_at).total_seconds()
        st.progress(min(0.99, waited / 30), text=_("Running, {seconds} s of at most 30").format(seconds=int(waited)))
        if st.button(_("Cancel"), key="query_cancel"):
            with forms.attempt():
                portal().queries.cancel_query(actor(), query_id=query_id)
        return True
    if query.state is QueryState.DONE:
        _result(query)
    else:
        st.error(query.cause or _("It was cancelled."), icon=":material/block:")
    return False


def _result(query: Query) -> None:
    cut = _("the first {rows} rows; there are more") if query.cut else _("{rows} rows")
    words = cut.format(rows=numbers.number(query.rows))
    with frame.section(_("Result"), hint=f"{words} · {numbers.duration(query.seconds)}", key="query_result"):
        look = st.segmented_control(
            _("Look"), [_("Table"), _("Chart")], default=_("Table"), required=True, key="query_look",
            label_visibility="collapsed",
        )  # fmt: skip
    chart_of(query) if look == _("Chart") else result_table(query)


show()
