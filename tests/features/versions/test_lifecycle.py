"""What a feature version may become, what its view's alias points at, and what is refused and in which words."""

from pathlib import Path
from typing import Any

import pytest

from core.features.values import VersionState, ViewUse
from core.foundation.errors import Conflict, Invalid, NotFound
from core.foundation.ids import Kind
from core.portal import Portal
from core.serving.tables import EndpointRow
from tests.conftest import People
from tests.features.departures import SPLITS, entity
from tests.features.drafting import SYSTEM, Drafts, drafts_of, keep_flights
from tests.registry.onnx_files import calling

REASON = "Because it must be said."


def test_a_version_whose_checks_pass_is_published_and_live(drafts: Drafts) -> None:
    version = drafts.published()
    assert (version.state, version.cause, version.reason) == (VersionState.PUBLISHED, "", "")
    assert version.published_at is not None
    assert version.build_seconds == 1.5
    assert drafts.live == version.id


@pytest.mark.parametrize("verdict", ["fail", "inconclusive", "no data"])
def test_a_check_that_does_not_pass_leaves_it_staged_and_says_so(drafts: Drafts, verdict: str) -> None:
    version = drafts.built(drafts.create(), "pass", verdict)
    assert version.state is VersionState.STAGED
    assert version.cause == f"Not published. check 1 ({verdict})."
    assert drafts.live == ""


def test_a_failed_check_is_not_published_whatever_is_said(drafts: Drafts) -> None:
    version = drafts.built(drafts.create(), "fail")
    for accept in ("", REASON):
        with pytest.raises(Conflict, match="check 0"):
            drafts.portal.feature_versions.publish_version(drafts.people.engineer, version_id=version.id, accept=accept)


def test_a_check_that_could_not_tell_is_published_with_a_reason_that_is_kept(drafts: Drafts) -> None:
    version = drafts.built(drafts.create(), "no data")
    with pytest.raises(Conflict, match="was inconclusive"):
        drafts.portal.feature_versions.publish_version(drafts.people.engineer, version_id=version.id)
    published = drafts.portal.feature_versions.publish_version(
        drafts.people.engineer, version_id=version.id, accept=REASON
    )
    assert published.state is VersionState.PUBLISHED
    assert REASON in published.notes[-1]
    (period,) = drafts.portal.feature_views.alias_history(drafts.people.viewer, view_id=drafts.view)
    assert (period.version_id, period.reason, period.changed_by) == (
        version.id,
        REASON,
        drafts.people.engineer.person_id,
    )


def test_nothing_is_noted_where_every_check_could_tell(drafts: Drafts) -> None:
    sure = drafts.built(drafts.create(until="staged"), "pass")
    published = drafts.portal.feature_versions.publish_version(
        drafts.people.engineer, version_id=sure.id, accept=REASON
    )
    assert (published.state, published.notes) == (VersionState.PUBLISHED, sure.notes)


def test_words_owner_and_tags_change_nothing_that_is_hashed(drafts: Drafts) -> None:
    version = drafts.published()
    changed = drafts.portal.feature_versions.describe_version(
        drafts.people.other_engineer, version_id=version.id, description="The mean.", tags=("delay",)
    )
    assert (changed.description, changed.tags) == ("The mean.", ("delay",))
    assert (changed.digest, changed.version, changed.state) == (version.digest, 1, version.state)
    owner = drafts.people.other_engineer.person_id
    view = drafts.portal.feature_views.describe_view(
        drafts.people.engineer, view_id=drafts.view, owner=owner, tags=("air",)
    )
    assert (view.owner, view.tags, view.description) == (owner, ("air",), "")
    assert view.latest is not None
    assert view.latest.digest == version.digest
    (thing,) = [
        thing
        for thing in drafts.portal.identity.search(drafts.people.viewer, query=drafts.view)
        if thing.id == drafts.view
    ]
    assert thing.owner == owner
    with pytest.raises(NotFound, match="no person"):
        drafts.portal.feature_views.describe_view(drafts.people.engineer, view_id=drafts.view, owner="P-999")


