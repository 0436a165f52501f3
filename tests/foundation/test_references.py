"""What refers to an object takes its id or its name."""

import re
from pathlib import Path
from typing import Any

import pytest

from core.foundation.actions.call import Call
from core.foundation.actions.references import KINDS
from core.foundation.actions.run import Service, action, run_action
from core.foundation.actors import Actor
from core.foundation.errors import Invalid, NotAllowed, NotFound
from core.identity.permissions import Permission
from core.portal import Portal
from tests.conftest import People
from tests.upgrade.home import PEOPLE, upgraded

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


def test_a_name_means_the_same_to_what_changes_and_to_what_shows(portal: Portal, people: People) -> None:
    run(portal, "identity.grant_role", people.admin, person_id="Mei Lin", role="viewer", project="PROJ-2")
    there = run(portal, "lake.create_dataset", people.outsider, project="PROJ-2", name="sales")
    here = run(portal, "lake.create_dataset", people.engineer, project=PROJECT, name="tried", title="sales")
    run(portal, "lake.rename_dataset", people.outsider, dataset_id=there.id, title="Sales there")
    assert run(portal, "lake.get_dataset", people.engineer, dataset_id="sales").id == there.id
    with pytest.raises(NotAllowed):
        run(portal, "lake.rename_dataset", people.engineer, dataset_id="sales", title="Hit")
    assert run(portal, "lake.get_dataset", people.engineer, dataset_id=here.id).title == "sales"


