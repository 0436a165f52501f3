"""Answers as a terminal shows them: a list as a table of what fits, one thing as its facts. `--json` has everything."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

CELL = 44
# What a reader looks for first; the other columns follow while there is room.
FIRST = (
    "id",
    "seq",
    "time",
    "actor_name",
    "action",
    "outcome",
    "subject",
    "title",
    "name",
    "model",
    "version",
    "state",
    "verdict",
    "validity",
    "environment",
    "summary",
)
LAST = ("project", "digest", "files", "model_digest", "description")


def show(answer: Any) -> None:
    """Prints an action's answer for people; `--json` is for programs."""
    # What people have named is shown as they wrote it, brackets and colons included.
    console = Console(markup=False, emoji=False)
    if isinstance(answer, dict) and isinstance(answer.get("items"), list):
        _print_table(console, answer["items"])
        console.print(f"{answer['offset'] + len(answer['items'])} of {answer['total']} shown", style="dim")
    elif isinstance(answer, list):
        _print_table(console, answer)
    elif isinstance(answer, dict):
        console.print(_facts(answer))
    else:
        console.print(answer)


def _print_table(console: Console, rows: Sequence[Any]) -> None:
    if not rows:
        console.print("Nothing yet.", style="dim")
        return
    named = [row if isinstance(row, dict) else {"value": row} for row in rows]
    table = Table(show_edge=False, header_style="bold")
    columns = columns_that_fit(named, width=console.width)
    for column in columns:
        table.add_column(column.replace("_", " "), no_wrap=True)
    for row in named:
        table.add_row(*(_cell(row[column]) for column in columns))
    console.print(table)


def columns_that_fit(rows: Sequence[dict[str, Any]], *, width: int) -> list[str]:
    """The columns of plain values, the telling ones first, as many as fit beside each other."""
    plain = [name for name in rows[0] if not any(isinstance(row[name], dict | list) for row in rows)]
    ordered = sorted(plain, key=lambda name: _rank(name, plain))
    chosen: list[str] = []
    for name in ordered:
        width -= max(len(name), *(len(_cell(row[name])) for row in rows)) + 3
        if width < 0 and chosen:
            return chosen
        chosen.append(name)
    return chosen


def _rank(name: str, plain: Sequence[str]) -> int:
    if name in FIRST:
        return FIRST.index(name) - len(FIRST)
    return plain.index(name) + (len(plain) if name in LAST else 0)


def _facts(answer: dict[str, Any]) -> Table:
    table = Table(show_edge=False, show_header=False)
    for name, value in answer.items():
        table.add_row(name.replace("_", " "), _cell_text(value))
    return table


def _cell_text(value: Any) -> str:
    """A value of a fact: short structures in words, long ones by their size."""
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        lines = [
            ", ".join(f"{key} {_cell(part)}" for key, part in item.items() if part != "")
            for item in value
            if isinstance(item, dict)
        ]
        return "\n".join(lines[:12]) + ("\n…" if len(lines) > 12 else "")
    if isinstance(value, list):
        sentences = any(" " in str(item) for item in value)
        return "\n".join(map(str, value)) if sentences else ", ".join(_cell(item) for item in value)
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_cell(part, width=100)}" for key, part in value.items())
    return _cell(value, width=2000)


def _cell(value: Any, *, width: int = CELL) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = "" if value is None else _moment(str(value))
    return text if len(text) <= width else text[: width - 1] + "…"


def _moment(text: str) -> str:
    """A point in time to the second, in UTC; anything else as it is."""
    if len(text) < 20 or not text.endswith("Z"):
        return text
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}Z"
    except ValueError:
        return text
