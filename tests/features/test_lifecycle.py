"""What a feature version may become, what its view's alias points at, and what is refused and in which words."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.features import FeatureRule, VersionState, VersionTests
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow
from core.serving.tables import EndpointRow
from tests.features.desk import SYSTEM, Desk, keep_flights, open_desk
from tests.registry.onnx_files import calling

REASON = "Because it must be said."


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = open_desk(tmp_path_factory.mktemp("home"))
    yield desk
    desk.portal.foundation.database.close()


@pytest.fixture
def desk(shared: Desk) -> Desk:
    """The shared desk with a view of the test's own."""
    shared.open_view()
    return shared


def test_a_version_whose_checks_pass_is_published_and_live(desk: Desk) -> None:
    version = desk.published()
    assert (version.state, version.cause, version.reason) == (VersionState.PUBLISHED, "", "")
    assert version.published_at is not None
    assert version.build_seconds == 1.5
    assert desk.live == version.id


@pytest.mark.parametrize("verdict", ["fail", "inconclusive", "no data"])
def test_a_check_that_does_not_pass_leaves_it_staged_and_says_so(desk: Desk, verdict: str) -> None:
    version = desk.built(desk.create(), "pass", verdict)
    assert version.state is VersionState.STAGED
    assert version.cause == f"Not published. check 1 ({verdict})."
    assert desk.live == ""


def test_a_failed_check_is_not_published_whatever_is_said(desk: Desk) -> None:
    version = desk.built(desk.create(), "fail")
    for accept in ("", REASON):
        with pytest.raises(Conflict, match="check 0"):
            desk.portal.features.publish_version(desk.people.engineer, version_id=version.id, accept=accept)


def test_a_check_that_could_not_tell_is_published_with_a_reason_that_is_kept(desk: Desk) -> None:
    version = desk.built(desk.create(), "no data")
    with pytest.raises(Conflict, match="could not tell"):
        desk.portal.features.publish_version(desk.people.engineer, version_id=version.id)
    made = desk.portal.features.publish_version(desk.people.engineer, version_id=version.id, accept=REASON)
    assert made.state is VersionState.PUBLISHED
    assert REASON in made.notes[-1]
    (stretch,) = desk.portal.features.alias_history(desk.people.viewer, view_id=desk.view)
    assert (stretch.version_id, stretch.reason, stretch.changed_by) == (
        version.id,
        REASON,
        desk.people.engineer.person_id,
    )


def test_a_draft_may_be_edited_until_it_is_built(desk: Desk) -> None:
    draft = desk.create(sql="", until="draft")
    assert (draft.state, draft.job_id) == (VersionState.DRAFT, "")
    with pytest.raises(Invalid, match="neither SQL nor Python"):
        desk.portal.features.build_version(desk.people.engineer, version_id=draft.id)
    rules = VersionTests(rules=(FeatureRule(feature="mean_delay", maximum=90),))
    asked = desk.asked(tests=rules, numbers=("mean_delay",), tags=("delay",), description="The mean.")
    edited = desk.portal.features.edit_draft(desk.people.engineer, version_id=draft.id, **asked)
    assert (edited.tests, edited.numbers, edited.tags, edited.version) == (rules, ("mean_delay",), ("delay",), 1)
    built = desk.built(desk.portal.features.build_version(desk.people.engineer, version_id=draft.id), "pass")
    assert built.state is VersionState.STAGED
    with pytest.raises(Conflict, match="is staged and cannot become draft"):
        desk.portal.features.edit_draft(desk.people.engineer, version_id=draft.id, **asked)


def test_a_version_that_failed_is_built_again_or_becomes_a_draft(desk: Desk) -> None:
    version = desk.failed(desk.create())
    assert (version.state, version.cause) == (VersionState.FAILED, "It broke.")
    again = desk.portal.features.build_version(desk.people.engineer, version_id=version.id, until="published")
    assert (again.state, again.cause) == (VersionState.BUILDING, "")
    desk.failed(again)
    edited = desk.portal.features.edit_draft(desk.people.engineer, version_id=version.id, **desk.asked())
    assert edited.state is VersionState.DRAFT