def test_going_back_is_one_call_and_goes_further_back_the_next_time(drafts: Drafts) -> None:
    portal, engineer = drafts.portal, drafts.people.engineer
    versions = [drafts.published(ttl_seconds=number) for number in range(1, 4)]
    for expected in (versions[1], versions[0]):
        view = portal.feature_views.roll_back(engineer, view_id=drafts.view, reason=REASON)
        assert view.live is not None
        assert view.live.id == expected.id
    with pytest.raises(Conflict, match="no version to go back to"):
        portal.feature_views.roll_back(engineer, view_id=drafts.view, reason=REASON)
    history = portal.feature_views.alias_history(drafts.people.viewer, view_id=drafts.view)
    assert [period.version for period in history] == [1, 2, 3, 2, 1]
    assert [period.number for period in history] == [5, 4, 3, 2, 1]


def test_going_back_to_a_deprecated_version_publishes_it_again(drafts: Drafts) -> None:
    portal, engineer = drafts.portal, drafts.people.engineer
    first, _second = drafts.published(ttl_seconds=1), drafts.published(ttl_seconds=2)
    portal.feature_versions.deprecate_version(engineer, version_id=first.id, reason=REASON)
    portal.feature_views.roll_back(engineer, view_id=drafts.view, reason=REASON)
    assert (drafts.live, drafts.now(first).state) == (first.id, VersionState.PUBLISHED)


def test_the_alias_points_at_published_versions_of_its_view_only(drafts: Drafts) -> None:
    portal, engineer = drafts.portal, drafts.people.engineer
    first, _second = drafts.published(ttl_seconds=1), drafts.published(ttl_seconds=2)
    staged = drafts.built(drafts.create(ttl_seconds=3, until="staged"), "pass")
    assert (
        portal.feature_views.point_alias(engineer, view_id=drafts.view, version_id=first.id, reason=REASON).live.id
        == first.id
    )  # type: ignore[union-attr]
    with pytest.raises(Conflict, match="is staged"):
        portal.feature_views.point_alias(engineer, view_id=drafts.view, version_id=staged.id, reason=REASON)
    view = drafts.view
    drafts.open_view()
    with pytest.raises(Invalid, match="is no version of"):
        portal.feature_views.point_alias(engineer, view_id=drafts.view, version_id=first.id, reason=REASON)
    assert portal.feature_views.get_view(engineer, view_id=view).live.id == first.id  # type: ignore[union-attr]


def test_a_version_is_deprecated_first_and_retired_then(drafts: Drafts) -> None:
    portal, engineer = drafts.portal, drafts.people.engineer
    version = drafts.published()
    with pytest.raises(Conflict, match="is published and cannot become retired"):
        portal.feature_versions.retire_version(engineer, version_id=version.id, reason=REASON)
    deprecated = portal.feature_versions.deprecate_version(engineer, version_id=version.id, reason=REASON)
    assert (deprecated.state, deprecated.reason) == (VersionState.DEPRECATED, REASON)
    undone = portal.feature_versions.publish_version(engineer, version_id=version.id)
    assert (undone.state, undone.reason) == (VersionState.PUBLISHED, "")
    portal.feature_versions.deprecate_version(engineer, version_id=version.id, reason=REASON)
    assert (
        portal.feature_versions.retire_version(engineer, version_id=version.id, reason=REASON).state
        is VersionState.RETIRED
    )
    assert drafts.live == ""
    with pytest.raises(Conflict, match="is retired"):
        portal.feature_versions.publish_version(engineer, version_id=version.id)


def test_a_live_version_is_not_retired_while_another_could_take_its_place(drafts: Drafts) -> None:
    portal, engineer = drafts.portal, drafts.people.engineer
    first, second = drafts.published(ttl_seconds=1), drafts.published(ttl_seconds=2)
    portal.feature_versions.deprecate_version(engineer, version_id=second.id, reason=REASON)
    with pytest.raises(Conflict, match="alias of its view points at it"):
        portal.feature_versions.retire_version(engineer, version_id=second.id, reason=REASON)
    portal.feature_views.point_alias(engineer, view_id=drafts.view, version_id=first.id, reason=REASON)
    assert (
        portal.feature_versions.retire_version(engineer, version_id=second.id, reason=REASON).state
        is VersionState.RETIRED
    )


