"""Parts of the query page: what can be read, what was kept, what was run, and a result as table, chart or file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from app import exports
from app.lake import result_values
from app.session import actor, portal
from app.ui import charts, forms, frame, links, numbers, tables, times
from app.ui.code_editor.component import CodeError, CodeErrors
from app.ui.code_editor.text import put, typed_into
from core.foundation.text import N_, _
from core.lake.column_types import is_number
from core.lake.queries.values import Query, SavedQuery
from core.lake.values import Dataset

# The editor of the page.
SQL = "query_sql"
MOST, PAGE, EXPORT_PAGE, CHART_ROWS, SHORT = 200, 100, 1000, 1000, 30
# So many tables and kept queries stand beside the SQL; other tables are searched for.
SHOWN = 30
LINES, BARS, POINTS = N_("Lines"), N_("Bars"), N_("Points")


def tables_beside(project: str) -> None:
    """The datasets that SQL may name, with their columns; a click puts a name into the SQL."""
    frame.section(_("Tables"), hint=_("by their SQL names"))
    query = st.session_state.get("query_tables", "")
    listing = portal().datasets.list_datasets(actor(), project=project, query=query, limit=SHOWN)
    readable = [item for item in listing.items if item.latest and not item.latest.quarantine]
    if query or listing.total > SHOWN:
        hint = _("Find one of {n} tables").format(n=numbers.number(listing.total)) if not query else ""
        st.text_input(_("Find a table"), key="query_tables", placeholder=hint, label_visibility="collapsed")
    if not readable and not query:
        frame.empty(_("No data yet"), advice=_("Import a dataset; then it can be queried."), icon="database")
    for item in readable:
        _table(item)


def _table(item: Dataset) -> None:
    assert item.latest is not None
    title = "" if item.title == item.name else f"{links.escape(item.title)} · "
    with st.expander(f"{item.name} · :gray[{title}{numbers.number(item.latest.rows)}]"):
        st.button(
            _("Insert into the SQL"), key=f"query_put_{item.id}", type="tertiary", on_click=_put, args=(item.name,)
        )
        lines = [f"`{column.name}` {column.type.lower()}" for column in item.latest.columns]
        st.caption("  \n".join(lines))
        links.link(item.id, _("Open the dataset"))


def _put(name: str) -> None:
    put(SQL, f"{typed_into(SQL)}{name} ")


def errors_of(query: Query | None) -> CodeErrors | None:
    """Which line of the SQL is to blame. The first sentence says for what, the rest quotes the line."""
    if query is None or not query.line:
        return None
    return CodeErrors(query.sql, (CodeError(query.line, query.cause.partition(". ")[0]),))


def saved(project: str) -> None:
    """The queries that people of the project keep; a click takes one up."""
    shown = MOST if st.session_state.get("query_saved_all") else SHOWN
    listing = portal().queries.list_saved(actor(), project=project, limit=shown)
    if listing.items:
        frame.section(_("Saved"), hint=numbers.number(listing.total))
    for number, item in enumerate(listing.items):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.button(item.name, key=f"query_use_{number}", type="tertiary", on_click=_use, args=(item,))
            st.caption(frame.name_of(item.saved_by))
            _drop(item, key=f"query_drop_{number}")
    if listing.total > SHOWN:
        st.toggle(_("Show all"), key="query_saved_all")


def _drop(item: SavedQuery, *, key: str) -> None:
    words = _("Delete {name}").format(name=item.name)
    if st.button("", icon=":material/delete:", type="tertiary", key=key, help=words):
        with forms.attempt() as done:
            portal().queries.delete_saved(actor(), project=item.project, name=item.name)
        if done.succeeded:
            st.rerun()


def _use(item: SavedQuery) -> None:
    put(SQL, item.sql)


@forms.dialog(N_("Make a feature of this"))
def make_a_feature(project: str) -> None:
    """Takes the SQL to the form of a new version of a view that people choose."""
    views = portal().feature_views.list_views(actor(), project=project, limit=MOST).items
    if not views:
        st.caption(_("A version belongs to a feature view, and there is none yet."))
        links.page_link("features", _("Create a feature view"))
        return
    names = {view.id: view.title for view in views}
    view_id = st.selectbox(_("Feature view"), list(names), format_func=names.__getitem__, key="query_view")
    st.caption(_("The SQL becomes its next version once you have named its time columns."))
    if st.button(_("Go on"), type="primary", key="query_go_on"):
        st.session_state["feature_draft_sql"] = typed_into(SQL)
        links.open_page("new-feature-version", id=view_id or views[0].id)


def history(project: str) -> None:
    """What the visitor has run lately."""
    queries = portal().queries.list_queries(actor(), project=project, limit=8).items
    if queries:
        frame.section(_("Your last queries"))
    for item in queries:
        words = " ".join(item.sql.split())
        first = words if len(words) <= SHORT else words[: SHORT - 1] + "\u2026"
        links.link(item.id, f"{item.id} · {first}", help=times.since(item.created_at, now=frame.now()))


def result_table(query: Query) -> None:
    """The rows, a page at a time, and all of them as a file."""
    if not query.rows:
        frame.empty(_("No rows"), advice=_("No row meets the conditions of the query."), icon="table_rows")
        return
    offset = tables.offset_of("query_page", size=PAGE)
    shown = portal().queries.result(actor(), query_id=query.id, offset=offset, limit=PAGE).preview
    height = tables.HEAD_HEIGHT + tables.ROW_HEIGHT * min(len(shown.rows), tables.VISIBLE_ROWS)
    table = result_values.table_of(shown)
    st.dataframe(
        table,
        column_config=result_values.formats_of(table),
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=height,
        key="query_rows",
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        tables.pager(query.rows, key="query_page", size=PAGE)
        st.download_button(
            _("Download as CSV"),
            data=_file(query, dict(zip(shown.columns, shown.types, strict=True))),
            file_name=f"{query.id}.csv",
            mime="text/csv",
            icon=":material/download:",
            key="query_csv",
        )


def _file(query: Query, columns: Mapping[str, str]) -> Callable[[], bytes]:
    """Reads and writes all rows once somebody asks for them; by then the page is no longer being drawn."""
    queries, who = portal().queries, actor()

    def rows() -> Iterator[Sequence[Any]]:
        for offset in range(0, query.rows, EXPORT_PAGE):
            yield from queries.result(who, query_id=query.id, offset=offset, limit=EXPORT_PAGE).preview.rows

    return lambda: exports.csv_of(columns, rows())


def chart_of(query: Query) -> None:
    """The first rows as a picture: people choose what goes on which axis."""
    shown = portal().queries.result(actor(), query_id=query.id, limit=CHART_ROWS).preview
    numbers = [name for name, of_type in zip(shown.columns, shown.types, strict=True) if is_number(of_type)]
    if not numbers or not shown.rows:
        frame.empty(_("Nothing to draw"), advice=_("A chart needs a column of numbers."), icon="show_chart")
        return
    kind, x_axis, y_axis = st.columns(3, gap="small")
    look = kind.selectbox(
        _("Chart"), [_(LINES), _(BARS), _(POINTS)], index=int(shown.types[0] == "VARCHAR"), key="query_chart"
    )
    x = x_axis.selectbox(_("X axis"), shown.columns, key="query_x")
    y = y_axis.selectbox(_("Y axis"), numbers, index=len(numbers) - 1, key="query_y")
    xs, ys = (result_values.plotted(shown, name) for name in (x, y))
    alt = _("{y} by {x}, the first {rows} rows").format(y=y, x=x, rows=len(shown.rows))
    if look == _(BARS):
        charts.bars([str(value) for value in xs], ys, key="query_drawn", x=x, y=y, alt=alt, height=300)
    elif look == _(POINTS):
        charts.points({y: (xs, ys)}, key="query_drawn", x=x, y=y, alt=alt, height=300)
    else:
        charts.lines({y: (xs, ys)}, key="query_drawn", x=x, y=y, alt=alt, height=300)
