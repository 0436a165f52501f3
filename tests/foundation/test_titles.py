"""Whatever has an identifier is created and renamed by its title, in every domain alike: on a home that has one of each
with its versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from core.foundation.actions.run import run_action
from core.foundation.actors import Actor
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.foundation.ids import kind_of
from core.portal import Portal
from tests.compute.running import wait_until
from tests.upgrade.home import PEOPLE, upgraded

PROJECT = "PROJ-1"
TITLE = "航班抵达"


@dataclass(frozen=True)
class Named:
    """A kind with identifiers: its actions, the argument that refers to one, one that the home has, a version of that,
    and how the identifier of one begins that has no Latin letter in its title."""

    create: str
    rename: str
    read: str
    list: str
    argument: str
    id: str
    version: str
    fallback: str
    search: str = "query"


NAMED = [
    Named("lake.create_dataset", "lake.rename_dataset", "lake.get_dataset", "lake.list_datasets",
          "dataset_id", "DS-1", "SNAP-1", "dataset_"),
    Named("features.create_view", "features.rename_view", "features.get_view", "features.list_views",
          "view_id", "FV-1", "FEAT-1", "view_"),
    Named("features.create_training_set", "features.rename_training_set", "features.get_training_set",
          "features.list_training_sets", "training_set_id", "TS-1", "", "training_set_", "search"),
    Named("registry.create_model", "registry.rename_model", "registry.get_model", "registry.list_models",
          "model_id", "M-1", "MV-1", "model-"),
    Named("serving.create_endpoint", "serving.rename_endpoint", "serving.get_endpoint", "serving.list_endpoints",
          "endpoint_id", "EP-1", "", "endpoint-", ""),
]  # fmt: skip
EVERY_KIND = pytest.mark.parametrize("kind", NAMED, ids=lambda kind: kind.argument)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def portal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One for all tests here: each gives what it makes names of its own, and reads first what it renames."""
    postgres = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    with upgraded(tmp_path_factory.mktemp("titles"), postgres=postgres) as portal:
        yield portal


def run(portal: Portal, action: str, actor: Actor = PEOPLE.engineer, **arguments: Any) -> Any:
    service, spec = portal.catalog()[action]
    return run_action(service, actor, spec=spec, arguments=arguments)


def create(portal: Portal, kind: Named, **names: str) -> Any:
    training_set = portal.training_sets.get_training_set(PEOPLE.engineer, training_set_id="TS-1")
    others: dict[str, dict[str, Any]] = {
        "view_id": {"entity": "flight"},
        "endpoint_id": {"environment": "staging"},
        "training_set_id": {
            "entity": training_set.entity,
            "splits": training_set.asked,
            "uses": training_set.uses,
        },
    }
    return run(portal, kind.create, project=PROJECT, **others.get(kind.argument, {}), **names)


@EVERY_KIND
def test_a_title_in_any_language_makes_an_identifier_of_kind_and_number(portal: Portal, kind: Named) -> None:
    created = create(portal, kind, title=TITLE)
    number = created.id.partition("-")[2]
    assert (created.title, created.name) == (TITLE, f"{kind.fallback}{number}")
    assert run(portal, kind.read, **{kind.argument: created.name}) == run(
        portal, kind.read, **{kind.argument: created.id}
    )


@EVERY_KIND
def test_an_identifier_that_follows_from_a_title_and_is_taken_gets_a_number(portal: Portal, kind: Named) -> None:
    separator = kind.fallback[-1]
    names = [create(portal, kind, title="Vols d\u2019été").name for _time in range(3)]
    first = f"vols{separator}d{separator}ete"
    assert names == [first, f"{first}{separator}2", f"{first}{separator}3"]


@EVERY_KIND
@pytest.mark.parametrize("title", [TITLE, "Vuelos", "2013"])
def test_the_identifier_is_known_before_anything_is_made(portal: Portal, kind: Named, title: str) -> None:
    for _time in range(2):
        shown = run(portal, "identity.suggest_name", PEOPLE.viewer, kind=kind_of(kind.id), project=PROJECT, title=title)
        assert create(portal, kind, title=title).name == shown


def test_what_has_no_identifier_is_suggested_none(portal: Portal) -> None:
    with pytest.raises(Invalid, match="no identifier"):
        run(portal, "identity.suggest_name", kind="run", project=PROJECT, title=TITLE)


