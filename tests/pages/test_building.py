"""Datasets, features and training sets in the browser."""

import pytest

from app.features.catalog import words
from app.lake.datasets import pairs
from core.foundation.errors import Invalid
from core.portal import Portal
from tests.conftest import People
from tests.pages.conftest import PROJECT, Furnished
from tests.pages.running import drawn, page, text_of


def test_the_catalog_of_datasets_counts_rows(furnished: Furnished) -> None:
    shown = text_of(page(furnished.portal, furnished.people.viewer, "datasets"))
    assert "1 dataset" in shown
    assert "flights,240,v1" in shown


def test_a_viewer_is_offered_no_new_dataset(furnished: Furnished) -> None:
    viewer = page(furnished.portal, furnished.people.viewer, "datasets")
    engineer = page(furnished.portal, furnished.people.engineer, "datasets")
    assert "New dataset" not in [button.label for button in viewer.button]
    assert "New dataset" in [button.label for button in engineer.button]


def test_a_snapshot_has_an_address_of_its_own(furnished: Furnished) -> None:
    shown = text_of(page(furnished.portal, furnished.people.engineer, "dataset", id=furnished.snapshot))
    assert "Every *flight*" in shown
    assert "distance" in shown
    rows = page(furnished.portal, furnished.people.engineer, "dataset", id=furnished.snapshot, tab="Rows")
    assert "The first 50 of 240 rows" in text_of(rows)


def test_a_dataset_without_rows_says_what_to_do(portal: Portal, people: People) -> None:
    dataset = portal.datasets.create_dataset(people.engineer, project=PROJECT, name="gates")
    assert "No rows yet" in text_of(page(portal, people.engineer, "dataset", id=dataset.id))


def test_the_catalog_of_features_lists_every_feature_of_a_view(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "features")
    shown = text_of(test)
    assert "2 features" in shown
    assert "carrier_delay.flights@v1" in shown
    test.query_params["part"] = "usage"
    assert "late_arrivals" in text_of(drawn(test))


def test_features_are_found_by_what_one_types(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, "features")
    test.text_input(key="q").input("share")
    assert "1 of 1 shown" in text_of(drawn(test))
    test.text_input(key="q").input("nothing like it")
    assert "No feature matches" in text_of(drawn(test))


def test_a_feature_version_has_an_address_of_its_own(furnished: Furnished) -> None:
    mei = furnished.people.engineer
    assert "late_share" in text_of(page(furnished.portal, mei, "feature-view", id=furnished.version))
    logic = page(furnished.portal, mei, "feature-view", id=furnished.view, version=furnished.version, tab="Logic")
    assert "date_trunc" in text_of(logic)


def test_a_training_set_shows_its_splits_and_inputs(furnished: Furnished) -> None:
    shown = text_of(page(furnished.portal, furnished.people.viewer, "training-set", id=furnished.training_set))
    assert "train,2013-01-01,2013-01-07,144" in shown
    assert "No leakage found" in shown
    inputs = page(furnished.portal, furnished.people.viewer, "training-set", id=furnished.training_set, tab="Inputs")
    assert "carrier_late_share" in text_of(inputs)


def test_lines_of_two_words_become_pairs() -> None:
    assert pairs("a b\n\nc = d") == [("a", "b"), ("c", "d")]
    assert words("a, b c") == ("a", "b", "c")
    with pytest.raises(Invalid, match="three words here"):
        pairs("three words here")
