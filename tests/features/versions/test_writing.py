"""Writing versions: drafts, what makes another version, what is refused before anything runs, and who may."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.features.values import FeatureRule, VersionState, VersionTests
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.foundation.objects import ObjectRow
from core.lake.tables import SnapshotRow
from tests.features.drafting import SYSTEM, Drafts, keep_flights
from tests.registry.onnx_files import calling

REASON = "Because it must be said."


def test_a_draft_may_be_edited_until_it_is_built(drafts: Drafts) -> None:
    draft = drafts.create(sql="", until="draft")
    assert (draft.state, draft.job_id) == (VersionState.DRAFT, "")
    with pytest.raises(Invalid, match="neither SQL nor Python"):
        drafts.portal.feature_drafts.build_version(drafts.people.engineer, version_id=draft.id)
    rules = VersionTests(rules=(FeatureRule(feature="mean_delay", maximum=90),))
    definition = drafts.definition(tests=rules, numbers=("mean_delay",), tags=("delay",), description="The mean.")
    edited = drafts.portal.feature_drafts.edit_draft(drafts.people.engineer, version_id=draft.id, **definition)
    assert (edited.tests, edited.numbers, edited.tags, edited.version) == (rules, ("mean_delay",), ("delay",), 1)
    built = drafts.built(
        drafts.portal.feature_drafts.build_version(drafts.people.engineer, version_id=draft.id), "pass"
    )
    assert built.state is VersionState.STAGED
    with pytest.raises(Conflict, match="is staged and cannot become draft"):
        drafts.portal.feature_drafts.edit_draft(drafts.people.engineer, version_id=draft.id, **definition)


def test_a_version_that_failed_is_built_again_or_becomes_a_draft(drafts: Drafts) -> None:
    version = drafts.failed(drafts.create())
    assert (version.state, version.cause) == (VersionState.FAILED, "It broke.")
    again = drafts.portal.feature_drafts.build_version(drafts.people.engineer, version_id=version.id, until="published")
    assert (again.state, again.cause) == (VersionState.BUILDING, "")
    drafts.failed(again)
    edited = drafts.portal.feature_drafts.edit_draft(
        drafts.people.engineer, version_id=version.id, **drafts.definition()
    )
    assert edited.state is VersionState.DRAFT


def test_the_same_version_again_is_refused_and_named(drafts: Drafts) -> None:
    first = drafts.published()
    with pytest.raises(Conflict, match="v1 is exactly this") as refusal:
        drafts.create(description="Other words.", tags=("other",))
    assert first.id in refusal.value.hint
    assert drafts.portal.feature_versions.list_versions(drafts.people.viewer, view_id=drafts.view).total == 1
    draft = drafts.create(until="draft")
    with pytest.raises(Conflict, match="is exactly this"):
        drafts.portal.feature_drafts.build_version(drafts.people.engineer, version_id=draft.id)


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
def test_a_change_of_meaning_is_another_version_with_another_digest(drafts: Drafts, case: str) -> None:
    first, second = drafts.published(), drafts.published(**MEANING[case])
    assert first.digest != second.digest
    assert second.version == 2


def test_a_rule_that_only_judges_makes_a_version_and_no_other_digest(drafts: Drafts) -> None:
    first = drafts.published()
    second = drafts.published(tests=VersionTests(rules=(FeatureRule(feature="mean_delay", minimum=0),)))
    assert first.digest == second.digest


def test_a_source_in_quarantine_is_refused_and_what_was_made_of_it_stays(drafts: Drafts, tmp_path: Path) -> None:
    snapshot = keep_flights(drafts.portal, tmp_path, name=f"doubtful_{drafts.views}")
    published = drafts.published(sources={"flights": snapshot})
    draft = drafts.create(sources={"flights": snapshot}, ttl_seconds=1, until="draft")
    with calling(drafts.portal, SYSTEM) as call:
        call.session.get_one(SnapshotRow, snapshot).quarantine = "Its delays are in hours."
    engineer, portal = drafts.people.engineer, drafts.portal
    for refused in (
        lambda: drafts.create(sources={"flights": snapshot}, ttl_seconds=2),
        lambda: portal.feature_drafts.build_version(engineer, version_id=draft.id),
        lambda: portal.feature_drafts.preview_logic(
            engineer, view_id=drafts.view, **drafts.definition(sources={"flights": snapshot})
        ),
    ):
        with pytest.raises(Conflict, match="quarantine"):
            refused()
    assert drafts.now(published).state is VersionState.PUBLISHED


WRITES: dict[str, Callable[[Drafts, str], Any]] = {
    "publish_version": lambda drafts, id_: {"version_id": id_},
    "deprecate_version": lambda drafts, id_: {"version_id": id_, "reason": REASON},
    "retire_version": lambda drafts, id_: {"version_id": id_, "reason": REASON},
    "discard_version": lambda drafts, id_: {"version_id": id_, "reason": REASON},
    "build_version": lambda drafts, id_: {"version_id": id_},
    "edit_draft": lambda drafts, id_: {"version_id": id_, **drafts.definition()},
    "describe_version": lambda drafts, id_: {"version_id": id_, "description": "x"},
    "describe_view": lambda drafts, id_: {"view_id": drafts.view, "description": "x"},
    "point_alias": lambda drafts, id_: {"view_id": drafts.view, "version_id": id_, "reason": REASON},
    "roll_back": lambda drafts, id_: {"view_id": drafts.view, "reason": REASON},
}


@pytest.mark.parametrize("action", WRITES)
def test_only_engineers_of_the_project_change_versions(drafts: Drafts, action: str) -> None:
    version = drafts.published()
    given = WRITES[action](drafts, version.id)
    write = getattr(drafts.portal.catalog()[f"features.{action}"][0], action)
    for person in (drafts.people.viewer, drafts.people.approver, drafts.people.sre, drafts.people.admin):
        with pytest.raises(NotAllowed):
            write(person, **given)
    with pytest.raises(NotFound):
        write(drafts.people.outsider, **given)
    with calling(drafts.portal, SYSTEM) as call:
        assert call.session.get_one(ObjectRow, version.id).state == "published"


PYTHON_MISTAKES = {
    "def features(flights)\n    pass": ("expected ':'", "Line 1: def features(flights)"),
    "x = 1": ("no function called features", "def features(flights):"),
    "def features(weather):\n    return weather": ("features takes weather", "like the sources"),
    "def features(*tables):\n    return 1": ("features takes nothing", ""),
    "def features(flights):\n    return " + "(" * 300 + ")" * 300: ("", ""),
}


@pytest.mark.parametrize("source", PYTHON_MISTAKES, ids=range(len(PYTHON_MISTAKES)))
def test_python_that_cannot_be_read_is_refused_at_once_with_its_line(drafts: Drafts, source: str) -> None:
    words, hint = PYTHON_MISTAKES[source]
    with pytest.raises(Invalid, match="Python: ") as refusal:
        drafts.create(sql="", python=source)
    assert words in refusal.value.message
    assert hint in refusal.value.hint
    assert refusal.value.field == "python"
    assert drafts.portal.feature_versions.list_versions(drafts.people.viewer, view_id=drafts.view).total == 0


MISSING = {
    "sources": ({"sources": {}}, "There are no tables to read"),
    "event_time": ({"event_time": ""}, "The event time is missing"),
    "sql": ({"sql": " "}, "There is neither SQL nor Python"),
    "python": ({"python": "def features(flights"}, "was never closed"),
}


@pytest.mark.parametrize("field", MISSING)
def test_any_draft_can_be_saved_and_what_is_missing_is_said_when_it_is_built(drafts: Drafts, field: str) -> None:
    changes, words = MISSING[field]
    with pytest.raises(Invalid, match=words) as refusal:
        drafts.create(**changes)
    assert refusal.value.field == field
    draft = drafts.create(**changes, until="draft")
    assert draft.state is VersionState.DRAFT
    with pytest.raises(Invalid, match=words):
        drafts.portal.feature_drafts.build_version(drafts.people.engineer, version_id=draft.id)
    given = drafts.definition() | changes | {"description": "Still not whole"}
    edited = drafts.portal.feature_drafts.edit_draft(drafts.people.engineer, version_id=draft.id, **given)
    assert edited.description == "Still not whole"
