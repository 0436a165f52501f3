"""What refers to an object takes its id or its name."""

from typing import Any

import pytest

from core.foundation.actions.references import KINDS
from core.foundation.actions.run import run_action
from core.foundation.actors import Actor
from core.foundation.errors import Invalid, NotFound
from core.portal import Portal
from tests.conftest import People

PROJECT = "PROJ-1"


def test_a_dataset_is_found_by_its_name(portal: Portal, people: People) -> None:
    dataset = run(portal, "lake.create_dataset", people.engineer, project=PROJECT, name="flights")
    by_name = run(portal, "lake.get_dataset", people.engineer, dataset_id="flights")
    assert by_name == run(portal, "lake.get_dataset", people.engineer, dataset_id=dataset.id)


def test_a_project_is_found_by_its_name(portal: Portal, people: People) -> None:
    assert run(portal, "lake.create_dataset", people.engineer, project="Flights", name="weather").project == PROJECT


def test_a_name_of_a_project_out_of_reach_is_not_found(portal: Portal, people: People) -> None:
    run(portal, "lake.create_dataset", people.outsider, project="PROJ-2", name="secret")
    with pytest.raises(NotFound):
        run(portal, "lake.get_dataset", people.engineer, dataset_id="secret")


def test_a_name_that_several_have_is_refused_with_their_ids(portal: Portal, people: People) -> None:
    here = run(portal, "lake.create_dataset", people.engineer, project="PROJ-1", name="flights")
    there = run(portal, "lake.create_dataset", people.outsider, project="PROJ-2", name="flights")
    with pytest.raises(Invalid) as refused:
        run(portal, "lake.get_dataset", people.admin, dataset_id="flights")
    assert refused.value.hint == f"Use the id of one: {here.id}, {there.id}."


def test_every_argument_that_is_known_by_name_is_one_of_the_catalog(portal: Portal) -> None:
    arguments = {name for _service, spec in portal.catalog().values() for name in spec.parameters.model_fields}
    assert set(KINDS) <= arguments


def run(portal: Portal, action: str, actor: Actor, **arguments: Any) -> Any:
    service, spec = portal.catalog()[action]
    return run_action(service, actor, spec=spec, arguments=arguments)
