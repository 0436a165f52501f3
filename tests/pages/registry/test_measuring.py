"""What is being measured of a version is shown on its page, and not offered to be started again."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.portal import Portal
from tests.conftest import People
from tests.pages.releasing import serving, version_with_rows
from tests.pages.running import page, text_of
from tests.registry.onnx_files import contract, holdout_table
from tests.training.sets import make_training_set


def links_to(test: AppTest, job_id: str) -> int:
    """How many links on the page lead to a job."""
    return sum(f"id={job_id}" in link.proto.page + link.proto.query_string for link in test.get("page_link"))


def test_a_measurement_under_way_is_followed_instead_of_begun_again(
    portal: Portal, people: People, tmp_path: Path
) -> None:
    version = version_with_rows(portal, people, tmp_path)
    offered = page(portal, people.engineer, "version", id=version.id)
    assert {"measure_importance", "measure_why"} <= {button.key for button in offered.button}
    assert "Being measured" not in text_of(offered)
    job = portal.explanations.measure_importance(people.engineer, version_id=version.id)
    test = page(portal, people.engineer, "version", id=version.id)
    assert not {"measure_importance", "measure_why"} & {button.key for button in test.button}
    assert "Being measured" in text_of(test)
    assert job.title in text_of(test)
    assert links_to(test, job.id) == 3


def test_parity_through_an_endpoint_is_followed_from_the_version(
    portal: Portal, people: People, tmp_path: Path
) -> None:
    version = version_with_rows(portal, people, tmp_path)
    endpoint = serving(portal, people, version, "staging")
    assert "Measure on" in text_of(page(portal, people.engineer, "version", id=version.id))
    job = portal.measurement.check_parity(people.engineer, endpoint_id=endpoint.id)
    test = page(portal, people.engineer, "version", id=version.id)
    assert text_of(test).count("Measure on") == 1
    assert links_to(test, job.id) == 2


def test_while_it_is_judged_it_is_not_judged_again(portal: Portal, people: People, tmp_path: Path) -> None:
    version = version_with_rows(portal, people, tmp_path)
    assert not page(portal, people.engineer, "version", id=version.id).button(key="judge_on").disabled
    tables = {"test": holdout_table(rows=300, seed=7)}
    other = make_training_set(portal, tmp_path / "other", tables=tables, contract=contract().model_dump(mode="json"))
    job = portal.judging.judge_version(people.engineer, version_id=version.id, training_set_id=other)
    test = page(portal, people.engineer, "version", id=version.id)
    assert test.button(key="judge_on").disabled
    assert links_to(test, job.id) == 1
