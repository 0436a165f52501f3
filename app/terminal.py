"""Answers as a terminal shows them: a list as a table, one thing as its facts."""

from typing import Any

from rich.console import Console
from rich.table import Table

CELL = 60


def show(answer: Any) -> None:
    """Prints an action's answer for people; `--json` is for programs."""
    console = Console()
    if isinstance(answer, dict) and isinstance(answer.get("items"), list):
        console.print(_table(answer["items"]))
        shown = f"{answer['offset'] + len(answer['items'])} of {answer['total']} shown"
        console.print(shown, style="dim")
    elif isinstance(answer, list):
        console.print(_table(answer))
    elif isinstance(answer, dict):
        console.print(_facts(answer))
    else:
        console.print(answer)


def _table(rows: list[Any]) -> Table:
    table = Table(show_edge=False, header_style="bold")
    columns = list(rows[0]) if rows and isinstance(rows[0], dict) else ["value"]
    for column in columns:
        table.add_column(column.replace("_", " "))
    for row in rows:
        table.add_row(*(_cell(row[column] if isinstance(row, dict) else row) for column in columns))
    return table


def _facts(answer: dict[str, Any]) -> Table:
    table = Table(show_edge=False, show_header=False)
    for name, value in answer.items():
        table.add_row(name.replace("_", " "), _cell(value, width=400))
    return table


def _cell(value: Any, *, width: int = CELL) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = "" if value is None else str(value)
    return text if len(text) <= width else text[: width - 1] + "…"