def test_the_same_version_again_is_refused_and_named(desk: Desk) -> None:
    first = desk.published()
    with pytest.raises(Conflict, match="v1 is exactly this") as refusal:
        desk.create(description="Other words.", tags=("other",))
    assert first.id in refusal.value.hint
    assert desk.portal.features.list_versions(desk.people.viewer, view_id=desk.view).total == 1
    draft = desk.create(until="draft")
    with pytest.raises(Conflict, match="is exactly this"):
        desk.portal.features.build_version(desk.people.engineer, version_id=draft.id)


MEANING: dict[str, dict[str, Any]] = {
    "the SQL": {"sql": "SELECT carrier, left_at, avg(delay) AS mean_delay FROM flights GROUP BY ALL"},
    "a pandas form": {"python": "def features(flights):\n    return flights\n"},
    "the created time": {"created_time": "left_at"},
    "the ttl": {"ttl_seconds": 60},
    "the delay": {"delay_seconds": 60},
    "the look-back": {"lookback_seconds": 60},
    "nulls that are filled": {
        "tests": VersionTests(rules=(FeatureRule(feature="mean_delay", nulls="fill", fill=0.0),))
    },
}


@pytest.mark.parametrize("case", MEANING)
def test_a_change_of_meaning_is_another_version_with_another_digest(desk: Desk, case: str) -> None:
    first, second = desk.published(), desk.published(**MEANING[case])
    assert first.digest != second.digest
    assert second.version == 2


def test_a_rule_that_only_judges_makes_a_version_and_no_other_digest(desk: Desk) -> None:
    first = desk.published()
    second = desk.published(tests=VersionTests(rules=(FeatureRule(feature="mean_delay", minimum=0),)))
    assert first.digest == second.digest


def test_words_owner_and_tags_change_nothing_that_is_hashed(desk: Desk) -> None:
    version = desk.published()
    changed = desk.portal.features.describe_version(
        desk.people.other_engineer, version_id=version.id, description="The mean.", tags=("delay",)
    )
    assert (changed.description, changed.tags) == ("The mean.", ("delay",))
    assert (changed.digest, changed.version, changed.state) == (version.digest, 1, version.state)
    owner = desk.people.other_engineer.person_id
    view = desk.portal.features.describe_view(desk.people.engineer, view_id=desk.view, owner=owner, tags=("air",))
    assert (view.owner, view.tags, view.description) == (owner, ("air",), "")
    assert view.latest is not None
    assert view.latest.digest == version.digest
    (thing,) = [
        each for each in desk.portal.identity.search(desk.people.viewer, query=desk.view) if each.id == desk.view
    ]
    assert thing.owner == owner
    with pytest.raises(NotFound, match="no person"):
        desk.portal.features.describe_view(desk.people.engineer, view_id=desk.view, owner="P-999")


def test_going_back_is_one_call_and_goes_further_back_the_next_time(desk: Desk) -> None:
    features, engineer = desk.portal.features, desk.people.engineer
    versions = [desk.published(ttl_seconds=number) for number in range(1, 4)]
    for expected in (versions[1], versions[0]):
        view = features.roll_back(engineer, view_id=desk.view, reason=REASON)
        assert view.live is not None
        assert view.live.id == expected.id
    with pytest.raises(Conflict, match="no version to go back to"):
        features.roll_back(engineer, view_id=desk.view, reason=REASON)
    history = features.alias_history(desk.people.viewer, view_id=desk.view)
    assert [stretch.version for stretch in history] == [1, 2, 3, 2, 1]
    assert [stretch.number for stretch in history] == [5, 4, 3, 2, 1]


def test_going_back_to_a_deprecated_version_publishes_it_again(desk: Desk) -> None:
    features, engineer = desk.portal.features, desk.people.engineer
    first, _second = desk.published(ttl_seconds=1), desk.published(ttl_seconds=2)
    features.deprecate_version(engineer, version_id=first.id, reason=REASON)
    features.roll_back(engineer, view_id=desk.view, reason=REASON)
    assert (desk.live, desk.now(first).state) == (first.id, VersionState.PUBLISHED)


