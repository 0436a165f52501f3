"""The first step: the rows, of a dataset or of SQL, with what each of their columns is."""

from collections.abc import Mapping

import streamlit as st

from app.lake.completion import names_in
from app.lake.profiles import preview_table
from app.session import actor, portal
from app.training_sets.builder.columns import columns_section
from app.training_sets.builder.draft import Draft, change, choose_dataset, draft
from app.training_sets.builder.label import label_card
from app.training_sets.builder.result import result_card
from app.training_sets.builder.rows import proposal_of
from app.training_sets.builder.steps import Rows, project_choice
from app.ui import frame, links, numbers
from app.ui.code_editor.component import CodeError, CodeErrors, code_editor
from app.ui.code_editor.text import put, typed_into
from core.foundation.errors import Invalid, PortalError
from core.foundation.text import N_, _
from core.sandbox.duckdb_session import quoted

SQL, MOST = "set_sql", 200
DATASET, QUERY = "dataset", "sql"
KINDS = {DATASET: N_("Dataset"), QUERY: N_("SQL")}


def rows_step(shown: Draft, rows: Rows | None, *, refused: PortalError | None) -> None:
    left, right = st.columns([2.6, 1], gap="medium")
    with left:
        _source(shown, refused)
        if refused is not None:
            frame.refusal(refused)
        if rows is not None:
            columns_section(rows.columns)
            if rows.proposal.preview is not None:
                frame.section(_("First rows"), key="set_preview")
                preview_table(rows.proposal.preview, key="set_preview_rows")
        if rows is None and not shown.is_sql:
            _begin(shown)
    with right:
        if rows is not None:
            label_card(shown, rows)
            result_card(shown, rows)


def _source(shown: Draft, refused: PortalError | None) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        project_choice(shown)
        st.session_state["set_kind"] = QUERY if shown.is_sql else DATASET
        st.segmented_control(
            _("Rows from"),
            list(KINDS),
            format_func=lambda kind: _(KINDS[kind]),
            required=True,
            key="set_kind",
            on_change=_switched,
            width="content",
        )
        if not shown.is_sql:
            _dataset(shown)
    if shown.is_sql:
        _sql(shown, refused)


def _dataset(shown: Draft) -> None:
    listing = portal().datasets.list_datasets(actor(), project=shown.project, limit=MOST)
    titles = {item.id: item.title for item in listing.items if item.latest and item.form == "table"}
    current = ""
    if shown.snapshot_id:
        snapshot = portal().datasets.get_snapshot(actor(), snapshot_id=shown.snapshot_id)
        current = snapshot.dataset_id
        titles.setdefault(current, snapshot.title)
    st.session_state["set_dataset"] = current or None
    st.selectbox(
        _("Dataset"),
        list(titles),
        format_func=lambda dataset: titles[dataset],
        placeholder=_("Choose a dataset"),
        key="set_dataset",
        width=300,
        on_change=lambda: choose_dataset(st.session_state["set_dataset"]),
    )
    if current:
        _snapshot(shown, current)


def _begin(shown: Draft) -> None:
    """The datasets to begin with, while none is chosen."""
    listing = portal().datasets.list_datasets(actor(), project=shown.project, limit=8)
    items = [item for item in listing.items if item.latest and item.form == "table"]
    if not items:
        with frame.empty(
            _("No rows to learn from yet"), advice=_("A training set begins with a dataset."), icon="database"
        ):
            links.page_link("datasets", _("Import a dataset"), icon=":material/upload:")
        return
    frame.section(_("Begin with a dataset"), key="set_begin")
    with frame.rows("set_begin"):
        for item in items:
            assert item.latest is not None
            rows, columns = numbers.number(item.latest.rows), numbers.number(len(item.latest.columns))
            detail = _("{rows} rows, {columns} columns").format(rows=rows, columns=columns)
            place = frame.row(f"begin_{item.id}", title=item.title, target=item.id, detail=detail)
            place.button(_("Use these rows"), key=f"begin_with_{item.id}", on_click=choose_dataset, args=(item.id,))


def _snapshot(shown: Draft, dataset_id: str) -> None:
    """Which state of the dataset, where it has several."""
    items = portal().datasets.list_snapshots(actor(), dataset_id=dataset_id, limit=50).items
    names = {item.id: f"v{item.version} · {numbers.number(item.rows)}" for item in items if not item.deleted_at}
    if len(names) < 2 or shown.snapshot_id not in names:
        return
    st.session_state["set_snapshot"] = shown.snapshot_id
    st.selectbox(
        _("Snapshot"),
        list(names),
        format_func=names.__getitem__,
        key="set_snapshot",
        width=170,
        on_change=lambda: change(snapshot_id=st.session_state["set_snapshot"]),
    )


def _switched() -> None:
    """From a dataset to the SQL that reads it, which can be changed; and back."""
    shown = draft()
    if st.session_state["set_kind"] == DATASET:
        return change(is_sql=False)
    sql = shown.sql
    if not sql and shown.snapshot_id:
        snapshot = portal().datasets.get_snapshot(actor(), snapshot_id=shown.snapshot_id)
        sql = f"SELECT *\nFROM {quoted(snapshot.dataset)}"
        change(sources={snapshot.dataset: snapshot.id})
    put(SQL, sql)
    return change(is_sql=True, sql=sql)


def _sql(shown: Draft, refused: PortalError | None) -> None:
    edited = code_editor(
        _("Rows (SQL)"),
        key=SQL,
        place="training-set",
        language="sql",
        text=shown.sql,
        names=names_in(shown.project),
        errors=_errors(shown, refused),
        placeholder=_("SELECT id, moment, label, ... FROM a dataset"),
        height=150,
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        ran = st.button(_("Look at the rows"), icon=":material/play_arrow:", key="set_run")
        if edited.text.strip() != shown.sql.strip():
            st.caption(_("The SQL has changed since its rows were read."), width="content")
        elif shown.sources:
            _pinned(shown.sources)
    if ran or edited.ran:
        _run(typed_into(SQL))
        st.rerun()


def _errors(shown: Draft, refused: PortalError | None) -> CodeErrors | None:
    line = getattr(refused, "line", 0)
    return CodeErrors(shown.sql, (CodeError(line, refused.message),)) if refused and line else None


def _pinned(sources: Mapping[str, str]) -> None:
    """Snapshots that the query keeps to, and whether there are newer ones."""
    newest = {}
    for name, snapshot_id in sources.items():
        snapshot = portal().datasets.get_snapshot(actor(), snapshot_id=snapshot_id)
        latest = portal().datasets.get_dataset(actor(), dataset_id=snapshot.dataset_id).latest
        newest[name] = latest.id if latest else snapshot_id
    if newest == dict(sources):
        return
    st.caption(_("Newer rows are there."), width="content")
    st.button(_("Use the newest"), type="tertiary", key="set_newest", on_click=lambda: change(sources=newest))


def _run(sql: str) -> None:
    """Looks at the rows of other SQL; what was chosen for columns that it still gives stays."""
    shown = draft()
    change(sql=sql, is_sql=True, roles={}, images={}, text_items={})
    if not sql.strip():
        return
    try:
        names = {column.source for column in proposal_of(draft()).columns}
    except Invalid:
        return
    by_column = ("roles", "uses_as", "images", "text_items")
    change(**{field: {name: of for name, of in getattr(shown, field).items() if name in names} for field in by_column})
