"""What was given another title is called by it wherever pages name it: on an installation with everything renamed after
it was made."""

import re
from collections.abc import Iterator

import pytest

from core.portal import Portal
from tests.pages.running import page, text_of
from tests.upgrade.home import PEOPLE, upgraded

DATASET, VIEW, TRAINING_SET = "Flüge", "Verspätung je Linie", "Späte Ankünfte"
MODEL, STAGING, PRODUCTION = "Ankunft", "Hier gemessen", "Ankunft, echt"
IDENTIFIERS = re.compile(r"\b(flights|carrier_delay|late_arrivals|late-arrival|measured-here)\b")


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with upgraded(tmp_path_factory.mktemp("titles")) as portal:
        mei = PEOPLE.engineer
        portal.datasets.rename_dataset(mei, dataset_id="DS-1", title=DATASET)
        portal.feature_views.rename_view(mei, view_id="FV-1", title=VIEW)
        portal.training_sets.rename_training_set(mei, training_set_id="TS-1", title=TRAINING_SET)
        portal.registry.rename_model(mei, model_id="M-1", title=MODEL)
        portal.endpoints.rename_endpoint(mei, endpoint_id="EP-1", title=STAGING)
        portal.endpoints.rename_endpoint(mei, endpoint_id="EP-2", title=PRODUCTION)
        yield portal


@pytest.mark.parametrize(
    ("url", "query", "titles", "names"),
    [
        ("import", {"id": "IMP-1"}, {f"Import into {DATASET}"}, {"Import into flights"}),
        ("features", {}, {f"{VIEW} v1"}, {"carrier_delay v1"}),
        ("materialization", {"id": "MAT-1"}, {f"{VIEW} v1 online"}, {"\ncarrier_delay v1"}),
        ("feature-parity", {"id": "FP-1"}, {f"Parity of {VIEW} v1"}, {"\nParity of carrier_delay v1"}),
        ("training-set", {"id": "TS-1", "tab": "Answers"}, {f"{VIEW} v1"}, {",carrier_delay,"}),
        ("load-tests", {}, {f"Smoke test of {STAGING}"}, {"measured-here"}),
        ("load-test", {"id": "LT-1"}, {f"Smoke test of {STAGING}", f"\n{STAGING}\n"}, {"Smoke test of measured-here"}),
        ("endpoints", {}, {STAGING, PRODUCTION, f"{MODEL} v1"}, {"late-arrival v1"}),
        ("endpoint", {"id": "EP-2"}, {f"{MODEL} v1 answers every request"}, {"late-arrival v"}),
        ("compare", {"ids": "MV-1,MV-2"}, {f"\n{MODEL}\n"}, {"late-arrival"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_page_calls_things_by_their_titles(
    renamed: Portal, url: str, query: dict[str, str], titles: set[str], names: set[str]
) -> None:
    shown = f"\n{text_of(page(renamed, PEOPLE.engineer, url, **query))}\n"
    assert {title for title in titles if title not in shown} == set()
    assert {name for name in names if name in shown} == set()


@pytest.mark.parametrize("who", ["engineer", "sre", "approver"])
def test_home_calls_things_by_their_titles(renamed: Portal, who: str) -> None:
    shown = text_of(page(renamed, getattr(PEOPLE, who), "home"))
    events = ("**", "renamed ")
    assert [line for line in shown.splitlines() if IDENTIFIERS.search(line) and not line.startswith(events)] == []


def test_a_training_is_suggested_the_title_of_its_set(renamed: Portal) -> None:
    test = page(renamed, PEOPLE.engineer, "start-training")
    assert TRAINING_SET in test.text_input(key="title").placeholder


def test_beside_the_sql_stands_what_it_calls_a_table_with_its_title(renamed: Portal) -> None:
    test = page(renamed, PEOPLE.engineer, "query")
    (label,) = [part.label for part in test.expander if "flights" in part.label]
    assert label.startswith(f"flights · :gray[{DATASET} · ")


def test_an_import_is_called_by_the_title_that_its_dataset_has_now(renamed: Portal) -> None:
    things = renamed.identity.search(PEOPLE.engineer, query="flights.csv")
    assert {thing.title for thing in things if thing.id == "IMP-1"} == {f"flights.csv into {DATASET}"}


def test_what_is_live_is_named_by_titles(renamed: Portal) -> None:
    (pin, *_others) = renamed.retention.impact(PEOPLE.engineer, snapshot_id="SNAP-1").live
    assert (pin.version, pin.endpoint) == (f"{MODEL} v1", PRODUCTION)


def test_a_new_load_test_is_called_by_the_title_of_its_endpoint(renamed: Portal) -> None:
    test = renamed.loadtests.start_test(PEOPLE.engineer, endpoint_id="EP-1", rate=50, seconds=10)
    assert renamed.identity.titles(PEOPLE.engineer, object_ids=(test.id,)) == {test.id: f"smoke test of {STAGING}"}


@pytest.mark.parametrize(
    ("object_id", "title"),
    [
        ("PR-1", f"{MODEL} v1 → {PRODUCTION}"),
        ("MAT-1", f"{VIEW} v1 online"),
        ("FP-1", f"Parity of {VIEW} v1"),
        ("LT-1", f"smoke test of {STAGING}"),
    ],
)
def test_a_title_that_was_composed_of_others_follows_them(renamed: Portal, object_id: str, title: str) -> None:
    assert renamed.identity.find_object(PEOPLE.engineer, name=object_id).title == title
