"""Rooms one can see: a folder is one idea that it states in two sentences, small enough to be looked over, and no file
needs another one that needs it."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.house.test_style import CODE, PRODUCT, ROOT, TESTS, named, nodes_of, of_each_file, tree_of

MOST_MODULES, MOST_WITH_ONE_PREFIX = 20, 2
FOLDERS = sorted({path.parent for path in PRODUCT + TESTS})
IDEAS = sorted(
    {path.parent for path in PRODUCT if path.is_relative_to(ROOT / "core") or path.is_relative_to(ROOT / "app")}
)
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in CODE}


def modules_in(folder: Path) -> list[str]:
    """The names of a folder's modules, without what only says that it is a package."""
    return sorted(path.stem for path in folder.glob("*.py") if path.name not in ("__init__.py", "conftest.py"))


def imports_of(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports, wherever in it it does so."""
    here = ".".join(path.parent.relative_to(ROOT).parts)
    for node in nodes_of(path):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = f"{here}.{node.module}" if node.level else node.module
            names = [f"{module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else module for name in names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def cycle_of(needs: Mapping[str, set[str]]) -> list[str]:
    """The names on one cycle, or none."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_a_folder_can_be_looked_over(folder: Path) -> None:
    modules = modules_in(folder)
    assert len(modules) <= MOST_MODULES
    first_words = Counter(name.removeprefix("test_").partition("_")[0] for name in modules)
    assert [word for word, count in first_words.items() if count > MOST_WITH_ONE_PREFIX] == []


@pytest.mark.parametrize("folder", IDEAS, ids=named)
def test_a_folder_states_its_idea(folder: Path) -> None:
    stated = ast.get_docstring(tree_of(folder / "__init__.py")) or ""
    assert stated.count(". ") + stated.count(".\n") + stated.endswith(".") >= 2, stated


@of_each_file([path for path in PRODUCT if path.name == "__init__.py"])
def test_a_package_exports_nothing_of_its_modules(path: Path) -> None:
    """Alembic's holds its environment, the outermost says how often garbage is looked for, and what stands in the
    client's is what a notebook imports."""
    if path.parent.name not in ("migrations", "core", "client"):
        assert [type(node).__name__ for node in tree_of(path).body] in ([], ["Expr"])


def test_no_file_needs_one_that_needs_it() -> None:
    needs = {name: {other for other in imports_of(path) if other in MODULES} - {name} for name, path in MODULES.items()}
    assert cycle_of(needs) == []


def test_a_cycle_is_seen() -> None:
    assert set(cycle_of({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}
    assert cycle_of({"a": {"b"}, "b": set()}) == []
