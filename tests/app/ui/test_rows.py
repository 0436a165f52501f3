"""What the table of catalogs is drawn from, what part of a list it shows, and which rows are chosen in it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.ui import cells, links
from app.ui.cells import Column, Row
from app.ui.components.rows import drawing
from tests import streamlit_client

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
COLUMNS = (Column("Name"), Column("Rows", "number", 90, priority=2))


def shown(*lines: Row) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = drawing(COLUMNS, lines, label="Things")["rows"]
    return rows


def test_a_name_is_a_link_to_the_page_of_its_object() -> None:
    (row,) = shown(Row("RUN-7", (cells.text("First", target="RUN-7"), cells.number(3)), target="RUN-7"))
    assert row == {
        "id": "RUN-7",
        "target": "RUN-7",
        "href": "run?id=RUN-7",
        "cells": [
            {"text": "First", "sort": "first", "target": "RUN-7", "href": "run?id=RUN-7"},
            {"text": "3", "sort": 3},
        ],
    }


@pytest.mark.parametrize("target", ["", "NOPE-1", "javascript:alert(1)", "https://other.example", "nowhere?id=1"])
def test_what_is_none_of_our_pages_is_no_link(target: str) -> None:
    (row,) = shown(Row("1", (cells.text("x", target=target), cells.number(None)), target=target))
    assert "href" not in row
    assert "href" not in row["cells"][0]


def test_a_page_with_its_query_is_a_link() -> None:
    assert links.address_of("compare?ids=MV-1,MV-2&baseline=MV-1") == "compare?ids=MV-1,MV-2&baseline=MV-1"


def test_a_name_stays_as_it_was_typed() -> None:
    (row,) = shown(Row("1", (cells.text("<b>*x*</b>"), cells.number(0))))
    assert row["cells"] == [{"text": "<b>*x*</b>", "sort": "<b>*x*</b>"}, {"text": "0", "sort": 0}]


def test_values_sort_by_what_they_are_and_not_by_how_they_look() -> None:
    assert cells.number(1_500, "1.5 kB").sort == 1_500
    assert cells.number(None) == cells.Cell(text="\u2014")
    assert cells.time(NOW, now=NOW) == cells.Cell(
        text="just now", sort=NOW.timestamp(), title="2026-11-25 12:00:00 UTC"
    )


def test_a_state_is_icon_word_and_color_and_a_life_cycle_a_word_alone() -> None:
    assert cells.state("failed") == cells.Cell(text="Failed", sort="Failed", color="red", icon="error")
    assert cells.state("failed", "Missed").text == "Missed"
    assert cells.word("archived") == cells.Cell(text="Archived", sort="Archived")


def catalog() -> None:
    """A page whose list is 500 long; a filter stands in the session."""
    import streamlit as st

    from app.ui import cells
    from app.ui.cells import Column, Row
    from app.ui.components.rows import rows, window

    part = window("things", st.session_state.get("filter", ""))
    ids = range(part.offset, part.offset + part.limit)
    lines = [Row(str(number), (cells.text(f"thing {number}"),)) for number in ids]
    choice = st.session_state.get("choice", "none")
    chosen = rows((Column("Thing"),), lines, key="things", label="Things", total=500, choice=choice, chosen="3")
    st.text(",".join(chosen))


def drawn(**state: object) -> tuple[dict[str, Any], str]:
    """What the table was given, and the chosen rows."""
    test = streamlit_client.function(catalog)
    for key, value in state.items():
        test.session_state[key] = value
    test.run()
    assert not test.exception
    return json.loads(test.get("bidi_component")[0].proto.json), test.text[0].value


def test_a_list_begins_with_its_first_rows() -> None:
    data, _chosen = drawn()
    assert [row["id"] for row in data["rows"]] == [str(number) for number in range(25)]
    assert (data["foot"], data["hasMore"], data["hasBefore"]) == ("25 of 500 shown", True, False)


def test_a_long_way_down_the_list_only_the_last_rows_are_drawn() -> None:
    data, _chosen = drawn(things_window=(("",), 225))
    assert [data["rows"][0]["id"], data["rows"][-1]["id"], len(data["rows"])] == ["25", "224", 200]
    assert (data["foot"], data["hasMore"], data["hasBefore"]) == ("26 to 225 of 500", True, True)


def test_the_end_of_the_list_is_its_end() -> None:
    data, _chosen = drawn(things_window=(("",), 500))
    assert (data["rows"][-1]["id"], data["hasMore"]) == ("499", False)


def test_other_filters_begin_anew() -> None:
    data, _chosen = drawn(things_window=(("",), 225), filter="late")
    assert data["foot"] == "25 of 500 shown"


@pytest.mark.parametrize(
    ("choice", "before", "chosen"),
    [
        ("none", ("1",), ""),
        ("one", (), ""),
        ("one", ("1", "2"), "1"),
        ("first", (), "3"),
        ("first", ("7",), "7"),
        ("first", ("gone",), "3"),
        ("several", ("9", "gone", "2"), "9,2"),
    ],
)
def test_rows_are_chosen_among_those_that_are_there(choice: str, before: tuple[str, ...], chosen: str) -> None:
    assert drawn(choice=choice, things_chosen=before)[1] == chosen


def test_a_link_that_names_another_row_chooses_it_anew() -> None:
    assert drawn(choice="first", things_chosen=("7",), things_first="4")[1] == "3"


def pressed_too_late() -> None:
    """A page without the table whose rows somebody pressed just as it came."""
    from app.ui.components import rows

    for callback in (rows._chosen, rows._opened, rows._turned):
        callback("table")


def test_what_is_pressed_on_a_table_that_another_page_replaces_is_let_go() -> None:
    test = streamlit_client.function(pressed_too_late).run()
    assert list(test.exception) == []
