"""The Python that people write, as a text: whether it can be a version's logic, checked without running it. It runs in
the sandbox (`python_logic`), never here."""

import ast
from collections.abc import Sequence

from core.foundation.errors import Invalid
from core.foundation.text import _

FUNCTION = "features"


def check_python(source: str, *, names: Sequence[str]) -> None:
    """Raises Invalid unless it can be read and has a function `features` that takes the sources by their names."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        number = getattr(error, "lineno", None)
        raise Invalid(
            _("Python: {what}").format(what=getattr(error, "msg", None) or str(error) or _("it cannot be read")),
            hint=line_of(source, number),
            field="python",
            line=number or 0,
        ) from error
    written = [part for part in module.body if isinstance(part, ast.FunctionDef) and part.name == FUNCTION]
    if not written:
        raise Invalid(
            _("Python: there is no function called features"),
            hint=_("Begin with: def features({names}):").format(names=", ".join(names)),
            field="python",
        )
    _check_arguments(written[-1], names)


def line_of(source: str, number: int | None) -> str:
    """A line of the source with its number, for the hint of an error."""
    lines = source.splitlines()
    if number is None or not 1 <= number <= len(lines):
        return ""
    return _("Line {number}: {text}").format(number=number, text=lines[number - 1].strip()[:200])


def _check_arguments(function: ast.FunctionDef, names: Sequence[str]) -> None:
    arguments = function.args
    wanted = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    if sorted(wanted) != sorted(names) or arguments.posonlyargs or arguments.vararg or arguments.kwarg:
        raise Invalid(
            _("Python: features takes {wanted}, and the sources are {names}").format(
                wanted=", ".join(wanted) or _("nothing"), names=", ".join(names)
            ),
            hint=_("Name its arguments like the sources."),
            field="python",
            line=function.lineno,
        )
