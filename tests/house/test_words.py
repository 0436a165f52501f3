"""Names are the field's terms: private words that were replaced do not come back, in the product and its tests. What is
stored or sent under such a name (a key, a column, an action) keeps it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_style import PRODUCT, ROOT, TESTS, named, nodes_in, of_each_file, text_of, tree_of
from tests.house.test_translation import calls_of

# A variable says what it holds, not that somebody found, made or kept it. `left` beside `right` is a side.
VAGUE = frozenset({"found", "one", "each", "told", "left", "said", "asked", "kept", "made", "took", "taken"})
# Words of our own for terms that the field has, wherever they are part of a name.
EVERYWHERE = frozenset(
    {
        "attendant",
        "brought",
        "caged",
        "desk",
        "feed",
        "hindsight",
        "keeper",
        "ledger",
        "office",
        "putting",
        "sighting",
        "situation",
        "standing",
        "stretch",
        "tell",
        "telling",
        "told",
        "took",
    }
)
# Words that are plain English elsewhere, and private in one domain.
BANNED = {
    "compute": frozenset({"held", "room", "settle"}),
    "features": frozenset({"cage", "settle"}),
    "lake": frozenset({"sweep"}),
    "promotion": frozenset({"ground"}),
    "registry": frozenset({"settle"}),
    "sandbox": frozenset({"cage"}),
    "sweeps": frozenset({"settled"}),
}
# Keys of stored JSON, columns of tables and names of actions stay what they are.
STORED = {
    "core/features/job_specs.py": frozenset({"cage"}),
    "core/features/materialization/job_spec.py": frozenset({"cage", "kept"}),
    "core/features/parity/job_spec.py": frozenset({"cage"}),
    "core/features/tables.py": frozenset({"asked"}),
    "core/features/training_sets/job_spec.py": frozenset({"cage"}),
    "core/features/training_sets/values.py": frozenset({"asked"}),
    "core/lake/imports/job_spec.py": frozenset({"kept"}),
    "core/lake/imports/process.py": frozenset({"kept"}),
    "core/lake/retention/garbage_collection.py": frozenset({"plan_sweep", "sweep_due", "sweep_store"}),
    "core/lake/tables.py": frozenset({"kept"}),
}
OF_THE_DEMONSTRATION = ("app/demonstration/", "core/lake/places/")
OTHERS_DATA = re.compile(r"(?i)(?<!in )\b(?:flights?|airlines?|airports?|aircrafts?|passengers?|carriers?)\b")
PHRASES = (
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
    "order more",
    "for want of memory",
    "check could not tell",
    "nobody asked for",
    "tells the label",
    "last words",
    "differs surely",
    "would go back to it",
    "another one by now",
    "way back",
    "told later",
    "says more than it may",
    "says what it may not",
    "be locked in",
    "Take away",
    "Give a role",
    "steady trickle",
    "Callers feel",
    "counts for",
    "Say who you are",
    "seems to know",
    "swept",
    "sweep of the store",
)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Assign)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def named_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that is given in it, with its line."""
    for node in nodes_in(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def lines_of_sides(tree: ast.Module) -> frozenset[int]:
    """Where `left` is one of two sides, for what it stands in names `right` as well."""
    names = [list(named_in(node)) for node in nodes_in(tree) if isinstance(node, SCOPES)]
    both = [given for given in names if {"left", "right"} <= {name.strip("_").lower() for _line, name in given}]
    return frozenset(line for given in both for line, name in given if name.strip("_").lower() == "left")


def is_private(name: str, *, domain: str) -> bool:
    """Names of tests are sentences, so they are free."""
    if name.startswith("test_"):
        return False
    words = {word.lower() for word in WORD.findall(name)}
    words |= {word.removesuffix("s") for word in words}
    return name.strip("_").lower() in VAGUE or bool(words & (EVERYWHERE | BANNED.get(domain, frozenset())))


def private_names(tree: ast.Module, *, domain: str, stored: frozenset[str] = frozenset()) -> list[str]:
    given = [(line, name) for line, name in named_in(tree) if is_private(name, domain=domain)]
    private = [(line, name) for line, name in given if name not in stored]
    sides = lines_of_sides(tree) if private else frozenset()
    return [f"line {line}: {name}" for line, name in private if line not in sides]


def private_phrases(tree: ast.Module) -> list[str]:
    """Banned phrases in texts that people read."""
    calls = [call for name in ("_", "N_", "ngettext") for call in calls_of(tree, name)]
    texts = [arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)]
    return [phrase for phrase in PHRASES for text in texts if phrase.lower() in str(text).lower()]


def others_data(source: str) -> list[str]:
    """Words of the demonstration's data. People's data may be about anything."""
    return OTHERS_DATA.findall(source)


def domain_of(path: Path) -> str:
    return (*path.relative_to(ROOT).parts, "")[1]


@of_each_file(PRODUCT + TESTS)
def test_no_private_word_is_a_name(path: Path) -> None:
    stored = STORED.get(named(path), frozenset())
    assert private_names(tree_of(path), domain=domain_of(path), stored=stored) == []
    assert not is_private(path.stem, domain=domain_of(path))


@of_each_file(PRODUCT)
def test_no_page_speaks_a_private_phrase(path: Path) -> None:
    assert private_phrases(tree_of(path)) == []


@of_each_file([path for path in PRODUCT if not named(path).startswith(OF_THE_DEMONSTRATION)])
def test_nothing_but_the_demonstration_speaks_of_its_data(path: Path) -> None:
    assert others_data(text_of(path)) == []


def test_a_word_of_the_demonstrations_data_is_seen() -> None:
    assert others_data('placeholder="flights by carrier"') == ["flights", "carrier"]
    assert others_data("at most {n} requests in flight") == []


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
    assert len(private_names(ast.parse(source), domain="compute")) == 1


def test_plain_english_is_free_elsewhere() -> None:
    assert private_names(ast.parse("room = 1"), domain="lake") == []
    assert private_names(ast.parse("held_out_rows = 1"), domain="training") == []


def test_left_is_a_side_only_beside_right() -> None:
    assert private_names(ast.parse("def gap(left, right): ..."), domain="lake") == []
    assert private_names(ast.parse("left, right = pair"), domain="lake") == []
    assert private_names(ast.parse("def rest(left): ..."), domain="lake") == ["line 1: left"]


def test_what_is_stored_keeps_its_name() -> None:
    assert private_names(ast.parse("kept = 1"), domain="lake", stored=frozenset({"kept"})) == []
    assert all((ROOT / path).exists() for path in STORED)


def test_a_private_phrase_that_comes_back_is_seen() -> None:
    assert private_phrases(ast.parse('N_("It counts for 7 days")')) == ["counts for"]
    assert private_phrases(ast.parse('NAME = "It counts for 7 days"')) == []
