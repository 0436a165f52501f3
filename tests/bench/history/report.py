"""The tables of `scripts/bench pages --history`: what each list and each page costs, its goal, and if it is met."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from core.foundation.actors import Actor
from core.foundation.settings import Settings
from core.portal import build_portal
from tests.bench.history import browsing, lists
from tests.bench.history.installations import installations

VISITOR, SLOWER, VERSION_GOAL_MS = "mei", 1.3, 1500.0
# Two visits of one page differ by as much.
NOISE_MS = 50.0


def main() -> int:
    """Measures and prints; 1 while a goal is not met, for the exit status."""
    small, filled = installations()
    met = [*_lists(filled)]
    times = [browsing.measure(home, handle=VISITOR) for home in (small, filled)]
    met += [*_pages(*times)]
    print(f"{sum(met)} of {len(met)} goals are met.")
    return 0 if all(met) else 1


def _lists(home: Path) -> Iterator[bool]:
    portal = build_portal(Settings(home=home))
    person = next(person for person in portal.sessions.people() if person.handle == VISITOR)
    print(f"\n{'list':<34} {'offset':>7} {'ms':>8} {'goal':>8}")
    for cost in lists.measure(portal, Actor(person_id=person.id, kind="person", via="session")):
        print(f"{cost.name:<34} {cost.offset:>7} {cost.milliseconds:>8.1f} {lists.GOAL_MS:>8.0f}  {_said(cost.holds)}")
        yield cost.holds


def _pages(small: Mapping[str, float], filled: Mapping[str, float]) -> Iterator[bool]:
    print(f"\n{'page':<22} {'small ms':>9} {'filled ms':>10} {'goal':>8}")
    for url, milliseconds in filled.items():
        goal = max(small[url] * SLOWER, small[url] + NOISE_MS)
        goal = min(goal, VERSION_GOAL_MS) if url == "version" else goal
        print(f"{url:<22} {small[url]:>9.0f} {milliseconds:>10.0f} {goal:>8.0f}  {_said(milliseconds <= goal)}")
        yield milliseconds <= goal


def _said(holds: bool) -> str:
    return "met" if holds else "NOT MET"
