"""The query page in the browser: writing, running, looking, keeping."""

from core.lake.queries.values import Query, QueryState
from tests.compute.running import wait_until
from tests.pages.conftest import PROJECT, Furnished
from tests.pages.running import code_of, drawn, page, pressed, text_of, write_code

COUNT = "SELECT carrier, count(*) AS flights FROM flights GROUP BY 1 ORDER BY 1"


def ran(furnished: Furnished, sql: str) -> Query:
    """A query of the engineer's once it is over."""
    queries, mei = furnished.portal.queries, furnished.people.engineer
    query = queries.start_query(mei, project=PROJECT, sql=sql)
    wait_until(lambda: queries.get_query(mei, query_id=query.id).state is not QueryState.RUNNING, what="its end")
    return queries.get_query(mei, query_id=query.id)


def test_the_page_shows_what_can_be_read(furnished: Furnished) -> None:
    shown = text_of(page(furnished.portal, furnished.people.engineer, "query"))
    assert "`distance` bigint" in shown
    assert "Insert into the SQL" in shown


def test_a_result_has_an_address_of_its_own(furnished: Furnished) -> None:
    query = ran(furnished, COUNT)
    test = page(furnished.portal, furnished.people.engineer, "query", id=query.id)
    assert code_of(test, "SQL") == COUNT
    shown = text_of(test)
    assert "AA,160" in shown
    assert "UA,80" in shown
    assert "2 rows" in shown


def test_a_refused_query_says_why(furnished: Furnished) -> None:
    query = ran(furnished, "SELECT * FROM read_text('/etc/passwd')")
    test = page(furnished.portal, furnished.people.engineer, "query", id=query.id)
    assert "files cannot be read" in test.error[0].value


def test_a_name_is_put_into_the_sql_by_a_click(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "query")
    test.button(key=f"query_put_{furnished.dataset}").click()
    assert code_of(drawn(test), "SQL") == "SELECT *\nFROM flights "


def test_run_leads_to_the_query(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "query")
    write_code(test, "query_sql", COUNT)
    test.button(key="query_run").click()
    drawn(test)
    newest = furnished.portal.queries.list_queries(furnished.people.engineer, project=PROJECT).items[0]
    assert (newest.sql, newest.row_limit) == (COUNT, 1000)


def test_a_query_is_saved_for_the_project(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "query")
    write_code(test, "query_sql", COUNT)
    test.button(key="query_keep").click()
    drawn(test).text_input(key="query_name").input("Carriers")
    pressed(test, "query_keep", "query_save")
    saved = furnished.portal.queries.list_saved(furnished.people.engineer, project=PROJECT).items
    assert [(item.name, item.sql) for item in saved] == [("Carriers", COUNT)]
    assert "Carriers" in text_of(page(furnished.portal, furnished.people.engineer, "query"))


def test_a_viewer_is_told_for_whom_queries_are(furnished: Furnished) -> None:
    shown = text_of(page(furnished.portal, furnished.people.viewer, "query"))
    assert "Queries are for engineers" in shown


def test_a_page_shows_the_grid_and_the_chart_of_decimals(furnished: Furnished) -> None:
    query = ran(
        furnished, "SELECT carrier, sum(distance) AS total, -1.50::DECIMAL(9,2) AS money FROM flights GROUP BY 1"
    )
    test = page(furnished.portal, furnished.people.engineer, "query", id=query.id)
    assert [str(kind) for kind in test.dataframe[0].value.dtypes] == ["str", "int64", "object"]
    test.session_state["query_look"] = "Chart"
    drawn(test)
    assert test.selectbox(key="query_y").options == ["total", "money"]
