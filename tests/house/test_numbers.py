"""Numbers that people read are written in one place."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.test_style import PRODUCT, ROOT, named, nodes_in, of_each_file, parsed, text_of

# What writes numbers in sentences of the core.
FORMS = ("core/foundation/text.py", "core/promotion/figures.py")
CORE = [path for path in PRODUCT if named(path).startswith("core/") and named(path) not in FORMS]
PLACEHOLDER = re.compile(r"\{\w*:[^{}]*[,%][^{}]*\}")
# What writes numbers, and what is printed to a terminal.
WRITERS = ("app/ui/numbers.py", "app/cli/", "app/demonstration/", "app/web/")
SHOWN = [
    path
    for path in PRODUCT
    if path.relative_to(ROOT).parts[0] in ("app", "pages") and not named(path).startswith(WRITERS)
]
FORMAT = re.compile(r"[,_]|[eEfFgGn%d]$")
DATE = re.compile(r"%[A-Za-z]")


def raw_formats(source: str) -> list[str]:
    """The places where a number is formatted by hand."""
    formatted = [node for node in nodes_in(parsed(source)) if isinstance(node, ast.FormattedValue)]
    specs = [
        (node.lineno, _spec(node.format_spec)) for node in formatted if isinstance(node.format_spec, ast.JoinedStr)
    ]
    return [f"line {line}: {spec}" for line, spec in specs if FORMAT.search(spec) and not DATE.search(spec)]


def _spec(joined: ast.JoinedStr) -> str:
    """The text of a format; a part that is computed counts as a digit."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in joined.values)


@of_each_file(SHOWN)
def test_no_page_formats_a_number_by_hand(path: Path) -> None:
    assert raw_formats(text_of(path)) == []


def thousands_and_percents(source: str) -> list[str]:
    """The places where thousands or percents are formatted by hand, in f-strings and in texts to be filled."""
    by_hand = [place for place in raw_formats(source) if re.search(r"[,%]", place)]
    texts = (node for node in nodes_in(parsed(source)) if isinstance(node, ast.Constant))
    return by_hand + [text.value for text in texts if isinstance(text.value, str) and PLACEHOLDER.search(text.value)]


@of_each_file(CORE)
def test_no_sentence_of_the_core_has_a_form_of_its_own_for_thousands_and_percents(path: Path) -> None:
    assert thousands_and_percents(text_of(path)) == []


@pytest.mark.parametrize("source", ['f"{rows:,}"', 'f"{share:.1%}"', '_("{rows:,} rows")', '_("{size:,.0f} kB")'])
def test_each_form_of_a_sentence_is_seen(source: str) -> None:
    assert len(thousands_and_percents(source)) == 1


@pytest.mark.parametrize("spec", [".1f", "g", ",", ",.0f", ".2%", "+.2f", ".{digits}f"])
def test_each_form_is_seen(spec: str) -> None:
    assert len(raw_formats(f'f"{{value:{spec}}}"')) == 1


def test_widths_and_dates_are_no_numbers() -> None:
    assert raw_formats('f"{name:>20} {when:%H:%M}"') == []
