"""Lists, headers and Home show how objects are, and why, on an installation in which features have drifted, data is in
quarantine, and work has failed."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core.foundation.actors import Actor
from core.portal import Portal
from tests.health.installation import FEATURES, PRODUCTION, SERVING, STAGING, measure_drift
from tests.health.test_failures import failed_run
from tests.lake.imports.in_process import imported
from tests.pages.running import catalogs_of, page, text_of
from tests.upgrade.home import PEOPLE, upgraded

WHY = "delay of carrier_delay v1 has drifted by 0.17 since the training window of TS-1"
BAD_DATA = "weather v1 is in quarantine: Sent twice."


@pytest.fixture(scope="module")
def ill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with upgraded(tmp_path_factory.mktemp("ill")) as portal:
        measure_drift(portal)
        weather = portal.datasets.create_dataset(PEOPLE.engineer, project="PROJ-1", name="weather").id
        snapshot = imported(portal, PEOPLE.engineer, dataset_id=weather, content=b"id,x\n1,2\n").id
        portal.retention.quarantine(PEOPLE.engineer, snapshot_id=snapshot, reason="Sent twice.")
        yield portal


def marks(test: AppTest, table: str) -> dict[str, tuple[str, str]]:
    """By the name in each row of a catalog, its stage and its health."""
    data = catalogs_of(test)[table]
    places = {column["title"]: number for number, column in enumerate(data["columns"])}
    rows = [row["cells"] for row in data["rows"]]
    return {
        cells[0]["text"]: (cells[places["Stage"]].get("text", ""), cells[places["Health"]].get("text", ""))
        for cells in rows
    }


@pytest.mark.parametrize(
    ("url", "table", "shown"),
    [
        ("datasets", "datasets", {"flights": ("Ready", "Healthy"), "weather": ("Ready", "Quarantined")}),
        ("features", "features", {"flights": ("Live", "Drifted"), "delay": ("Live", "Drifted")}),
        ("models", "models", {"late-arrival": ("Production", "Drifted")}),
        ("endpoints", "endpoints_production", {"late-arrival": ("Serving", "Drifted")}),
    ],
)
def test_a_list_shows_both_marks(ill: Portal, url: str, table: str, shown: dict[str, tuple[str, str]]) -> None:
    assert marks(page(ill, PEOPLE.engineer, url), table) == shown


def test_a_mark_in_a_list_opens_the_worst_of_what_the_object_rests_on(ill: Portal) -> None:
    (row,) = catalogs_of(page(ill, PEOPLE.engineer, "endpoints"))["endpoints_production"]["rows"]
    (mark,) = [cell for cell in row["cells"] if cell.get("text") == "Drifted"]
    assert (mark["target"], mark["title"]) == (FEATURES, WHY)


@pytest.mark.parametrize(
    ("url", "object_id", "stage"),
    [
        ("feature-view", FEATURES, "Published"),
        ("version", SERVING, "Production"),
        ("endpoint", PRODUCTION, "Serving"),
    ],
)
def test_a_header_shows_both_marks_and_why(ill: Portal, url: str, object_id: str, stage: str) -> None:
    test = page(ill, PEOPLE.engineer, url, id=object_id)
    head = [item.value for item in test.markdown]
    assert f":gray[{stage}]" in head
    assert any("-badge[" in text and "Drifted" in text for text in head)
    assert WHY in text_of(test)
    links_to_the_cause = [link.label for link in test.page_link if link.label == f"Open {FEATURES}"]
    assert len(links_to_the_cause) == (object_id != FEATURES)


def needs(test: AppTest) -> set[str]:
    return {str(button.key) for button in test.button if str(button.key).startswith("need_")}


@pytest.mark.parametrize(
    ("actor", "waits"),
    [
        (PEOPLE.engineer, {"need_DS-2", "need_FV-1"}),
        (PEOPLE.other_engineer, {"need_IMP-2"}),
        (PEOPLE.sre, {"need_PR-2", f"need_{STAGING}"}),
        (PEOPLE.viewer, set()),
    ],
)
def test_home_says_what_is_wrong_to_who_owns_it(ill: Portal, actor: Actor, waits: set[str]) -> None:
    assert needs(page(ill, actor, "home")) == waits


def test_home_says_why(ill: Portal) -> None:
    shown = text_of(page(ill, PEOPLE.engineer, "home"))
    assert WHY in shown
    assert BAD_DATA in shown


def test_work_that_failed_waits_on_home_with_its_cause_until_it_is_made_good(ill: Portal) -> None:
    run_id = failed_run(ill)
    home = page(ill, PEOPLE.engineer, "home")
    assert f"need_{run_id}" in needs(home)
    assert f"{run_id} · Out of memory." in text_of(home)
    assert f"need_{run_id}" not in needs(page(ill, PEOPLE.other_engineer, "home"))
