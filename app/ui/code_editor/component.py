"""Draws the code editor and says what was done in it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from app.session import actor
from app.ui.code_editor.formatting import formatted_python
from app.ui.code_editor.names import FUNCTIONS, NO_NAMES, Names
from app.ui.code_editor.text import begin, put, receive, typed_into
from core.foundation.errors import Invalid
from core.foundation.text import _

FOLDER = Path(__file__).parent
Language = Literal["sql", "python"]
# scripts/editor makes the bundle of what lies in `source`.
_editor = st.components.v2.component(
    "causeway_code_editor",
    css=(FOLDER / "editor.css").read_text(encoding="utf-8"),
    js=(FOLDER / "bundle.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class CodeError:
    """What is wrong with a text, at the line where it is; lines count from 1."""

    line: int
    message: str


@dataclass(frozen=True)
class CodeErrors:
    """What is wrong with this very text: once it is another one, nobody knows."""

    text: str
    errors: tuple[CodeError, ...]


@dataclass(frozen=True)
class EditedCode:
    """What is in the editor, and whether the key that runs it was pressed just now."""

    text: str
    ran: bool


def code_editor(
    label: str,
    *,
    key: str,
    place: str,
    language: Language,
    text: str = "",
    basis: str = "",
    names: Names = NO_NAMES,
    errors: CodeErrors | None = None,
    placeholder: str = "",
    height: int = 300,
) -> EditedCode:
    """An editor that begins with `text`. The browser keeps what is typed under the person and the `place`, until the
    tab is closed: it is there after a reload, where the editor still begins with the same `basis` (a version of the
    text, say; without one, anyhow). `errors` stand at their lines."""
    current = begin(key, text=text, basis=basis, place=place)
    known: tuple[CodeErrors | None, ...] = (errors, st.session_state.get(_refused_key(key)))
    shown = [error for some in known if some and some.text == current.text for error in some.errors]
    result = _editor(
        key=_component_key(key),
        data={
            **asdict(current),
            **names.drawing(),
            "functions": FUNCTIONS if language == "sql" else (),
            "errors": [asdict(error) for error in shown],
            "place": f"causeway-code:{actor().person_id}:{place}",
            "label": label,
            "language": language,
            "placeholder": placeholder,
            "height": height,
            "words": _words(),
        },
        on_text_change=_receiving(key, "text"),
        on_run_change=_receiving(key, "run"),
        on_format_change=_receiving(key, "format", then=lambda: _format(key)),
    )
    return EditedCode(typed_into(key), ran=bool(getattr(result, "run", None)))


def _words() -> dict[str, str]:
    return {
        "table": _("table"),
        "place": _("Ln {line}, Col {column}"),
        "keys": _("Ctrl+Enter runs · Ctrl+Space completes · Esc, then Tab leaves"),
        "format": _("Format"),
    }


def _format(key: str) -> None:
    text = typed_into(key)
    try:
        put(key, formatted_python(text))
    except Invalid as error:
        st.session_state[_refused_key(key)] = CodeErrors(text, (CodeError(error.line, error.message),))


def _receiving(key: str, what: str, *, then: Callable[[], None] | None = None) -> Callable[[], None]:
    def received() -> None:
        # Another page may have taken the editor's place meanwhile.
        state: Any = st.session_state.get(_component_key(key)) or {}
        receive(key, state.get(what))
        if then is not None:
            then()

    return received


def _component_key(key: str) -> str:
    return f"code_{key}"


def _refused_key(key: str) -> str:
    return f"code_refused_{key}"
