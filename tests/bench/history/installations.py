"""The two installations that are measured. They are kept in `build/history`, so that only the first run takes the
minutes of making them; migrations bring them a change of the tables' shape. Delete the folder to make them anew."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.foundation.migrations import migrate
from core.foundation.settings import Settings
from core.portal import build_portal
from tests.bench.history.filling import EVENTS, HISTORY, PAGE, PAGE_OF_EVENTS, fill
from tests.bench.history.small import build_small

FOLDER = Path(__file__).resolve().parents[3] / "build" / "history"


def installations() -> tuple[Path, Path]:
    """The small and the filled one, made where they are not there yet."""
    template = _prepared("made", build_small, what="the chain once, with real processes")
    small = partial(fill, template, most=PAGE, events=PAGE_OF_EVENTS)
    filled = partial(fill, template, most=HISTORY, events=EVENTS)
    return (
        _prepared("small", small, what="a page of everything"),
        _prepared("filled", filled, what=f"{HISTORY:,} runs and {EVENTS:,} audit events"),
    )


def _prepared(name: str, make: Callable[[Path], None], *, what: str) -> Path:
    """Its home; one that was not finished is made anew."""
    home = FOLDER / name
    finished = home / "finished"
    if not finished.exists():
        print(f"Making {what}; this takes minutes.", flush=True)
        shutil.rmtree(home, ignore_errors=True)
        make(home)
        finished.touch()
    migrate(build_portal(Settings(home=home)).foundation.database)
    return home
