"""Walks the chain step by step, prints each with its link and seconds, and goes on where an earlier walk stopped."""

import time

from rich.console import Console

from app.demonstration.steps import STEPS
from app.demonstration.walk import Step, Walk
from core.foundation.settings import Settings
from core.foundation.text import _
from core.portal import build_portal

RECORD = "demonstration.json"


def run_demonstration(settings: Settings) -> int:
    """Takes every step that was not taken yet. Needs portal, worker and gateway running; returns the exit code."""
    portal = build_portal(settings)
    walk = Walk(portal, console=Console(), record=settings.home / RECORD)
    remaining = [step for step in STEPS if step.title not in walk.created]
    began = time.monotonic()
    for step in remaining:
        _take(walk, step, number=STEPS.index(step) + 1, of=len(STEPS))
    if remaining:
        walk.console.print(
            _("The demonstration is complete, in {seconds:.0f} s.").format(seconds=time.monotonic() - began)
        )
    return 0


def _take(walk: Walk, step: Step, *, number: int, of: int) -> None:
    title = _(step.title)
    walk.console.print(f"[bold]{number:>2}/{of}[/bold] {title} ...", highlight=False)
    began = time.monotonic()
    step.take(walk)
    walk.keep(step.title, f"{time.monotonic() - began:.1f}")
    walk.console.print(f"     [dim]{time.monotonic() - began:.1f} s[/dim]", highlight=False)
