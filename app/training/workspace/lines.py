"""A run as a line of the table, and the heads of groups of them."""

from collections.abc import Callable, Mapping, Sequence

from app.training.workspace import address
from app.training.workspace.names import is_less_better
from app.ui import cells, charts, frame, links, numbers, times
from app.ui.cells import Cell, Row
from app.ui.wording import counted
from core.compute.values import JobState
from core.foundation.text import N_, _
from core.training.workspace.values import METRICS, RunGroup, RunLine

SINGLE = N_("Single runs")
LONGEST_NOTE = 80
# What ended early has a state that says so.
ALARMS: Mapping[str, str] = {
    "learned nothing": N_("learned nothing"),
    "loss jumped": N_("loss jumped"),
    "worse than baseline": N_("worse than the linear baseline"),
}
GROUP_OF: Mapping[str, Callable[[RunLine], str]] = {
    "sweep": lambda line: line.sweep_id,
    "tag": lambda line: next(iter(line.tags), ""),
    "recipe": lambda line: line.recipe,
    "training_set": lambda line: line.training_set_id,
}


def line_row(line: RunLine, name: str, *, columns: Sequence[str], eyes: Mapping[str, int], best: str) -> Row:
    color = charts.color_of(eyes[line.id]) if line.id in eyes else ""
    title = Cell(text=name, target=line.id, detail=_remarks(line), dot=color, title=f"{line.id} · {name}")
    marks = (_eye(line, color), _star(line))
    shown = (_cell(line, column) for column in columns)
    cells_of_line = (*marks, title, _state(line, best), *shown)
    return Row(id=line.id, cells=cells_of_line, target=line.id, is_quiet=line.archived)


def _eye(line: RunLine, color: str) -> Cell:
    icon, label = ("visibility", _("Hide {id}")) if color else ("visibility_off", _("Draw {id}"))
    return cells.toggle(label.format(id=line.id), icon=icon, press=f"eye {line.id}", is_on=bool(color), color=color)


def _star(line: RunLine) -> Cell:
    label = (_("Take the star of {id} away") if line.starred else _("Star {id}")).format(id=line.id)
    color = charts.state_color("orange") if line.starred else ""
    return cells.toggle(label, icon="star", press=f"star {line.id}", is_on=line.starred, color=color)


def _remarks(line: RunLine) -> str:
    note = next(iter(line.note.splitlines()), "")[:LONGEST_NOTE]
    alarms = [_(ALARMS[alarm]) for alarm in line.alarms if alarm in ALARMS]
    archived = [_("archived")] if line.archived else []
    return " · ".join([*archived, *alarms, *(f"#{tag}" for tag in line.tags), *([note] if note else [])])


def _state(line: RunLine, best: str) -> Cell:
    if line.state is JobState.RUNNING and line.progress is not None:
        return cells.state(line.state, label=numbers.percent(line.progress, 0))
    if line.id == best:
        return Cell(text=_("Best"), color="green", icon="trophy")
    return cells.state(line.state)


def _cell(line: RunLine, column: str) -> Cell:
    if column in address.EXTRA:
        return _extra(line, column)
    value = line.values.get(column)
    if isinstance(value, str):
        return cells.text(value)
    return cells.number(value, numbers.number(value) if column.startswith(METRICS) else numbers.figure(value, 4))


def _extra(line: RunLine, column: str) -> Cell:
    now = frame.now()
    if column == "took":
        seconds = times.lasted(line.started_at, line.ended_at, now=now, measured=line.total_ran_seconds)
        return cells.number(seconds, numbers.duration(seconds))
    if column == "created":
        return cells.time(line.created_at, now=now)
    if column == "training_set":
        return cells.text(links.title_of(line.training_set_id), target=line.training_set_id)
    if column == "version":
        return cells.text(line.version_id, target=line.version_id)
    return cells.text(line.recipe if column == "recipe" else ", ".join(line.tags))


def group_names(lines: Sequence[RunLine], group: str) -> tuple[str, ...]:
    """Those of the runs on the page, in the order in which the first of each comes; last what is in none."""
    return tuple(sorted(dict.fromkeys(GROUP_OF[group](line) for line in lines), key=lambda name: not name))


def grouped(
    lines: Sequence[RunLine],
    *,
    rows: Mapping[str, Row],
    columns: Sequence[str],
    group: str,
    whole: Mapping[str, RunGroup],
) -> list[Row]:
    """The rows below the heads of their groups, which speak of the `whole` list."""
    folded = address.closed()
    arranged: list[Row] = []
    for name in group_names(lines, group):
        inside = [line for line in lines if GROUP_OF[group](line) == name]
        is_open = f"{group}:{name}" not in folded
        arranged.append(_head_row(group, whole.get(name) or RunGroup(name=name, runs=len(inside)), columns, is_open))
        arranged += [rows[line.id] for line in inside] if is_open else []
    return arranged


def _head_row(group: str, whole: RunGroup, columns: Sequence[str], is_open: bool) -> Row:
    name = whole.name
    title = (f"#{name}" if group == "tag" else links.title_of(name)) if name else _(SINGLE)
    icon, label = ("expand_more", _("Fold {name}")) if is_open else ("chevron_right", _("Unfold {name}"))
    fold = cells.toggle(label.format(name=title), icon=icon, press=f"group {group}:{name}", is_on=is_open)
    count = counted(whole.runs, _("run"), _("runs"))
    head = Cell(text=title, target=name if links.has_page(name) else "", detail=count)
    nothing = Cell(text="")
    best = (_best_of(whole, column) for column in columns)
    return Row(id=f"group {name}", cells=(fold, nothing, head, nothing, *best), is_group=True)


def _best_of(whole: RunGroup, column: str) -> Cell:
    """The best figure of a group, of metrics alone."""
    figures = whole.figures.get(column)
    if figures is None or not column.startswith(METRICS):
        return Cell(text="")
    return cells.number(figures.lowest if is_less_better(column) else figures.highest)
