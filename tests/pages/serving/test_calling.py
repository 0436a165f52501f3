"""How an endpoint is called: what stands on its page and on that of a version, and that it runs as it stands there."""

import json
import math
from pathlib import Path

import pytest

from app.serving.held_out import sendable
from app.serving.snippets import JAVASCRIPT, PYTHON
from core.portal import Portal
from tests.conftest import People
from tests.pages.releasing import serving, version_with_rows
from tests.pages.running import drawn, page, text_of

TAB = "How to call it"


def body_of(text: str) -> dict[str, object]:
    """What curl sends in the last of its commands."""
    import shlex

    body: dict[str, object] = json.loads(shlex.split(text)[-1])
    return body


def test_the_page_of_an_endpoint_shows_a_request_with_a_held_out_row(
    portal: Portal, people: People, tmp_path: Path
) -> None:
    version = version_with_rows(portal, people, tmp_path)
    endpoint = serving(portal, people, version, "staging")
    split = {"training_set_id": version.training_set_id, "split": "test"}
    preview = portal.training_sets.preview_training_set(people.engineer, **split, limit=1)
    first = dict(zip(preview.columns, preview.rows[0], strict=True))
    test = page(portal, people.viewer, "endpoint", id=endpoint.id, tab=TAB)
    (row,) = body_of(test.code[0].value)["rows"]  # type: ignore[misc]
    assert row == {name: first[name] for name in ("row_id", "carrier", "origin", "distance", "wind", "event_time")}
    assert f"{endpoint.url}/predict" in test.code[0].value
    assert "/api/v1/serving/issue_test_ticket" in test.code[0].value
    shown = text_of(test)
    assert f"A held-out row of [{version.training_set_id}]" in shown
    assert f", split `test`. Its outcome: `{first['label']}`." in shown
    assert f"GET {endpoint.url}" in shown
    test.segmented_control(key="call_language").set_value(PYTHON)
    assert f"portal.endpoint('{endpoint.id}').predict(rows)" in drawn(test).code[0].value
    test.segmented_control(key="call_language").set_value(JAVASCRIPT)
    assert f'await post("{endpoint.url}/predict", ticket.token' in drawn(test).code[0].value


def test_a_version_is_called_where_it_serves_production_first(portal: Portal, people: People, tmp_path: Path) -> None:
    version = version_with_rows(portal, people, tmp_path)
    assert "Not serving yet" in text_of(page(portal, people.viewer, "version", id=version.id, tab=TAB))
    serving(portal, people, version, "staging")
    production = serving(portal, people, version, "production")
    test = page(portal, people.viewer, "version", id=version.id, tab=TAB)
    assert f"{production.url}/predict" in test.code[0].value
    assert "/api/v1/serving/issue_ticket" in test.code[0].value


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [
        ("1.50", "number", 1.5),
        (2, "number", 2),
        (str(math.nan), "number", None),
        ("infinity", "number", None),
        (None, "number", None),
        ("1.50", "category", "1.50"),
    ],
)
def test_a_cell_of_a_preview_is_sent_as_an_endpoint_takes_it(cell: object, kind: str, value: object) -> None:
    assert sendable(cell, kind=kind) == value  # type: ignore[arg-type]
