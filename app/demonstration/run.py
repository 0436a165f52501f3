"""Walks the chain step by step, prints each with its link and seconds, and goes on where an earlier walk stopped."""

import time
from pathlib import Path

from rich.console import Console

from app.demonstration.catalog import DEMONSTRATIONS, demonstration_called
from app.demonstration.walk import Demonstration, Step, Walk
from core.foundation.settings import Settings
from core.foundation.text import _
from core.portal import build_portal

MINUTE = 60
# The demonstration that a new installation begins with was the only one once, and its record has no name.
FIRST, RECORD = "demonstration.json", "demonstration-{name}.json"


def record_of(demonstration: Demonstration, *, home: Path) -> Path:
    """Where it is written down what a walk has made."""
    return home / (FIRST if demonstration.takes_first_project else RECORD.format(name=demonstration.name))


def listed() -> list[dict[str, str]]:
    """What there is, as it is printed."""
    return [
        {"name": demonstration.name, "shows": _(demonstration.shows), "takes": _about(demonstration.seconds)}
        for demonstration in DEMONSTRATIONS
    ]


def _about(seconds: int) -> str:
    if seconds < 2 * MINUTE:
        return _("about {n} s").format(n=seconds)
    return _("about {n} min").format(n=round(seconds / MINUTE))


def run_demonstration(settings: Settings, *, name: str = "") -> int:
    """Takes every step that was not taken yet. Needs portal, worker and gateway running; returns the exit code."""
    demonstration = demonstration_called(name)
    record = record_of(demonstration, home=settings.home)
    walk = Walk(build_portal(settings), demonstration=demonstration, console=Console(), record=record)
    take_steps(walk)
    return 0


def take_steps(walk: Walk) -> None:
    """Those that were not taken yet. A walk that is complete takes none and says so."""
    steps = walk.demonstration.steps
    remaining = [step for step in steps if step.title not in walk.created]
    for step in remaining:
        _take(walk, step, number=steps.index(step) + 1, of=len(steps))
    name, address = walk.demonstration.name, walk.portal.foundation.settings.address
    if remaining:
        words = _("The demonstration {name} is complete, in {seconds:.0f} s: {address}")
        walk.console.print(words.format(name=name, seconds=_seconds(walk), address=address), highlight=False)
    else:
        words = _("The demonstration {name} was walked before, and nothing is made twice: {address}")
        walk.console.print(words.format(name=name, address=address), highlight=False)


def _seconds(walk: Walk) -> float:
    """How long all steps took, those of earlier walks too."""
    return sum(float(walk.created[step.title]) for step in walk.demonstration.steps)


def _take(walk: Walk, step: Step, *, number: int, of: int) -> None:
    title = _(step.title)
    walk.console.print(f"[bold]{number:>2}/{of}[/bold] {title} ...", highlight=False)
    began = time.monotonic()
    step.take(walk)
    walk.keep(step.title, f"{time.monotonic() - began:.1f}")
    walk.console.print(f"     [dim]{time.monotonic() - began:.1f} s[/dim]", highlight=False)
