"""Texts can be translated: they are looked up when they are shown, and extraction sees every one of them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_style import PRODUCT, nodes_in, of_each_file, parsed, text_of

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TRANSLATES = "_"


def parents_of(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    return {child: node for node in nodes_in(tree) for child in ast.iter_child_nodes(node)}


def ancestors(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Each node on the way up, with the child through which it was reached."""
    while node in parents:
        yield parents[node], node
        node = parents[node]


def runs_when_called(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether it stands in the body of a function; defaults and decorators run at import."""
    return any(
        isinstance(above, ast.Lambda) or (isinstance(above, FUNCTIONS) and child in above.body)
        for above, child in ancestors(node, parents)
    )


def calls_of(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in nodes_in(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def faults_of(source: str) -> list[str]:
    tree = parsed(source)
    parents = parents_of(tree)
    faults = []
    for call in calls_of(tree, TRANSLATES):
        if not runs_when_called(call, parents):
            faults.append(f"line {call.lineno}: _() runs at import; mark the constant with N_()")
        if any(isinstance(above, ast.JoinedStr) for above, _child in ancestors(call, parents)):
            faults.append(f"line {call.lineno}: _() inside an f-string, where extraction does not see it")
        if isinstance(call.args[0], ast.JoinedStr):
            faults.append(f"line {call.lineno}: _() of an f-string; use named places and format")
    for call in calls_of(tree, "N_"):
        if not isinstance(call.args[0], ast.Constant):
            faults.append(f"line {call.lineno}: N_() marks literals only")
    return faults


@of_each_file(PRODUCT)
def test_texts_are_looked_up_when_they_are_shown(path: Path) -> None:
    assert faults_of(text_of(path)) == []


@pytest.mark.parametrize(
    "source",
    [
        'A = _("text")',
        'def f(a=_("text")): ...',
        'class C:\n    title = _("text")',
        "def f():\n    return f'{_(\"text\")}'",
        'def f(n):\n    return _(f"{n} rows")',
        "N_(name)",
    ],
)
def test_each_fault_is_seen(source: str) -> None:
    assert len(faults_of(source)) == 1
