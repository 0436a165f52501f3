"""Runs a page of the portal as someone, without a browser: `page(portal, people.engineer, "run", id="RUN-1")`."""

import json
from dataclasses import replace
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from app import navigation, session
from app.ui.code_editor.text import Text
from core.foundation.actors import Actor
from core.portal import Portal
from tests import streamlit_client

MAIN = navigation.FOLDER.parent / "app" / "main.py"


def page(portal: Portal, actor: Actor, url: str, **query: str) -> AppTest:
    """The page, drawn once. A traceback on it fails the test at once."""
    session.install(portal)
    test = streamlit_client.script(MAIN)
    test.session_state[session.SECRET] = portal.sessions.begin(actor.person_id)
    for name, value in query.items():
        test.query_params[name] = value
    if url != navigation.HOME:
        # AppTest knows pages by their file only after a first run; a browser asks for the address at once.
        test._page_hash = calc_hash(url)
    drawn(test)
    assert url == navigation.HOME or not any(title.value.startswith("Good ") for title in test.title)
    return test


def drawn(test: AppTest) -> AppTest:
    """Runs the page (again) and checks that nothing unforeseen happened."""
    test.run()
    assert not test.exception, test.exception[0].message
    assert "could not be shown" not in text_of(test), text_of(test)
    return test


def pressed(test: AppTest, opener: str, key: str) -> AppTest:
    """Presses a button of a dialog. A browser draws the dialog alone again; here the whole page is, so that what opened
    it is pressed along with it."""
    test.button(key=opener).click()
    test.button(key=key).click()
    test.run()
    assert not test.exception, test.exception[0].message
    return test


def text_of(test: AppTest) -> str:
    """All that can be read on the page."""
    kinds = (test.title, test.header, test.markdown, test.caption, test.code, test.metric, test.button, test.page_link)
    parts = [str(getattr(item, "value", None) or getattr(item, "label", "")) for kind in kinds for item in kind]
    tables = [table.value.to_csv() for table in (*test.table, *test.dataframe)]
    catalogs = [text for data in catalogs_of(test).values() for text in _words_of(data)]
    return "\n".join([*parts, *tables, *catalogs]).replace("\\", "")


def code_of(test: AppTest, label: str) -> str:
    """What the code editor of that label was given to show."""
    return str(editors_of(test)[label]["text"])


def editors_of(test: AppTest) -> dict[str, dict[str, Any]]:
    """What the code editors on the page were given, by their labels."""
    parts = [part.proto for part in test.get("bidi_component")]
    drawn = [json.loads(part.json) for part in parts if part.component_name == "causeway_code_editor"]
    return {data["label"]: data for data in drawn}


def write_code(test: AppTest, key: str, text: str) -> None:
    """Types into a code editor, as its page knows it by then."""
    current: Text = test.session_state[f"typed_{key}"]
    test.session_state[f"typed_{key}"] = replace(current, text=text)


def catalogs_of(test: AppTest) -> dict[str, dict[str, Any]]:
    """What the tables of catalogs on the page were given to draw, by their keys."""
    parts = [part.proto for part in test.get("bidi_component")]
    drawn = [json.loads(part.json) for part in parts if part.component_name == "causeway_rows"]
    return {data["key"]: data for data in drawn}


def _words_of(data: dict[str, Any]) -> list[str]:
    """The heads, a line for each row, and the foot."""
    rows = [[cell.get(part, "") for cell in row["cells"] for part in ("text", "detail")] for row in data["rows"]]
    heads = [column["title"] for column in data["columns"]]
    return [",".join(filter(None, texts)) for texts in (heads, *rows)] + [data["foot"]]
