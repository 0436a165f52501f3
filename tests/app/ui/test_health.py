"""The two marks of an object: a gray word and a colored one, in the same form wherever they stand."""

from datetime import UTC, datetime

import pytest

from app.ui import status
from app.ui.components.palette import _thing_entry
from app.ui.health import KINDS, health_cell, is_ill, severity
from core.foundation.ids import Kind
from core.foundation.objects import Thing
from core.health.values import SEVERITY, Health, worst
from tests import streamlit_client

NOW = datetime(2026, 11, 25, tzinfo=UTC)
DRIFTED = Health(object_id="MV-1", state="drifted", reason="delay has drifted", cause_id="FEAT-1")
OWN = Health(object_id="FEAT-1", state="stale", reason="too old", cause_id="FEAT-1")
WELL = Health(object_id="MV-1", state="healthy")


def test_a_cell_says_why_and_opens_the_worst_of_what_the_object_rests_on() -> None:
    cell = health_cell(DRIFTED)
    assert (cell.text, cell.color, cell.title, cell.target) == ("Drifted", "orange", "delay has drifted", "FEAT-1")
    assert health_cell(OWN).target == ""
    assert (health_cell(WELL).text, health_cell(WELL).color, health_cell(None).text) == ("Healthy", "green", "")


def test_a_list_sorts_the_worst_first() -> None:
    healths = [WELL, DRIFTED, Health(object_id="MV-2", state="goal_missed", reason="low", cause_id="MV-2")]
    assert sorted(healths, key=lambda health: health_cell(health).sort)[0].state == "goal_missed"
    assert severity(None) == len(SEVERITY) - 1


@pytest.mark.parametrize("state", [state for state in SEVERITY if state])
def test_every_state_has_a_word_and_a_color_of_its_own(state: str) -> None:
    look = status.look(state)
    assert look.color == ("green" if state == "healthy" else look.color)
    assert (look.color in ("red", "orange")) == (state != "healthy")


def test_the_worse_of_two_wears_no_milder_color() -> None:
    colors = [status.look(state).color for state in SEVERITY if state]
    assert colors == sorted(colors, key=["red", "orange", "green"].index)


def test_the_first_of_equals_counts_and_nothing_is_judged_of_nothing() -> None:
    parts = [WELL, DRIFTED, OWN, Health(object_id="MV-1", state="drifted", reason="later", cause_id="FEAT-2")]
    assert worst("EP-1", parts) == DRIFTED.of("EP-1")
    assert worst("EP-1", ()).state == ""
    assert [is_ill(health) for health in (DRIFTED, WELL, None)] == [True, False, False]


def test_the_palette_shows_both_marks() -> None:
    thing = Thing(
        id="MV-1", kind=Kind.MODEL_VERSION, project="PROJ-1", title="m v1", state="active", owner="P-1", updated_at=NOW
    )
    entry = _thing_entry(thing, DRIFTED)
    assert (entry["detail"], entry["health"], entry["color"]) == ("MV-1 · active", "Drifted", "orange")
    assert _thing_entry(thing, None)["health"] == ""


def headed() -> None:
    from app.ui.health import health_line, health_mark
    from core.health.values import Health

    health = Health(object_id="MV-1", state="drifted", reason="*delay* has drifted", cause_id="FEAT-1")
    health_mark(health)
    health_line(health)
    health_line(Health(object_id="MV-1", state="healthy"))


def test_a_header_says_why_in_words_that_nobody_wrote_as_markdown() -> None:
    test = streamlit_client.function(headed)
    test.session_state["pages"] = {}
    test.run()
    shown = [item.value for item in test.markdown]
    assert any("orange-badge" in text and "Drifted" in text for text in shown)
    assert any("\\*delay\\* has drifted" in text for text in shown)


def test_only_objects_with_a_life_and_a_health_are_asked_for() -> None:
    assert Kind.RUN not in KINDS
    assert Kind.PROMOTION not in KINDS
