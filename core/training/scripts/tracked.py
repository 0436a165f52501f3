"""What a script told MLflow, in the tracking store of its folder: parameters, and metrics by step. MLflow's own files
are read as text; nothing that a stranger wrote is loaded."""

import math
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

# Its metrics have names of their own: none passes for a figure of the portal's.
PREFIX = "script_"
MOST_POINTS, MOST_NAMES, MOST_PARAMS, LARGEST_FILE, LONGEST = 20_000, 40, 100, 5_000_000, 300
UNUSUAL = re.compile("[^a-z0-9]+")


class Tracked(NamedTuple):
    """`history` are the metrics that were logged at a step, in the order of steps."""

    params: dict[str, str]
    history: list[tuple[int, dict[str, float]]]


def tracked_in(store: Path) -> Tracked:
    """Of all runs in it: a script has one as a rule."""
    params: dict[str, str] = {}
    steps: dict[int, dict[str, float]] = {}
    for run in sorted(path.parent for path in store.glob("*/*/params") if path.is_dir()):
        params |= {name: text.strip()[:LONGEST] for name, text in _texts(run / "params")}
        points = islice(_points(run / "metrics"), MOST_POINTS)
        for step, name, value in points:
            steps.setdefault(step, {})[name] = value
    return Tracked(dict(islice(params.items(), MOST_PARAMS)), sorted(steps.items()))


def _points(folder: Path) -> Iterator[tuple[int, str, float]]:
    """A line is the time, the value and the step."""
    for name, text in islice(_texts(folder), MOST_NAMES):
        shown = PREFIX + UNUSUAL.sub("_", name.lower()).strip("_")[: 59 - len(PREFIX)]
        points = filter(None, map(_point, text.splitlines()))
        yield from ((step, shown, value) for step, value in points)


def _point(line: str) -> tuple[int, float] | None:
    try:
        _time, value, step, *_more = line.split()
        number = float(value)
        return (int(step), number) if math.isfinite(number) and 0 <= int(step) < 2**53 else None
    except ValueError:
        return None


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """By name, which has slashes where MLflow makes folders."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_FILE:
            yield path.relative_to(folder).as_posix(), path.read_text("utf-8", errors="replace")
