"""A run that goes on from an earlier one: what it is given, what the chain says, and who may."""

from pathlib import Path

import pytest

from core.compute.tables import JobRow
from core.compute.values import JobState
from core.foundation.errors import Conflict, NotFound
from core.portal import Portal
from core.training.result import START
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.training.sets import make_training_set, start
from tests.training.text_recipes.corpus import CONTRACT, corpus

PARAMS = {"buckets": 4096}


@pytest.fixture
def reviews(portal: Portal, tmp_path: Path) -> str:
    return make_training_set(portal, tmp_path, tables=corpus("binary")[0], contract=CONTRACT.model_dump(mode="json"))


def test_a_run_goes_on_from_the_model_of_another(portal: Portal, people: People, reviews: str) -> None:
    first = start(portal, people, reviews, recipe="text", params=PARAMS)
    onward = PARAMS | {"start_from": first.id}
    with pytest.raises(Conflict, match=f"{first.id} has no model yet"):
        start(portal, people, reviews, recipe="text", params=onward)
    assert run_job_here(portal, first.job_id).state is JobState.SUCCEEDED
    second = start(portal, people, reviews, recipe="text", params=onward)
    done = run_job_here(portal, second.job_id)
    assert done.state is JobState.SUCCEEDED, done.cause
    figures = portal.training.get_run(people.viewer, run_id=second.id)
    assert figures.params["start_from"] == first.id
    assert figures.metrics["validation_loss"] <= figures.metrics["validation_loss_from_nothing"]
    chain = portal.identity.lineage(people.viewer, object_id=second.id)
    assert (first.id, second.id, "went on in") in {(edge.source, edge.target, edge.relation) for edge in chain.edges}
    version = portal.training.register_version(people.engineer, run_id=first.id, model="reviews")
    third = start(portal, people, reviews, recipe="text", params=PARAMS | {"start_from": version.id})
    with portal.foundation.database.read() as session:
        jobs = [session.get_one(JobRow, run.job_id) for run in (second, third)]
        assert {job.inputs[START] for job in jobs} == {version.model_digest}


def test_what_one_may_not_see_is_no_start(portal: Portal, people: People, reviews: str) -> None:
    with pytest.raises(NotFound):
        start(portal, people, reviews, recipe="text", params=PARAMS | {"start_from": "RUN-99"})