def test_nobody_learns_of_names_in_a_project_they_may_not_see(portal: Portal) -> None:
    with pytest.raises(NotFound):
        run(portal, "identity.suggest_name", PEOPLE.outsider, kind="dataset", project=PROJECT, title="flights")


@EVERY_KIND
def test_a_name_typed_by_hand_stands_beside_the_title(portal: Portal, kind: Named) -> None:
    created = create(portal, kind, title=TITLE, name="typed")
    assert (created.title, created.name) == (TITLE, "typed")
    plain = create(portal, kind, name="plain")
    assert (plain.title, plain.name) == ("plain", "plain")


@pytest.mark.parametrize(
    "kind", [kind for kind in NAMED if kind.argument != "training_set_id"], ids=lambda kind: kind.argument
)
def test_a_name_typed_by_hand_that_is_taken_is_refused(portal: Portal, kind: Named) -> None:
    create(portal, kind, name="taken")
    with pytest.raises(Conflict):
        create(portal, kind, name="taken", title="Others")


@EVERY_KIND
def test_without_a_name_and_a_title_nothing_is_made(portal: Portal, kind: Named) -> None:
    with pytest.raises(Invalid) as refused:
        create(portal, kind)
    assert (refused.value.message, refused.value.field) == ("Name is missing", "title")


@EVERY_KIND
def test_renaming_changes_the_title_and_nothing_that_queries_and_addresses_say(portal: Portal, kind: Named) -> None:
    before = run(portal, kind.read, **{kind.argument: kind.id})
    after = run(portal, kind.rename, **{kind.argument: kind.id}, title=f"  {TITLE} ")
    assert after.title == TITLE
    assert after == run(portal, kind.read, **{kind.argument: before.name})
    inner = {"title", "live", "latest"}
    assert after.model_dump(exclude=inner) == before.model_dump(exclude=inner)


@EVERY_KIND
def test_a_new_title_is_found_by_search_and_in_the_list(portal: Portal, kind: Named) -> None:
    name = run(portal, kind.read, **{kind.argument: kind.id}).name
    run(portal, kind.rename, **{kind.argument: kind.id}, title=TITLE)
    for query in (TITLE[1:3], name[1:-1]):
        assert kind.id in {thing.id for thing in run(portal, "identity.search", query=query, limit=200)}
        filters = {kind.search: query} if kind.search else {}
        listed = {item.id: item.title for item in run(portal, kind.list, **filters).items}
        assert listed[kind.id] == TITLE


@pytest.mark.parametrize("kind", [kind for kind in NAMED if kind.version], ids=lambda kind: kind.argument)
def test_versions_are_called_by_the_title_and_found_by_the_name(portal: Portal, kind: Named) -> None:
    name = run(portal, kind.read, **{kind.argument: kind.id}).name
    title = f"{TITLE} {kind.argument}"
    run(portal, kind.rename, **{kind.argument: kind.id}, title=title)
    things = {thing.id: thing for thing in run(portal, "identity.search", query=title, limit=200)}
    assert (things[kind.version].title, things[kind.version].name) == (f"{title} v1", f"{name} v1")
    # What is called by them follows: a request by its version and endpoint, an import by its dataset.
    assert {kind_of(kind.id), kind_of(kind.version)} <= {thing.kind for thing in things.values()}
    assert all(title in thing.title for thing in things.values())


@EVERY_KIND
@pytest.mark.parametrize("title", ["", "   ", "w" * 500, "two\nlines"])
def test_what_is_no_title_is_refused_by_its_field(portal: Portal, kind: Named, title: str) -> None:
    with pytest.raises(Invalid) as refused:
        run(portal, kind.rename, **{kind.argument: kind.id}, title=title)
    assert refused.value.field == "title"
    assert refused.value.message.startswith(("Name takes", "Name must not be empty"))


@EVERY_KIND
def test_nobody_renames_what_they_may_not_edit(portal: Portal, kind: Named) -> None:
    before = run(portal, kind.read, **{kind.argument: kind.id}).title
    with pytest.raises(NotFound):
        run(portal, kind.rename, PEOPLE.outsider, **{kind.argument: kind.id}, title="Taken over")
    with pytest.raises(NotAllowed):
        run(portal, kind.rename, PEOPLE.viewer, **{kind.argument: kind.id}, title="Taken over")
    assert run(portal, kind.read, **{kind.argument: kind.id}).title == before


