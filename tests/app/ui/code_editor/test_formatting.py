"""Python is laid out anew, and what cannot be read is said with its line."""

import pytest

from app.ui.code_editor.formatting import MOST, formatted_python
from core.foundation.errors import Invalid


def test_layout_changes_and_comments_stay() -> None:
    assert formatted_python("def f( a ):\n  x=1 # why\n  return x") == "def f(a):\n    x = 1  # why\n    return x\n"


@pytest.mark.parametrize(("text", "line"), [("x = 1\ny = = 2\n", 2), ("def f(:\n  pass", 1), ("x" * (MOST + 1), 1)])
def test_what_cannot_be_laid_out_is_refused_at_its_line(text: str, line: int) -> None:
    with pytest.raises(Invalid) as refusal:
        formatted_python(text)
    assert refusal.value.line == line
    assert refusal.value.message
