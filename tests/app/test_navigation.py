"""The map of pages."""

from pathlib import Path

import pytest

from app import navigation
from core.identity.permissions import ROLES, Permission, Role


def test_every_page_on_the_map_has_a_file_and_every_file_is_on_the_map() -> None:
    files = {path for path in navigation.FOLDER.rglob("*.py") if path.name != "__init__.py"}
    assert {card.path for card in navigation.PAGES} == files


def test_urls_are_told_apart() -> None:
    assert len(navigation.cards()) == len(navigation.PAGES)


def test_hidden_pages_belong_to_a_visible_one() -> None:
    cards = navigation.cards()
    assert all(not cards[card.menu].is_hidden for card in navigation.PAGES if card.is_hidden)


@pytest.mark.parametrize(
    ("role", "listed", "left_out"),
    [
        (Role.VIEWER, {"runs", "compare"}, {"query", "audit", "storage", "start-training", "run"}),
        (Role.ENGINEER, {"query", "audit"}, {"storage", "start-training"}),
        (Role.SRE, {"audit", "storage"}, {"query"}),
        (Role.ADMIN, {"audit", "people"}, {"query", "storage"}),
    ],
)
def test_the_menu_lists_what_the_reader_may_open(role: Role, listed: set[str], left_out: set[str]) -> None:
    def may(permission: Permission) -> bool:
        return role in ROLES[permission]

    shown = {card.url for card in navigation.PAGES if navigation.is_listed(card, may=may)}
    assert listed <= shown
    assert not left_out & shown


@pytest.mark.parametrize("path", sorted(navigation.FOLDER.rglob("*.py")), ids=lambda path: path.stem)
def test_pages_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("target", ["/", "/?id=1", "/run?id=RUN-118", "/compare?ids=MV-1,MV-2&baseline=MV-1"])
def test_sign_in_leads_back_to_our_own_pages(target: str) -> None:
    assert navigation.is_ours(target)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "//evil.example",
        "https:evil.example",
        "https://evil.example/run",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/run\r\nSet-Cookie: a=b",
        "/run/../../etc",
        "/api/v1/identity/whoami",
        "/sign-in",
        "run",
        "/run#x?y",
        "/%2e%2e/evil",
        "/run?" + "a" * 3000,
    ],
)
def test_sign_in_leads_nowhere_else(target: str) -> None:
    assert not navigation.is_ours(target)