def test_the_alias_points_at_published_versions_of_its_view_only(desk: Desk) -> None:
    features, engineer = desk.portal.features, desk.people.engineer
    first, _second = desk.published(ttl_seconds=1), desk.published(ttl_seconds=2)
    staged = desk.built(desk.create(ttl_seconds=3, until="staged"), "pass")
    assert features.point_alias(engineer, view_id=desk.view, version_id=first.id, reason=REASON).live.id == first.id  # type: ignore[union-attr]
    with pytest.raises(Conflict, match="is staged"):
        features.point_alias(engineer, view_id=desk.view, version_id=staged.id, reason=REASON)
    view = desk.view
    desk.open_view()
    with pytest.raises(Invalid, match="is no version of"):
        features.point_alias(engineer, view_id=desk.view, version_id=first.id, reason=REASON)
    assert features.get_view(engineer, view_id=view).live.id == first.id  # type: ignore[union-attr]


def test_a_version_is_deprecated_first_and_retired_then(desk: Desk) -> None:
    features, engineer = desk.portal.features, desk.people.engineer
    version = desk.published()
    with pytest.raises(Conflict, match="is published and cannot become retired"):
        features.retire_version(engineer, version_id=version.id, reason=REASON)
    deprecated = features.deprecate_version(engineer, version_id=version.id, reason=REASON)
    assert (deprecated.state, deprecated.reason) == (VersionState.DEPRECATED, REASON)
    undone = features.publish_version(engineer, version_id=version.id)
    assert (undone.state, undone.reason) == (VersionState.PUBLISHED, "")
    features.deprecate_version(engineer, version_id=version.id, reason=REASON)
    assert features.retire_version(engineer, version_id=version.id, reason=REASON).state is VersionState.RETIRED
    assert desk.live == ""
    with pytest.raises(Conflict, match="is retired"):
        features.publish_version(engineer, version_id=version.id)


def test_a_live_version_is_not_retired_while_another_could_take_its_place(desk: Desk) -> None:
    features, engineer = desk.portal.features, desk.people.engineer
    first, second = desk.published(ttl_seconds=1), desk.published(ttl_seconds=2)
    features.deprecate_version(engineer, version_id=second.id, reason=REASON)
    with pytest.raises(Conflict, match="alias of its view points at it"):
        features.retire_version(engineer, version_id=second.id, reason=REASON)
    features.point_alias(engineer, view_id=desk.view, version_id=first.id, reason=REASON)
    assert features.retire_version(engineer, version_id=second.id, reason=REASON).state is VersionState.RETIRED


def serve(desk: Desk, version_id: str) -> str:
    """A training set, a run, a model version and an endpoint that came of the version; returns the endpoint's id."""
    with calling(desk.portal, SYSTEM) as call:
        made = {
            kind: call.create(kind, project="PROJ-1", title=f"a {kind}", state="ready", owner="P-3")
            for kind in (Kind.TRAINING_SET, Kind.RUN, Kind.MODEL, Kind.MODEL_VERSION, Kind.ENDPOINT)
        }
        call.link(version_id, made[Kind.TRAINING_SET], "joined into")
        call.link(made[Kind.TRAINING_SET], made[Kind.RUN], "trained")
        call.link(made[Kind.RUN], made[Kind.MODEL_VERSION], "registered as")
        row = EndpointRow(
            id=made[Kind.ENDPOINT],
            project="PROJ-1",
            name=f"arrivals-{made[Kind.ENDPOINT]}",
            environment="production",
            description="",
            routes=[{"version_id": made[Kind.MODEL_VERSION], "weight": 100}],
            generation=1,
            confirmed=1,
            cause="",
            measuring="",
            created_at=call.now,
            changed_at=call.now,
        )
        call.session.add(row)
    return made[Kind.ENDPOINT]


def test_what_something_live_needs_is_not_retired_and_the_refusal_names_it(desk: Desk) -> None:
    features, engineer = desk.portal.features, desk.people.engineer
    version = desk.published()
    endpoint = serve(desk, version.id)
    features.deprecate_version(engineer, version_id=version.id, reason=REASON)
    with pytest.raises(Conflict, match="Something live needs it") as refusal:
        features.retire_version(engineer, version_id=version.id, reason=REASON)
    assert f"arrivals-{endpoint}" in refusal.value.message
    assert "MV-" in refusal.value.message
    assert "a model_version" in refusal.value.message


