"""A kind of evidence stands in one file: pages ask the kind, and none of them asks which kind it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

from core.promotion.evidence_kinds.table import kind_names
from tests.house.test_style import PRODUCT, ROOT, nodes_of, of_each_file

CONSTANTS = {"QUALITY", "PARITY", "LOAD_TEST", "SAFETY"}
# What is about one measurement: an endpoint's parity checks, and the walk that takes every measurement in turn.
ABOUT_ONE_KIND = {ROOT / "app/serving/parity.py", ROOT / "app/demonstration/flights/releasing.py"}
FACES = [path for path in PRODUCT if path.relative_to(ROOT).parts[0] in ("app", "pages") and path not in ABOUT_ONE_KIND]


def kinds_compared(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """The names of kinds that code compares with, branches by or looks things up by."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".values"):
            yield from CONSTANTS & {alias.name for alias in node.names}
        parts = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        parts += [key for key in node.keys if key] if isinstance(node, ast.Dict) else []
        parts += [node.value] if isinstance(node, ast.MatchValue) else []
        yield from (
            literal.value
            for part in parts
            for literal in ast.walk(part)
            if isinstance(literal, ast.Constant) and literal.value in kind_names()
        )


@of_each_file(FACES)
def test_no_page_tells_kinds_of_evidence_apart(path: Path) -> None:
    assert list(kinds_compared(iter(nodes_of(path)))) == []


def test_a_page_that_tells_them_apart_is_seen() -> None:
    code = """
from core.registry.values import SAFETY, Evidence
words = {"parity": "Rows"}
if kind in ("quality", "unknown"):
    pass
match kind:
    case "load_test":
        pass
"""
    assert sorted(kinds_compared(ast.walk(ast.parse(code)))) == ["SAFETY", "load_test", "parity", "quality"]
