"""Links by short id, and names that stay text."""

import pytest

from app import navigation
from app.ui import links
from core.foundation.errors import NotFound
from core.foundation.ids import Kind

# Shown on the page of what they belong to.
WITHOUT_PAGE = (Kind.PROJECT, Kind.DEPLOYMENT)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in WITHOUT_PAGE])
def test_every_kind_of_object_has_a_page(kind: Kind) -> None:
    assert links.url_of(f"{kind.prefix}-1") in navigation.cards()


@pytest.mark.parametrize("text", ["", "RUN", "RUN-", "RUN-1x", "../RUN-1", "RUN-١", "XX-1"])
def test_what_is_no_id_is_not_found(text: str) -> None:
    assert not links.has_page(text)
    with pytest.raises(NotFound):
        links.url_of(text)


@pytest.mark.parametrize(
    "name", [":red-badge[x]", "[a](javascript:alert(1))", "<img src=x onerror=alert(1)>", "**bold**", "$x$", "`code`"]
)
def test_a_name_is_escaped_letter_by_letter(name: str) -> None:
    escaped = links.escape(name)
    assert links.SPECIAL.sub("", escaped.replace("\\", "")) == links.SPECIAL.sub("", name)
    assert all(
        escaped[at - 1] == "\\" for at, letter in enumerate(escaped) if links.SPECIAL.match(letter) and letter != "\\"
    )


def test_line_breaks_of_a_name_become_spaces() -> None:
    assert links.escape("a\n\n# b") == "a \\# b"


def test_a_longer_text_keeps_its_paragraphs() -> None:
    assert links.escape_lines("one\ntwo\n\n# three") == "one  \ntwo\n\n\\# three"