@EVERY_KIND
def test_the_log_says_what_it_was_called_and_what_it_is_called(portal: Portal, kind: Named) -> None:
    before = run(portal, kind.read, **{kind.argument: kind.id}).title
    run(portal, kind.rename, **{kind.argument: kind.id}, title=TITLE)
    event = run(portal, "audit.activity", subject=kind.id)[0]
    assert (event.action, event.details) == (kind.rename, {"before": before, "title": TITLE})


def test_an_identifier_goes_before_a_title_that_reads_like_it(portal: Portal) -> None:
    entitled = create(portal, NAMED[0], title="arrivals", name="departures")
    assert run(portal, "lake.get_dataset", dataset_id="arrivals").id == entitled.id
    own = create(portal, NAMED[0], name="arrivals")
    assert run(portal, "lake.rename_dataset", dataset_id="arrivals", title="Hit").id == own.id
    assert run(portal, "lake.get_dataset", dataset_id="departures").title == "arrivals"


@pytest.mark.parametrize("title", ["DS-1", "PROJ-1", "\u200b", "Orders\u2060", "\u200fOrders", "\u3164"])
def test_a_title_is_seen_and_is_no_id(portal: Portal, title: str) -> None:
    with pytest.raises(Invalid) as refused:
        create(portal, NAMED[0], title=title, name="departures")
    assert refused.value.field == "title"
    with pytest.raises(Invalid):
        run(portal, "lake.rename_dataset", dataset_id="DS-1", title=title)


def test_a_title_is_found_however_its_letters_are_put_together(portal: Portal) -> None:
    dataset = create(portal, NAMED[0], title="Flu\u0308ge", name="composed")
    assert dataset.title == "Fl\u00fcge"
    for name in ("Fl\u00fcge", "Flu\u0308ge", " Fl\u00fcge "):
        assert run(portal, "lake.get_dataset", dataset_id=name).id == dataset.id


def test_queries_keep_the_name_of_a_dataset_that_was_renamed(portal: Portal) -> None:
    name = portal.datasets.get_dataset(PEOPLE.engineer, dataset_id="DS-1").name
    portal.datasets.rename_dataset(PEOPLE.engineer, dataset_id="DS-1", title=TITLE)
    query = portal.queries.start_query(PEOPLE.engineer, project=PROJECT, sql=f"SELECT count(*) FROM {name}")

    def state() -> str:
        return portal.queries.get_query(PEOPLE.engineer, query_id=query.id).state

    wait_until(lambda: state() != "running", seconds=60, what="the query's end")
    assert state() == "done"


def test_a_run_is_registered_under_a_title_in_any_language(portal: Portal) -> None:
    with pytest.raises(Invalid) as refused:
        run(portal, "training.register_version", run_id="RUN-3")
    assert (refused.value.message, refused.value.field) == ("Name is missing", "title")
    with pytest.raises(Invalid) as refused:
        run(portal, "training.register_version", run_id="RUN-3", model="No Name")
    assert refused.value.message.startswith("Model takes lower-case letters, digits and hyphens")
    version = run(portal, "training.register_version", run_id="RUN-3", title=TITLE)
    model = run(portal, "registry.get_model", model_id=version.model_id)
    assert (model.title, model.name) == (TITLE, f"model-{model.id.partition('-')[2]}")
    assert (version.title, version.model) == (f"{TITLE} v1", model.name)
    for name in (model.id, model.name):
        again = run(portal, "training.register_version", run_id="RUN-3", model=name, title="Another title")
        assert (again.id, again.title) == (version.id, version.title)
    with pytest.raises(Conflict, match=f"RUN-3 is {model.name} v1 already"):
        run(portal, "training.register_version", run_id="RUN-3", title="Another")


def test_an_upload_makes_a_model_by_its_title_and_adds_to_one_by_any_of_its_names(portal: Portal) -> None:
    def uploaded(**names: str) -> Any:
        content = portal.registry.download_artifact(PEOPLE.engineer, version_id="MV-1").content
        return run(portal, "registry.upload_version", project=PROJECT, filename="model.onnx", content=content, **names)

    first = uploaded(title="Spätankünfte", model="late-ones")
    assert (first.model, first.title) == ("late-ones", "Spätankünfte v1")
    for name in ("late-ones", "Spätankünfte", first.model_id):
        assert uploaded(model=name).id == first.id


def test_a_model_called_by_its_title_reads_like_no_other(portal: Portal) -> None:
    create(portal, NAMED[3], name="model-11")
    assert create(portal, NAMED[3], title="Model 1l").name == "model-1l-2"