def test_what_is_deprecated_or_failed_a_check_is_not_for_new_training_sets(drafts: Drafts) -> None:
    deprecated = drafts.published(ttl_seconds=1)
    drafts.portal.feature_versions.deprecate_version(drafts.people.engineer, version_id=deprecated.id, reason=REASON)
    broken = drafts.built(drafts.create(ttl_seconds=2), "fail")
    draft = drafts.create(until="draft")
    for version, words in ((deprecated, "is deprecated"), (broken, "failed: check 0"), (draft, "is draft")):
        use = ViewUse(version_id=version.id, keys={"carrier": "carrier"}, prefix="c_")
        query = entity(sources={"flights": drafts.snapshot})
        with pytest.raises(Conflict, match=words):
            drafts.portal.training_sets.create_training_set(
                drafts.people.engineer, project="PROJ-1", name="late", entity=query, uses=(use,), splits=SPLITS
            )
    assert drafts.portal.training_sets.list_training_sets(drafts.people.viewer).total == 0


def test_what_became_of_a_version_is_told_among_the_events(drafts: Drafts) -> None:
    versions = [drafts.published(ttl_seconds=1), drafts.built(drafts.create(ttl_seconds=2), "fail")]
    versions.append(drafts.failed(drafts.create(ttl_seconds=3)))
    for version, action in zip(versions, ("published", "staged", "failed"), strict=True):
        events = drafts.portal.audit.list_events(drafts.people.sre, subject=version.id).items
        assert f"features.version_{action}" in {event.action for event in events}


def serve(drafts: Drafts, version_id: str) -> str:
    """A training set, a run, a model version and an endpoint that came of the version; returns the endpoint's id."""
    with calling(drafts.portal, SYSTEM) as call:
        ids = {
            kind: call.create(kind, project="PROJ-1", title=f"arrivals, {kind}", state="ready", owner="P-3")
            for kind in (Kind.TRAINING_SET, Kind.RUN, Kind.MODEL, Kind.MODEL_VERSION, Kind.ENDPOINT)
        }
        call.link(version_id, ids[Kind.TRAINING_SET], "joined into")
        call.link(ids[Kind.TRAINING_SET], ids[Kind.RUN], "trained")
        call.link(ids[Kind.RUN], ids[Kind.MODEL_VERSION], "registered as")
        row = EndpointRow(
            id=ids[Kind.ENDPOINT],
            project="PROJ-1",
            name=f"arrivals-{ids[Kind.ENDPOINT]}",
            environment="production",
            description="",
            routes=[{"version_id": ids[Kind.MODEL_VERSION], "weight": 100}],
            generation=1,
            confirmed=1,
            cause="",
            measuring="",
            created_at=call.now,
            changed_at=call.now,
        )
        call.session.add(row)
    return ids[Kind.ENDPOINT]


def test_what_something_live_needs_is_not_retired_and_the_refusal_names_it(drafts: Drafts) -> None:
    portal, engineer = drafts.portal, drafts.people.engineer
    version = drafts.published()
    serve(drafts, version.id)
    portal.feature_versions.deprecate_version(engineer, version_id=version.id, reason=REASON)
    with pytest.raises(Conflict, match="Something live needs it") as refusal:
        portal.feature_versions.retire_version(engineer, version_id=version.id, reason=REASON)
    assert "arrivals, endpoint" in refusal.value.message
    assert "MV-" in refusal.value.message
    assert "arrivals, model_version" in refusal.value.message


def test_the_impact_tells_who_uses_which_version_and_what_is_live(drafts: Drafts) -> None:
    used, unused = drafts.published(ttl_seconds=1), drafts.published(ttl_seconds=2)
    endpoint = serve(drafts, used.id)
    impact = drafts.portal.feature_views.impact(drafts.people.viewer, view_id=drafts.view)
    assert impact.live == (used.id,)
    assert {consumer.version_id for consumer in impact.consumers} == {used.id}
    assert [(consumer.kind, consumer.relation, consumer.is_live) for consumer in impact.consumers] == [
        ("training_set", "joined into", True),
        ("run", "trained", True),
        ("model_version", "registered as", True),
        ("endpoint", "serves", True),
    ]
    assert {consumer.owner for consumer in impact.consumers} == {"P-3"}
    assert impact.consumers[-1].object_id == endpoint
    assert not impact.is_cut
    assert drafts.portal.feature_views.impact(drafts.people.viewer, view_id=drafts.open_view()).consumers == ()
    assert unused.id not in impact.live


