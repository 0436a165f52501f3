"""Names are the field's terms: private words that were replaced do not come back. A folder that is finished joins the
table; a word that is stored or sent (a key, a column, a setting) may stay."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_style import PRODUCT, ROOT, TESTS, named, text_of
from tests.house.test_translation import calls_of

# A variable says what it holds, not that somebody found, made or kept it.
VAGUE = frozenset({"found", "one", "each", "told", "left", "said", "asked", "kept", "made", "took", "taken"})
# Words of our own for terms that the field has, wherever they are part of a name.
EVERYWHERE = frozenset({"attendant", "ledger", "sighting", "caged"})
FINISHED = (
    "audit",
    "compute",
    "foundation",
    "identity",
    "loadtests",
    "requirements",
    "sandbox",
    "sweeps",
    "training",
)
BANNED = {
    "compute": frozenset({"held", "room", "settle", "tell", "telling"}),
    "sandbox": frozenset({"cage", "tell"}),
    "sweeps": frozenset({"settled", "tell"}),
    "training": frozenset({"tell"}),
}
PHRASES = (
    "Counts for: ever",
    "keeps online",
    "took along",
    "born to",
    "in a cage",
    "standing order",
    "Arrives after",
    "Put everything again",
    "brought online",
    "Rows brought",
    "What it brought",
    "Newer data wait",
    "may be left to people",
    "Where it was measured",
    "as it is kept",
    "Digest of all of it",
    "Nothing speaks against",
    "hindsight",
    "tells the future",
    "knows the future",
    "Put into the SQL",
    "names SQL calls",
    "Sweep the store",
    "A sweep would",
    "Nobody has needed it",
    "Nothing followed yet",
    "What nobody uses",
    "None has begun",
    "hopeless",
    "won partly by luck",
    "flatters",
    "free place",
    "wrote nothing",
    "is called that",
    "chain is whole",
    "Take it up",
    "Nothing tried yet",
    "Drop mine",
    "Nowhere yet",
    "What the views answered",
    "approval has run out",
)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def names_in(source: str) -> Iterator[tuple[int, str]]:
    """Every name that the source gives, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def is_private(name: str, *, domain: str) -> bool:
    """Names of tests are sentences, so they are free."""
    if name.startswith("test_"):
        return False
    words = {word.lower() for word in WORD.findall(name)}
    words |= {word.removesuffix("s") for word in words}
    if domain not in FINISHED:
        return bool(words & EVERYWHERE)
    return name.strip("_").lower() in VAGUE or bool(words & (EVERYWHERE | BANNED.get(domain, frozenset())))


def private_names(source: str, *, domain: str) -> list[str]:
    return [f"line {line}: {name}" for line, name in names_in(source) if is_private(name, domain=domain)]


def private_phrases(source: str) -> list[str]:
    """Banned phrases in texts that people read."""
    tree = ast.parse(source)
    calls = [call for name in ("_", "N_", "ngettext") for call in calls_of(tree, name)]
    texts = [arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)]
    return [phrase for phrase in PHRASES for text in texts if phrase.lower() in str(text).lower()]


def domain_of(path: Path) -> str:
    return (*path.relative_to(ROOT).parts, "")[1] if path.relative_to(ROOT).parts[0] in ("core", "tests") else ""


@pytest.mark.parametrize("path", PRODUCT + TESTS, ids=named)
def test_no_private_word_is_a_name(path: Path) -> None:
    assert private_names(text_of(path), domain=domain_of(path)) == []
    assert not is_private(path.stem, domain=domain_of(path))


@pytest.mark.parametrize("path", PRODUCT, ids=named)
def test_no_page_speaks_a_private_phrase(path: Path) -> None:
    assert private_phrases(text_of(path)) == []


@pytest.mark.parametrize(
    "source",
    [
        "found = 1",
        "class Attendant: ...",
        "def free_room(): ...",
        "def claim(held): ...",
        "self._told = 1",
        "[one for one in rows]",
        "for each in rows: ...",
        "SIGHTINGS = 1",
    ],
)
def test_a_private_word_that_comes_back_is_seen(source: str) -> None:
    assert len(private_names(source, domain="compute")) == 1


def test_plain_english_is_free_elsewhere() -> None:
    assert private_names("room = found = 1", domain="lake") == []
    assert private_names("held_out_rows = 1", domain="training") == []


def test_a_private_phrase_that_comes_back_is_seen() -> None:
    assert private_phrases('N_("Counts for: ever")') == ["Counts for: ever"]
    assert private_phrases('NAME = "Counts for: ever"') == []
