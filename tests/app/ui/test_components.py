"""What the palette is drawn from."""

from datetime import UTC, datetime

import pytest

from app import navigation
from app.ui import links
from app.ui.components.palette import _page_entry, _thing_entry
from app.ui.components.starts import starts
from core.foundation.ids import Kind
from core.foundation.objects import Thing

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def thing(object_id: str, kind: Kind, title: str = "x", state: str = "ready") -> Thing:
    return Thing(id=object_id, kind=kind, project="PROJ-1", title=title, state=state, owner="P-1", updated_at=NOW)


@pytest.mark.parametrize("kind", [kind for kind in Kind if links.has_page(f"{kind.prefix}-1")])
def test_the_palette_names_every_kind_by_its_page(kind: Kind) -> None:
    entry = _thing_entry(thing(f"{kind.prefix}-1", kind, state="in review"), None)
    assert entry["key"] == f"{kind.prefix}-1"
    assert entry["type"] in {card.title for card in navigation.PAGES if not card.is_hidden}
    assert entry["detail"] == f"{kind.prefix}-1 · needs review"


def test_pages_open_by_their_address() -> None:
    assert all(_page_entry(card)["key"][1:] in navigation.cards() for card in navigation.PAGES)


def test_every_action_of_the_palette_leads_to_a_page_of_ours_and_is_named_once() -> None:
    assert all(start.url in navigation.cards() for start in starts())
    assert len({start.title for start in starts()}) == len(starts())
