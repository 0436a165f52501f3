"""Two people, or two tabs, over one draft: the second save is refused unless it knows of the first."""

import pytest

from core.features.values import FeatureVersion
from core.foundation.errors import Conflict
from tests.features.drafting import Drafts


def edit(drafts: Drafts, draft: FeatureVersion, expected: str = "", *, by: str = "engineer", **changes: object) -> str:
    """Saves the draft as somebody; returns its revision from then on."""
    definition = drafts.definition(**changes)
    return drafts.portal.feature_drafts.edit_draft(
        getattr(drafts.people, by), version_id=draft.id, expected=expected, **definition
    ).revision


def test_the_second_save_is_refused_and_says_who_saved_when(drafts: Drafts) -> None:
    draft = drafts.create(until="draft")
    edit(drafts, draft, draft.revision, by="other_engineer", description="Arjun's")
    (event,) = [
        event
        for event in drafts.portal.audit.list_events(drafts.people.sre, subject=draft.id).items
        if event.action == "features.edit_draft"
    ]
    with pytest.raises(Conflict) as refusal:
        edit(drafts, draft, draft.revision, description="Mei's")
    assert refusal.value.message.startswith(f"Arjun Rao saved this draft at {event.time:%Y-%m-%d %H:%M:%S} UTC")
    assert "Nothing was saved" in refusal.value.hint
    assert drafts.now(draft).description == "Arjun's"


@pytest.mark.parametrize(
    "change",
    [{"sql": "SELECT 1"}, {"ttl_seconds": 5}, {"tags": ("late",)}, {"numbers": ("mean_delay",)}, {"description": "x"}],
    ids=lambda change: next(iter(change)),
)
def test_every_field_of_a_draft_is_part_of_its_revision(drafts: Drafts, change: dict[str, object]) -> None:
    draft = drafts.create(until="draft")
    assert edit(drafts, draft, draft.revision, **change) != draft.revision
    with pytest.raises(Conflict, match="saved this draft"):
        edit(drafts, draft, draft.revision)


def test_what_changes_nothing_is_in_nobodys_way(drafts: Drafts) -> None:
    draft = drafts.create(until="draft")
    assert edit(drafts, draft, draft.revision, by="other_engineer") == draft.revision
    assert edit(drafts, draft, draft.revision, description="Mei's") != draft.revision


def test_it_is_saved_over_on_purpose_by_its_newest_revision_or_by_none(drafts: Drafts) -> None:
    draft = drafts.create(until="draft")
    newest = edit(drafts, draft, by="other_engineer", description="Arjun's")
    edit(drafts, draft, newest, description="Mei's")
    assert drafts.now(draft).description == "Mei's"
    edit(drafts, draft, by="other_engineer", description="A script's")
    assert drafts.now(draft).description == "A script's"


def test_new_words_and_tags_are_told_of_too(drafts: Drafts) -> None:
    draft = drafts.create(until="draft")
    drafts.portal.feature_versions.describe_version(
        drafts.people.other_engineer, version_id=draft.id, description="Anew."
    )
    with pytest.raises(Conflict, match="Arjun Rao saved this draft"):
        edit(drafts, draft, draft.revision)


def test_a_build_that_failed_meanwhile_is_in_nobodys_way(drafts: Drafts) -> None:
    draft = drafts.create(until="draft")
    drafts.failed(drafts.portal.feature_drafts.build_version(drafts.people.other_engineer, version_id=draft.id))
    edit(drafts, draft, draft.revision, description="Mended")
    assert drafts.now(draft).state == "draft"