def test_a_version_reads_no_snapshot_of_another_project_not_even_as_a_draft(drafts: Drafts, tmp_path: Any) -> None:
    foreign = keep_flights(drafts.portal, tmp_path, project="PROJ-2", name=f"foreign_{drafts.views}")
    for until in ("draft", "published"):
        with pytest.raises(NotFound):
            drafts.create(sources={"flights": foreign}, until=until)
    draft = drafts.create(until="draft")
    with pytest.raises(NotFound):
        drafts.portal.feature_drafts.edit_draft(
            drafts.people.engineer, version_id=draft.id, **drafts.definition(sources={"flights": foreign})
        )


def test_a_version_of_a_view_that_was_archived_while_it_was_built_is_not_published(drafts: Drafts) -> None:
    live = drafts.published()
    version = drafts.create(ttl_seconds=60)
    drafts.portal.keeping.archive(drafts.people.engineer, object_id=drafts.view)
    built = drafts.built(version, "pass")
    title = drafts.portal.feature_views.get_view(drafts.people.viewer, view_id=drafts.view).title
    assert (built.state, built.cause) == (VersionState.STAGED, f"Not published. {title} was archived.")
    assert drafts.live == live.id
    drafts.portal.keeping.bring_back(drafts.people.engineer, object_id=drafts.view)
    drafts.portal.feature_versions.publish_version(drafts.people.engineer, version_id=version.id)
    assert (drafts.live, drafts.now(version).cause) == (version.id, "")


def test_the_life_of_a_version_is_the_same_on_both_databases(portal_on: Portal, people: People, tmp_path: Path) -> None:
    drafts = drafts_of(portal_on, people, tmp_path)
    portal, engineer = portal_on, people.engineer
    draft = drafts.create(until="draft", ttl_seconds=1)
    first = drafts.built(portal.feature_drafts.build_version(engineer, version_id=draft.id, until="published"), "pass")
    second = drafts.published(ttl_seconds=2)
    assert serve(drafts, first.id)
    portal.feature_views.roll_back(engineer, view_id=drafts.view, reason=REASON)
    assert drafts.live == first.id
    portal.feature_versions.deprecate_version(engineer, version_id=second.id, reason=REASON)
    assert (
        portal.feature_versions.retire_version(engineer, version_id=second.id, reason=REASON).state
        is VersionState.RETIRED
    )
    portal.feature_versions.deprecate_version(engineer, version_id=first.id, reason=REASON)
    with pytest.raises(Conflict, match="Something live needs it"):
        portal.feature_versions.retire_version(engineer, version_id=first.id, reason=REASON)
    assert portal.feature_views.impact(people.viewer, view_id=drafts.view).live == (first.id,)
    history = portal.feature_views.alias_history(people.viewer, view_id=drafts.view)
    assert [period.version_id for period in history] == [first.id, second.id, first.id]
    third = drafts.create(until="draft", ttl_seconds=3)
    portal.feature_drafts.edit_draft(
        engineer, version_id=third.id, expected=third.revision, **drafts.definition(ttl_seconds=4)
    )
    with pytest.raises(Conflict, match="Mei Lin saved this draft at"):
        portal.feature_drafts.edit_draft(
            engineer, version_id=third.id, expected=third.revision, **drafts.definition(ttl_seconds=5)
        )
    portal.feature_versions.discard_version(engineer, version_id=third.id, reason=REASON)
    view = portal.feature_views.get_view(people.viewer, view_id=drafts.view)
    assert (view.versions, view.newest_number, portal.feature_catalog.catalog_scope(people.viewer).views) == (2, 3, 1)