MAKERS: dict[str, tuple[str, dict[str, str]]] = {
    "dataset": ("lake.create_dataset", {}),
    "model": ("registry.create_model", {}),
    "endpoint": ("serving.create_endpoint", {"environment": "staging"}),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_an_identifier_goes_before_the_title_of_another(portal: Portal, people: People, kind: str) -> None:
    maker, others = MAKERS[kind]
    first, second, third = (
        run(portal, maker, people.engineer, project=PROJECT, name=name, title=title, **others)
        for name, title in (("flights", "Departures"), ("second", "flights"), ("third", "flights"))
    )

    def called(name: str) -> str:
        return str(run(portal, "identity.find_object", people.engineer, name=name, kinds=[kind]).id)

    assert called("flights") == first.id
    run(portal, "objects.archive", people.engineer, object_id=first.id)
    with pytest.raises(NotFound) as refused:
        called("flights")
    assert refused.value.hint == f"Use the id of one: {second.id}, {third.id}."
    run(portal, "objects.delete", people.engineer, object_id=second.id, reason="Not used.")
    assert called("flights") == third.id
    run(portal, "objects.archive", people.engineer, object_id=third.id)
    assert called("flights") == first.id
    run(portal, "objects.delete", people.engineer, object_id=first.id, reason="Not used.")
    run(portal, "objects.delete", people.engineer, object_id=third.id, reason="Not used.")
    with pytest.raises(NotFound, match="There is no object called 'flights'"):
        called("flights")


def test_what_a_name_means_is_asked_once_in_an_action_of_two_halves(portal: Portal, people: People) -> None:
    first = run(portal, "lake.create_dataset", people.engineer, project=PROJECT, name="one", title="Orders")
    second = run(portal, "lake.create_dataset", people.engineer, project=PROJECT, name="two")

    class Halves(Service):
        domain = "halves"

        def _prepare(self, call: Call, *, dataset_id: str) -> str:
            call.may_reach(dataset_id)
            for renamed, title in ((first, "Old orders"), (second, "Orders")):
                run(portal, "lake.rename_dataset", people.engineer, dataset_id=renamed.id, title=title)
            return dataset_id

        @action(permission=Permission.READ, reads=True, prepare=_prepare)
        def show(self, call: Call, *, dataset_id: str) -> tuple[str, str]:
            """Show both."""
            call.may_reach(dataset_id)
            return call.prepared, dataset_id

    assert Halves(portal.foundation).show(people.engineer, dataset_id="Orders") == (first.id, first.id)


def test_nothing_is_found_by_no_name(portal: Portal, people: People) -> None:
    with pytest.raises(Invalid):
        run(portal, "identity.find_object", people.engineer, name="")


def test_an_id_of_another_kind_is_not_among_these_kinds(portal: Portal, people: People) -> None:
    dataset = run(portal, "lake.create_dataset", people.engineer, project=PROJECT, name="flights")
    with pytest.raises(NotFound):
        run(portal, "identity.find_object", people.engineer, name=dataset.id, kinds=["model"])


@pytest.mark.parametrize("name", ["\ud800", "a\udcffb", "\0"])
def test_half_a_character_is_refused_as_such(portal: Portal, people: People, name: str) -> None:
    with pytest.raises(Invalid, match="NUL or half a character"):
        run(portal, "lake.get_dataset", people.engineer, dataset_id=name)


def test_a_name_of_another_kind_says_what_it_is_and_which_part_would_do(tmp_path: Path) -> None:
    with upgraded(tmp_path) as portal:
        mei = PEOPLE.engineer
        newest = run(portal, "lake.get_dataset", mei, dataset_id="flights").latest
        with pytest.raises(NotFound) as refused:
            run(portal, "lake.get_snapshot", mei, snapshot_id="flights")
        assert refused.value.in_full == (
            f"flights is a dataset ({newest.dataset_id}); a snapshot is wanted here. The newest is {newest.id}."
        )
        with pytest.raises(NotFound, match=r"^flights is a dataset \(DS-1\); a model is wanted here$"):
            run(portal, "registry.get_model", mei, model_id="flights")


def test_what_has_a_title_alone_is_found_by_it(portal: Portal, people: People) -> None:
    account = run(
        portal, "identity.create_service_account", people.admin, handle="robot", name="Night Robot", project=PROJECT
    )
    disabled = run(portal, "identity.set_state", people.admin, person_id="Night Robot", state="disabled")
    assert (disabled.id, disabled.state) == (account.id, "disabled")


def test_an_object_of_any_kind_is_found_by_its_name(portal: Portal, people: People) -> None:
    dataset = run(portal, "lake.create_dataset", people.engineer, project=PROJECT, name="flights", title="Flüge")
    for name in (dataset.id, "flights", "Flüge"):
        thing = run(portal, "identity.find_object", people.engineer, name=name)
        assert (thing.id, thing.title, thing.name) == (dataset.id, "Flüge", "flights")
        assert run(portal, "identity.lineage", people.admin, object_id=name).start == dataset.id


def test_the_kind_tells_apart_what_has_one_name(portal: Portal, people: People) -> None:
    dataset = run(portal, "lake.create_dataset", people.engineer, project=PROJECT, name="flights")
    model = run(portal, "registry.create_model", people.engineer, project=PROJECT, name="flights")
    with pytest.raises(NotFound) as refused:
        run(portal, "identity.find_object", people.engineer, name="flights")
    assert (
        refused.value.in_full == f"Several objects are called 'flights'. Use the id of one: {dataset.id}, {model.id}."
    )
    assert run(portal, "identity.find_object", people.engineer, name="flights", kinds=["model"]).id == model.id


@pytest.mark.parametrize("name", ["secret", "Secret", "DS-1"])
def test_nobody_finds_what_they_may_not_see(portal: Portal, people: People, name: str) -> None:
    run(portal, "lake.create_dataset", people.outsider, project="PROJ-2", name="secret", title="Secret")
    with pytest.raises(NotFound) as refused:
        run(portal, "identity.find_object", people.engineer, name=name)
    assert refused.value.message == f"There is no object called '{name}'"


def test_names_stand_for_ids_inside_structured_arguments_too(tmp_path: Path) -> None:
    with upgraded(tmp_path) as portal:
        mei = PEOPLE.engineer
        before = run(portal, "features.get_training_set", mei, training_set_id="TS-1")
        created = run(
            portal,
            "features.create_training_set",
            mei,
            project=PROJECT,
            name="again",
            entity=before.entity.model_dump(exclude_unset=True) | {"sources": {"flights": "flights v1"}},
            uses=[use.model_dump() | {"version_id": "carrier_delay v1"} for use in before.uses],
            splits=before.asked,
        )
        assert (created.entity, created.uses) == (before.entity, before.uses)


IDS = re.compile(r"(^|_)ids?$")
# Of these nothing has a name: a token is shown by its id, and a replay belongs to its endpoint.
WITHOUT_NAMES = {"token_id", "replay_id"}


def test_every_argument_that_takes_an_id_takes_a_name(portal: Portal) -> None:
    arguments = {
        name
        for _service, spec in portal.catalog().values()
        for name in spec.parameters.model_fields
        if IDS.search(name) and not spec.is_internal
    }
    assert arguments <= set(KINDS) | WITHOUT_NAMES


def test_every_argument_that_is_known_by_name_is_one_of_the_catalog(portal: Portal) -> None:
    arguments = {name for _service, spec in portal.catalog().values() for name in spec.parameters.model_fields}
    assert set(KINDS) <= arguments


def run(portal: Portal, action: str, actor: Actor, **arguments: Any) -> Any:
    service, spec = portal.catalog()[action]
    return run_action(service, actor, spec=spec, arguments=arguments)
