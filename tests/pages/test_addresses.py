"""An address names an object by its id, its identifier or its title, and shows the same page: on an installation that
has an object of every kind that has a page."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from app import navigation
from app.ui import links
from core.portal import Portal
from tests.pages.running import page, text_of
from tests.upgrade.home import PEOPLE, upgraded

NAMES = {
    "requirement": ("R-1", "Warn of late arrivals"),
    "edit-requirement": ("R-1", "Warn of late arrivals"),
    "dataset": ("DS-1", "flights"),
    "import": ("IMP-1", "flights.csv into flights"),
    "feature-view": ("FV-1", "carrier_delay"),
    "new-feature-version": ("FV-1", "carrier_delay"),
    "materialization": ("MAT-1", "carrier_delay v1 online"),
    "feature-parity": ("FP-1", "Parity of carrier_delay v1"),
    "training-set": ("TS-1", "late_arrivals"),
    "job": ("JOB-2", "Build carrier_delay v1"),
    "run": ("RUN-3", "SW-1: trial 1, fresh seed 1"),
    "query": ("Q-1", "A query"),
    "sweep": ("SW-1", "Tabular, late_arrivals"),
    "model": ("M-1", "late-arrival"),
    "version": ("MV-2", "late-arrival v2"),
    "evidence": ("EV-3", "Artifact safety: late-arrival v1"),
    "endpoint": ("EP-1", "measured-here"),
    "load-test": ("LT-1", "smoke test of measured-here"),
    "promotion": ("PR-1", "late-arrival v1 → late-arrival"),
}
VERSIONS = {"dataset": ("SNAP-1", "flights v1"), "feature-view": ("FEAT-1", "carrier_delay v1")}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with upgraded(tmp_path_factory.mktemp("addresses")) as portal:
        yield portal


def seen(portal: Portal, url: str, **query: str) -> AppTest:
    return page(portal, PEOPLE.engineer, url, **query)


def test_every_page_that_shows_an_object_is_tried() -> None:
    assert set(NAMES) == {url for url in links.URLS.values() if navigation.cards()[url].is_hidden} | {
        "edit-requirement",
        "new-feature-version",
        "query",
    }


@pytest.mark.parametrize(("url", "object_id", "name"), [(url, *names) for url, names in NAMES.items()])
def test_a_name_in_an_address_shows_the_page_that_the_id_shows(
    portal: Portal, url: str, object_id: str, name: str
) -> None:
    shown = text_of(seen(portal, url, id=name))
    assert shown == text_of(seen(portal, url, id=object_id))
    assert "Not found" not in shown


@pytest.mark.parametrize(("url", "object_id", "name"), [(url, *names) for url, names in VERSIONS.items()])
def test_a_version_is_named_by_the_name_and_its_number(portal: Portal, url: str, object_id: str, name: str) -> None:
    shown = seen(portal, url, id=name)
    assert text_of(shown) == text_of(seen(portal, url, id=object_id))
    assert object_id in text_of(shown)


def test_the_pages_that_compare_take_names(portal: Portal) -> None:
    ids = seen(portal, "compare", ids="MV-1,MV-2", baseline="MV-2")
    names = seen(portal, "compare", ids="late-arrival v1, late-arrival v2", baseline="late-arrival v2")
    assert text_of(names) == text_of(ids)
    assert [box.value for box in names.selectbox] == [box.value for box in ids.selectbox]
    by_name = text_of(seen(portal, "dataset-diff", left="flights v1", right="flights"))
    assert by_name == text_of(seen(portal, "dataset-diff", left="SNAP-1", right="DS-1"))


@pytest.mark.parametrize("name", ["late-arrival v1", "late-arrival v2", "MV-1"])
def test_a_name_chooses_what_a_form_begins_with(portal: Portal, name: str) -> None:
    test = seen(portal, "promotions", version=name, endpoint="late-arrival")
    wanted = portal.registry.get_version(PEOPLE.engineer, version_id=name)
    assert test.selectbox(key="ask_version").value.id == wanted.id
    assert test.selectbox(key="ask_endpoint").value.id == "EP-2"


def test_what_comes_of_data_in_quarantine_says_so_whatever_the_address_calls_it(portal: Portal) -> None:
    portal.retention.quarantine(PEOPLE.engineer, snapshot_id="SNAP-1", reason="Sent twice.")
    assert "Its source is in quarantine" in text_of(seen(portal, "training-set", id="late_arrivals"))
    portal.retention.release(PEOPLE.engineer, snapshot_id="SNAP-1", reason="Sent once.")


@pytest.mark.parametrize("name", ["nothing", "late-arrival v1"])
def test_a_name_that_no_object_of_the_kind_has_is_not_found(portal: Portal, name: str) -> None:
    test = seen(portal, "dataset", id=name)
    assert test.title[0].value == "Not found"
    assert f"There is no object called '{name}'" in text_of(test)


def test_a_name_that_several_have_is_not_found_and_names_them(portal: Portal) -> None:
    test = seen(portal, "run", id="Tabular, late_arrivals")
    assert test.title[0].value == "Not found"
    assert "Use the id of one: RUN-1, RUN-2." in text_of(test)
