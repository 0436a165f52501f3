"""An assertion that cannot fail tests nothing: about a constant alone, about a value that is never negative, or about
the parts of something that may be empty."""

import ast
from pathlib import Path

import pytest

from tests.house.test_style import TESTS, nodes_in, of_each_file, parsed, text_of

ALWAYS_TRUE = (ast.Tuple, ast.List, ast.Dict, ast.Set, ast.GeneratorExp, ast.Lambda, ast.JoinedStr)


def is_hollow(test: ast.expr) -> bool:
    """Whether the assertion is of one of the kinds that pass whatever the code does."""
    if isinstance(test, ALWAYS_TRUE):
        return True
    if not isinstance(test, ast.Compare) or len(test.ops) > 1:
        return False
    (operator,), (other,) = test.ops, test.comparators
    if isinstance(operator, ast.GtE) and isinstance(other, ast.Constant) and other.value == 0:
        return True
    if isinstance(operator, ast.LtE) and is_made_set(test.left):
        return True
    return is_constant(test.left) and isinstance(operator, ast.IsNot | ast.Gt) and isinstance(other, ast.Constant)


def is_made_set(node: ast.expr) -> bool:
    """A set of whatever there is, which is part of every other when there is nothing."""
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
    is_of_a_constant = isinstance(node, ast.Call) and bool(node.args) and is_constant(node.args[0])
    return is_call and not is_of_a_constant


def is_constant(node: ast.expr) -> bool:
    """A name in capitals, or an attribute of one."""
    while isinstance(node, ast.Attribute):
        if node.attr.isupper():
            return True
        node = node.value
    return isinstance(node, ast.Name) and node.id.isupper()


def hollow(source: str) -> list[int]:
    nodes = nodes_in(parsed(source))
    return [node.lineno for node in nodes if isinstance(node, ast.Assert) and is_hollow(node.test)]


@of_each_file(TESTS)
def test_no_assertion_passes_whatever_the_code_does(path: Path) -> None:
    assert hollow(text_of(path)) == []


@pytest.mark.parametrize(
    "source",
    [
        "assert START.tzinfo is not None",
        "assert runner.MOST_ANSWER_BYTES > 0",
        "assert set(answer.json()) <= {'error', 'hint'}",
        "assert len(rows) >= 0",
        "assert (found == 1, 'found')",
    ],
)
def test_each_kind_is_found(source: str) -> None:
    assert hollow(source) == [1]
    assert hollow("assert rows.tzinfo is not None\nassert found >= 1\nassert {'a'} <= names\n") == []
