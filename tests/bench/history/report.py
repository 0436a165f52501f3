"""The tables of `scripts/bench pages --history`: what each list and each page costs, its goal, and if it is met; in the
end a sentence for each that missed its goal."""

import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from core.foundation.actors import Actor
from core.foundation.settings import Settings
from core.portal import build_portal
from tests.bench.history import browsing, lists
from tests.bench.history.installations import FOLDER, installations
from tests.bench.history.postgresql import filled_postgresql

VISITOR, SLOWER, VERSION_GOAL_MS = "mei", 1.3, 1500.0
# Two visits of one page differ by as much.
NOISE_MS = 50.0
LISTS, POSTGRESQL = "--lists", "--postgresql"


def main() -> int:
    """Measures and prints; 1 while a goal is not met, for the exit status. Words on the command line name the pages
    that are measured; with --lists none is, and with --postgresql the lists are on both databases."""
    small, filled = installations()
    urls = [word for word in sys.argv[1:] if not word.startswith("--")]
    missed = [] if urls else [*_lists(filled)]
    if POSTGRESQL in sys.argv:
        with filled_postgresql(filled, folder=FOLDER / "postgresql") as address:
            missed += _lists(filled, database_url=address)
    if LISTS not in sys.argv:
        missed += _pages(small, filled, urls)
    print("\n" + "\n".join(missed or ["Every goal is met."]))
    return 1 if missed else 0


def _lists(home: Path, *, database_url: str = "") -> Iterator[str]:
    """Prints the table; yields what misses its goal."""
    portal = build_portal(Settings(home=home, database_url=database_url))
    name = "SQLite" if portal.foundation.database.is_sqlite else "PostgreSQL"
    person = next(person for person in portal.sessions.people() if person.handle == VISITOR)
    print(f"\n{f'list on {name}':<58} {'offset':>7} {'ms':>8} {'goal':>8}")
    for cost in lists.measure(portal, Actor(person_id=person.id, kind="person", via="session")):
        print(f"{cost.name:<58} {cost.offset:>7} {cost.milliseconds:>8.1f} {lists.GOAL_MS:>8.0f}", flush=True)
        if not cost.holds:
            place = f"at offset {cost.offset:,} on {name}"
            yield f"{cost.name} {place} takes {cost.milliseconds:.0f} ms, its goal is {lists.GOAL_MS:.0f}."
    portal.foundation.database.close()


def _pages(small: Path, filled: Path, urls: Collection[str]) -> Iterator[str]:
    """Prints the table; yields what misses its goal."""
    print(f"\n{'page':<22} {'small ms':>9} {'filled ms':>10} {'times':>6} {'goal ms':>8}")
    for url, (before, after) in browsing.measure((small, filled), handle=VISITOR, urls=urls):
        goal = max(before * SLOWER, before + NOISE_MS)
        goal = min(goal, VERSION_GOAL_MS) if url == "version" else goal
        print(f"{url:<22} {before:>9.0f} {after:>10.0f} {after / before:>6.2f} {goal:>8.0f}", flush=True)
        if after > goal:
            yield f"The page {url} takes {after:.0f} ms, its goal is {goal:.0f}: {before:.0f} where it is small."
