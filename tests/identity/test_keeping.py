"""Datasets, feature views, training sets, models and endpoints are archived, brought back and deleted in one way."""

from collections.abc import Callable
from typing import Any

import pytest

from core.foundation.errors import Conflict, Invalid, NotAllowed
from core.portal import Portal
from core.promotion.values import Plan, Step
from core.registry.tables import VersionRow
from tests.conftest import People
from tests.health.installation import (
    DATASET,
    MODEL,
    PRODUCTION,
    SERVING,
    STAGING,
    TRAINING_SET,
    VIEW,
)
from tests.lake.imports.in_process import read_here
from tests.registry.onnx_files import register_tiny
from tests.upgrade.home import PEOPLE

WHY = "It was a trial"
LISTS: dict[str, Callable[[Portal], Any]] = {
    "dataset": lambda portal: portal.datasets.list_datasets,
    "view": lambda portal: portal.feature_views.list_views,
    "set": lambda portal: portal.training_sets.list_training_sets,
    "model": lambda portal: portal.registry.list_models,
    "endpoint": lambda portal: portal.endpoints.list_endpoints,
}


def make(portal: Portal, kind: str, name: str = "trial") -> str:
    """A thing of a kind in the first project, of which nothing was made."""
    who, terms = PEOPLE.engineer, {"project": "PROJ-1", "name": name}
    if kind == "dataset":
        return portal.datasets.create_dataset(who, **terms).id
    if kind == "view":
        return portal.feature_views.create_view(who, **terms, entity="carrier", keys=("carrier",)).id
    if kind == "model":
        return portal.registry.create_model(who, **terms).id
    return portal.endpoints.create_endpoint(who, **terms, environment="staging").id


def listed(portal: Portal, kind: str, **how: bool) -> set[str]:
    return {item.id for item in LISTS[kind](portal)(PEOPLE.engineer, limit=200, **how).items}


def take_out_of_use(whole: Portal) -> None:
    """Both endpoints, with what they serve and what is asked for on them."""
    whole.rollouts.serve_nothing(PEOPLE.sre, endpoint_id=PRODUCTION, reason=WHY)
    with pytest.raises(Conflict, match=r"\(PR-2\) is approved"):
        whole.keeping.archive(PEOPLE.sre, object_id=PRODUCTION)
    whole.requests.cancel_request(PEOPLE.sre, request_id="PR-2")
    whole.endpoints.clear_staging(PEOPLE.sre, endpoint_id=STAGING, reason=WHY)
    model = whole.registry.list_models(PEOPLE.sre).items[0].id
    with pytest.raises(Conflict, match="would go back to") as refused:
        whole.keeping.archive(PEOPLE.engineer, object_id=model)
    assert refused.value.hint == "Take it out of use there first, or clear and archive the endpoint."
    for endpoint in (PRODUCTION, STAGING):
        whole.keeping.archive(PEOPLE.sre, object_id=endpoint)


@pytest.mark.parametrize("kind", ["dataset", "view", "model", "endpoint"])
def test_what_is_archived_is_out_of_lists_and_comes_back_as_it_was(portal: Portal, people: People, kind: str) -> None:
    thing = make(portal, kind)
    portal.keeping.archive(people.engineer, object_id=thing)
    assert thing not in listed(portal, kind)
    assert listed(portal, kind, archived=True) == {thing}
    assert portal.identity.search(people.engineer, query="trial") == ()
    assert portal.identity.find_object(people.engineer, name=thing).put_away == "archived"
    portal.keeping.bring_back(people.engineer, object_id=thing)
    assert thing in listed(portal, kind)
    assert listed(portal, kind, archived=True) == set()
    events = portal.audit.list_events(people.admin, action="objects.").items
    assert [(event.action, event.subject) for event in events] == [
        ("objects.bring_back", thing),
        ("objects.archive", thing),
    ]


def test_nothing_is_done_with_what_is_archived(portal: Portal, people: People) -> None:
    endpoint, version = make(portal, "endpoint"), register_tiny(portal, people.engineer, rows=50)
    portal.keeping.archive(people.engineer, object_id=endpoint)
    with pytest.raises(Conflict, match="trial was archived") as refusal:
        portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=version.id)
    assert refusal.value.hint == "Bring it back first."
    portal.keeping.bring_back(people.engineer, object_id=endpoint)
    portal.keeping.archive(people.engineer, object_id=version.model_id)
    assert portal.registry.list_versions(people.engineer).items == ()
    with pytest.raises(Conflict, match="was archived"):
        portal.endpoints.deploy_to_staging(people.engineer, endpoint_id=endpoint, version_id=version.id)


def test_a_name_is_free_again_where_nothing_was_made_of_it(portal: Portal, people: People) -> None:
    for kind in ("dataset", "view", "model", "endpoint"):
        thing = make(portal, kind)
        portal.keeping.delete(people.engineer, object_id=thing, reason=WHY)
        other = make(portal, kind)
        assert other != thing
        assert listed(portal, kind) == {other}
        assert listed(portal, kind, archived=True) == set()


def test_the_name_of_what_was_used_stays_its_own(portal: Portal, people: People) -> None:
    version = register_tiny(portal, people.engineer, rows=50)
    portal.keeping.delete(people.engineer, object_id=version.model_id, reason=WHY)
    assert portal.registry.get_version(people.engineer, version_id=version.id).state == "archived"
    event = portal.audit.list_events(people.admin, action="objects.delete").items[0]
    assert (event.subject, event.details) == (version.model_id, {"reason": WHY, "name_is_free": False})
    with pytest.raises(Conflict, match=f"There was a model called {version.model}, deleted 20"):
        portal.registry.create_model(people.engineer, project="PROJ-1", name=version.model)


