"""Two people, or two tabs, over one draft: the second save is refused unless it knows of the first."""

import pytest

from core.features.values import FeatureVersion
from core.foundation.errors import Conflict
from tests.features.drafting import Desk


def edit(desk: Desk, draft: FeatureVersion, expected: str = "", *, by: str = "engineer", **changes: object) -> str:
    """Saves the draft as somebody; returns its revision from then on."""
    definition = desk.definition(**changes)
    return desk.portal.feature_drafts.edit_draft(
        getattr(desk.people, by), version_id=draft.id, expected=expected, **definition
    ).revision


def test_the_second_save_is_refused_and_says_who_saved_when(desk: Desk) -> None:
    draft = desk.create(until="draft")
    edit(desk, draft, draft.revision, by="other_engineer", description="Arjun's")
    (event,) = [
        event
        for event in desk.portal.audit.list_events(desk.people.sre, subject=draft.id).items
        if event.action == "features.edit_draft"
    ]
    with pytest.raises(Conflict) as refusal:
        edit(desk, draft, draft.revision, description="Mei's")
    assert refusal.value.message.startswith(f"Arjun Rao saved this draft at {event.time:%Y-%m-%d %H:%M:%S} UTC")
    assert "Nothing was saved" in refusal.value.hint
    assert desk.now(draft).description == "Arjun's"


@pytest.mark.parametrize(
    "change",
    [{"sql": "SELECT 1"}, {"ttl_seconds": 5}, {"tags": ("late",)}, {"numbers": ("mean_delay",)}, {"description": "x"}],
    ids=lambda change: next(iter(change)),
)
def test_every_field_of_a_draft_is_part_of_its_revision(desk: Desk, change: dict[str, object]) -> None:
    draft = desk.create(until="draft")
    assert edit(desk, draft, draft.revision, **change) != draft.revision
    with pytest.raises(Conflict, match="saved this draft"):
        edit(desk, draft, draft.revision)


def test_what_changes_nothing_is_in_nobodys_way(desk: Desk) -> None:
    draft = desk.create(until="draft")
    assert edit(desk, draft, draft.revision, by="other_engineer") == draft.revision
    assert edit(desk, draft, draft.revision, description="Mei's") != draft.revision


def test_it_is_saved_over_on_purpose_by_its_newest_revision_or_by_none(desk: Desk) -> None:
    draft = desk.create(until="draft")
    newest = edit(desk, draft, by="other_engineer", description="Arjun's")
    edit(desk, draft, newest, description="Mei's")
    assert desk.now(draft).description == "Mei's"
    edit(desk, draft, by="other_engineer", description="A script's")
    assert desk.now(draft).description == "A script's"


def test_new_words_and_tags_are_told_of_too(desk: Desk) -> None:
    draft = desk.create(until="draft")
    desk.portal.feature_versions.describe_version(desk.people.other_engineer, version_id=draft.id, description="Anew.")
    with pytest.raises(Conflict, match="Arjun Rao saved this draft"):
        edit(desk, draft, draft.revision)


def test_a_build_that_failed_meanwhile_is_in_nobodys_way(desk: Desk) -> None:
    draft = desk.create(until="draft")
    desk.failed(desk.portal.feature_drafts.build_version(desk.people.other_engineer, version_id=draft.id))
    edit(desk, draft, draft.revision, description="Mended")
    assert desk.now(draft).state == "draft"
