"""Versions that are given up before they are published: what becomes of them, and when that is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from core.features.materialization.kind import MaterializationReconciler
from core.features.tables import FeatureVersionRow, MaterializationRow
from core.features.values import FeatureVersion, VersionState, ViewUse
from core.foundation.errors import Conflict
from core.foundation.objects import ObjectRow
from core.portal import Portal
from tests.conftest import People
from tests.features.departures import SPLITS, entity
from tests.features.drafting import SYSTEM, Drafts
from tests.features.materialization.installation import Installation
from tests.registry.onnx_files import calling

REASON = "Its mean was wrong."
STATES: dict[str, Callable[[Drafts], FeatureVersion]] = {
    "a draft": lambda drafts: drafts.create(until="draft"),
    "one that failed": lambda drafts: drafts.failed(drafts.create()),
    "a staged one": lambda drafts: drafts.built(drafts.create(until="staged"), "pass"),
}


def discard(drafts: Drafts, version: FeatureVersion) -> FeatureVersion:
    return drafts.portal.feature_versions.discard_version(drafts.people.engineer, version_id=version.id, reason=REASON)


@pytest.mark.parametrize("kind", STATES)
def test_what_is_not_published_is_given_up_with_a_reason_that_is_kept(drafts: Drafts, kind: str) -> None:
    version = STATES[kind](drafts)
    gone = discard(drafts, version)
    assert (gone.state, gone.reason) == (VersionState.DISCARDED, REASON)
    assert drafts.now(version).state is VersionState.DISCARDED
    event = drafts.portal.audit.list_events(drafts.people.sre, subject=version.id).items[0]
    assert (event.action, event.details["reason"]) == ("features.discard_version", REASON)
    with calling(drafts.portal, SYSTEM) as call:
        assert call.session.get_one(ObjectRow, version.id).state == "discarded"


def test_it_is_in_no_list_unless_asked_for_and_its_number_is_not_given_again(drafts: Drafts) -> None:
    portal, viewer = drafts.portal, drafts.people.viewer
    gone = discard(drafts, drafts.built(drafts.create(until="staged"), "pass"))
    view = portal.feature_views.get_view(viewer, view_id=drafts.view)
    assert (view.latest, view.versions, view.newest_number) == (None, 0, 1)
    assert portal.feature_versions.list_versions(viewer, view_id=drafts.view).total == 0
    assert gone.id not in [dead.version_id for dead in portal.feature_statistics.dead_features(viewer)]
    (entry,) = portal.feature_catalog.catalog(viewer, query=view.name).items
    assert entry.version_id == ""
    again = drafts.create(until="draft")
    assert again.version == 2
    listed = portal.feature_versions.list_versions(viewer, view_id=drafts.view, discarded=True)
    assert ([item.version for item in listed.items], listed.total) == ([2, 1], 2)
    assert [item.id for item in portal.feature_versions.list_versions(viewer, view_id=drafts.view).items] == [again.id]


def test_the_same_logic_may_be_written_again_and_the_old_one_stays_given_up(drafts: Drafts) -> None:
    portal, engineer = drafts.portal, drafts.people.engineer
    gone = discard(drafts, drafts.built(drafts.create(until="staged"), "pass"))
    assert drafts.published().version == 2
    for refused in (
        lambda: portal.feature_drafts.build_version(engineer, version_id=gone.id),
        lambda: portal.feature_drafts.edit_draft(engineer, version_id=gone.id, **drafts.definition()),
        lambda: portal.feature_versions.publish_version(engineer, version_id=gone.id),
        lambda: discard(drafts, gone),
    ):
        with pytest.raises(Conflict, match=r"is discarded|exactly this"):
            refused()


def test_what_was_published_or_is_being_built_is_not_discarded(drafts: Drafts) -> None:
    for version, state in ((drafts.published(), "published"), (drafts.create(ttl_seconds=1), "building")):
        with pytest.raises(Conflict, match=f"is {state} and cannot become discarded"):
            discard(drafts, version)


def test_what_a_training_set_was_made_with_is_not_discarded_and_the_refusal_names_it(drafts: Drafts) -> None:
    version = drafts.built(drafts.create(until="staged"), "pass")
    training_set = drafts.portal.training_sets.create_training_set(
        drafts.people.engineer,
        project="PROJ-1",
        name="late",
        entity=entity(sources={"flights": drafts.snapshot}),
        uses=(ViewUse(version_id=version.id, keys={"carrier": "carrier"}, prefix="c_"),),
        splits=SPLITS,
    )
    with pytest.raises(Conflict, match=f"Training sets were made with it: {training_set.id}"):
        discard(drafts, version)
    assert drafts.now(version).state is VersionState.STAGED


def test_what_a_staged_version_had_online_is_cleared_away(portal: Portal, people: People, tmp_path: Path) -> None:
    scene = Installation(portal, people, tmp_path)
    scene.change(FeatureVersionRow, scene.version_id, state="staged")
    materialization = scene.materialize(every_seconds=3600)
    assert scene.statuses("b") == ["present"]
    portal.feature_versions.discard_version(people.engineer, version_id=scene.version_id, reason=REASON)
    MaterializationReconciler(portal.materialization).tick(portal.foundation.clock.now())
    assert scene.now(materialization.id).state == "removed"
    assert scene.statuses("b") == ["not_found"]
    with portal.foundation.database.read() as session:
        assert session.exec(select(MaterializationRow.due_at)).one() is None