def test_what_is_deleted_neither_comes_back_nor_goes_twice(portal: Portal, people: People) -> None:
    thing = make(portal, "dataset")
    portal.keeping.delete(people.engineer, object_id=thing, reason=WHY)
    with pytest.raises(Conflict, match="trial was deleted: what is deleted does not come back"):
        portal.keeping.bring_back(people.engineer, object_id=thing)
    with pytest.raises(Conflict, match="trial is deleted already"):
        portal.keeping.delete(people.engineer, object_id=thing, reason=WHY)


@pytest.mark.parametrize("thing", [DATASET, VIEW, TRAINING_SET, MODEL, PRODUCTION])
def test_what_serves_and_what_it_rests_on_stays(whole: Portal, thing: str) -> None:
    production = whole.endpoints.get_endpoint(PEOPLE.viewer, endpoint_id=PRODUCTION).title
    for act, verb in ((whole.keeping.archive, "archived"), (whole.keeping.delete, "deleted")):
        with pytest.raises(Conflict, match=f"cannot be {verb}") as refusal:
            act(PEOPLE.engineer, object_id=thing, **({"reason": WHY} if verb == "deleted" else {}))
        assert f"{production} ({PRODUCTION}) serves " in refusal.value.message
        assert f"({SERVING})" in refusal.value.message


def test_what_was_made_of_a_thing_keeps_it_from_being_deleted(whole: Portal) -> None:
    take_out_of_use(whole)
    with pytest.raises(Conflict) as refusal:
        whole.keeping.delete(PEOPLE.engineer, object_id=DATASET, reason=WHY)
    assert f"({TRAINING_SET}) was made of it" in refusal.value.message
    for thing in (MODEL, TRAINING_SET, VIEW, DATASET):
        whole.keeping.archive(PEOPLE.engineer, object_id=thing)
    for thing in (MODEL, TRAINING_SET, VIEW):
        whole.keeping.delete(PEOPLE.engineer, object_id=thing, reason=WHY)
    with whole.foundation.database.read() as session:
        assert session.get_one(VersionRow, SERVING).state == "archived"


def test_what_is_asked_for_stays(whole: Portal) -> None:
    version = register_tiny(whole, PEOPLE.engineer, name="asked-for", rows=50)
    endpoint = whole.endpoints.create_endpoint(
        PEOPLE.engineer, project="PROJ-1", name="asked-of", environment="production"
    )
    request = whole.requests.open_request(
        PEOPLE.engineer,
        version_id=version.id,
        endpoint_id=endpoint.id,
        plan=Plan(steps=(Step(weight=100, hold_seconds=1),)),
    )
    for thing in (version.model_id, endpoint.id):
        with pytest.raises(Conflict, match=rf"\({request.id}\) is in review"):
            whole.keeping.archive(PEOPLE.engineer, object_id=thing)
    whole.requests.cancel_request(PEOPLE.engineer, request_id=request.id)
    for thing in (version.model_id, endpoint.id):
        whole.keeping.archive(PEOPLE.engineer, object_id=thing)


def test_rows_that_were_read_go_into_no_dataset_that_was_put_away(portal: Portal, people: People) -> None:
    thing = make(portal, "dataset")
    upload = {"dataset_id": thing, "filename": "t.csv", "content": b"a,b\n1,2\n", "confirm": True}
    coming = portal.imports.start_upload(people.engineer, **upload)
    portal.keeping.archive(people.engineer, object_id=thing)
    ready = read_here(portal, coming)
    assert (ready.state, ready.cause) == (
        "needs confirmation",
        "It waits for a person. trial was archived. Bring it back first.",
    )
    portal.keeping.delete(people.engineer, object_id=thing, reason=WHY)
    with pytest.raises(Conflict, match="trial was deleted"):
        portal.imports.confirm_import(people.engineer, import_id=coming.id)
    assert portal.datasets.list_snapshots(people.engineer, dataset_id=thing).total == 0
    assert portal.imports.discard_import(people.engineer, import_id=coming.id).state == "discarded"


def test_of_what_was_put_away_no_part_is_used_and_all_can_be_given_up(whole: Portal) -> None:
    take_out_of_use(whole)
    for thing in (MODEL, TRAINING_SET, VIEW, DATASET):
        whole.keeping.archive(PEOPLE.engineer, object_id=thing)
    uses: dict[str, Callable[[], Any]] = {
        "carrier_delay": lambda: whole.materialization.materialize(PEOPLE.engineer, version_id="FEAT-1"),
        "flights": lambda: whole.queries.start_query(
            PEOPLE.engineer, project="PROJ-1", sql="SELECT 1", sources={"flights": "SNAP-1"}
        ),
        "late-arrival": lambda: whole.registry.edit_card(PEOPLE.engineer, version_id=SERVING, card="new"),
    }
    for title, use in uses.items():
        with pytest.raises(Conflict, match=f"^{title} was archived$"):
            use()
    whole.retention.quarantine(PEOPLE.engineer, snapshot_id="SNAP-1", reason=WHY)
    whole.feature_versions.deprecate_version(PEOPLE.engineer, version_id="FEAT-1", reason=WHY)
    assert whole.registry.download_artifact(PEOPLE.engineer, version_id=SERVING).content


def test_other_things_are_not_put_away(whole: Portal) -> None:
    with pytest.raises(Invalid, match="R-1 cannot be archived or deleted"):
        whole.keeping.archive(PEOPLE.engineer, object_id="R-1")


def test_viewers_put_nothing_away(portal: Portal, people: People) -> None:
    thing = make(portal, "dataset")
    with pytest.raises(NotAllowed):
        portal.keeping.archive(people.viewer, object_id=thing)
    assert thing in listed(portal, "dataset")