def test_the_impact_tells_who_uses_which_version_and_what_is_live(desk: Desk) -> None:
    used, unused = desk.published(ttl_seconds=1), desk.published(ttl_seconds=2)
    endpoint = serve(desk, used.id)
    found = desk.portal.features.impact(desk.people.viewer, view_id=desk.view)
    assert found.live == (used.id,)
    assert {consumer.version_id for consumer in found.consumers} == {used.id}
    assert [(consumer.kind, consumer.relation, consumer.is_live) for consumer in found.consumers] == [
        ("training_set", "joined into", True),
        ("run", "trained", True),
        ("model_version", "registered as", True),
        ("endpoint", "serves", True),
    ]
    assert {consumer.owner for consumer in found.consumers} == {"P-3"}
    assert found.consumers[-1].object_id == endpoint
    assert not found.is_cut
    assert desk.portal.features.impact(desk.people.viewer, view_id=desk.open_view()).consumers == ()
    assert unused.id not in found.live


def test_a_version_reads_no_snapshot_of_another_project_not_even_as_a_draft(desk: Desk, tmp_path: Any) -> None:
    foreign = keep_flights(desk.portal, tmp_path, project="PROJ-2", name=f"foreign_{desk.views}")
    for until in ("draft", "published"):
        with pytest.raises(NotFound):
            desk.create(sources={"flights": foreign}, until=until)
    draft = desk.create(until="draft")
    with pytest.raises(NotFound):
        desk.portal.features.edit_draft(
            desk.people.engineer, version_id=draft.id, **desk.asked(sources={"flights": foreign})
        )


WRITES: dict[str, Callable[[Desk, str], Any]] = {
    "publish_version": lambda desk, id_: {"version_id": id_},
    "deprecate_version": lambda desk, id_: {"version_id": id_, "reason": REASON},
    "retire_version": lambda desk, id_: {"version_id": id_, "reason": REASON},
    "build_version": lambda desk, id_: {"version_id": id_},
    "edit_draft": lambda desk, id_: {"version_id": id_, **desk.asked()},
    "describe_version": lambda desk, id_: {"version_id": id_, "description": "x"},
    "describe_view": lambda desk, id_: {"view_id": desk.view, "description": "x"},
    "point_alias": lambda desk, id_: {"view_id": desk.view, "version_id": id_, "reason": REASON},
    "roll_back": lambda desk, id_: {"view_id": desk.view, "reason": REASON},
}


@pytest.mark.parametrize("action", WRITES)
def test_only_engineers_of_the_project_change_versions(desk: Desk, action: str) -> None:
    version = desk.published()
    given = WRITES[action](desk, version.id)
    for person in (desk.people.viewer, desk.people.approver, desk.people.sre, desk.people.admin):
        with pytest.raises(NotAllowed):
            getattr(desk.portal.features, action)(person, **given)
    with pytest.raises(NotFound):
        getattr(desk.portal.features, action)(desk.people.outsider, **given)
    with calling(desk.portal, SYSTEM) as call:
        assert call.session.get_one(ObjectRow, version.id).state == "published"


PYTHON_MISTAKES = {
    "def features(flights)\n    pass": ("expected ':'", "Line 1: def features(flights)"),
    "x = 1": ("no function called features", "def features(flights):"),
    "def features(weather):\n    return weather": ("features takes weather", "like the sources"),
    "def features(*tables):\n    return 1": ("features takes nothing", ""),
    "def features(flights):\n    return " + "(" * 300 + ")" * 300: ("", ""),
}


@pytest.mark.parametrize("source", PYTHON_MISTAKES, ids=range(len(PYTHON_MISTAKES)))
def test_python_that_cannot_be_read_is_refused_at_once_with_its_line(desk: Desk, source: str) -> None:
    words, hint = PYTHON_MISTAKES[source]
    with pytest.raises(Invalid, match="Python: ") as refusal:
        desk.create(sql="", python=source)
    assert words in refusal.value.message
    assert hint in refusal.value.hint
    assert refusal.value.field == "python"
    assert desk.portal.features.list_versions(desk.people.viewer, view_id=desk.view).total == 0
