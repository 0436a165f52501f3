"""Every list of the catalog, found there, so that a new one cannot be forgotten: what one page of it costs at the begin
and far behind."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from core.foundation.actions.spec import ActionSpec
from core.foundation.actors import Actor
from core.portal import Portal

ROUNDS, OFFSETS, GOAL_MS = 5, (0, 90_000), 100.0
# Their offsets are those of a file, not of rows in the database.
OF_FILES = frozenset({"compute.read_log", "queries.result", "lake.search_items"})
# What a list is about that must be told what; the objects of the small installation.
ABOUT = {
    "dataset_id": "DS-1",
    "view_id": "FV-1",
    "version_id": "FEAT-1",
    "endpoint_id": "EP-2",
    "materialization_id": "MAT-1",
}


@dataclass(frozen=True)
class Cost:
    """Milliseconds of an action at an offset, the median of several calls."""

    name: str
    offset: int
    milliseconds: float

    @property
    def holds(self) -> bool:
        return self.milliseconds <= GOAL_MS


def list_actions(portal: Portal) -> dict[str, dict[str, Any]]:
    """Every reading action with an offset and a limit, with the arguments it cannot do without."""
    specs = (spec for _service, spec in portal.catalog().values() if spec.reads and spec.name not in OF_FILES)
    return {spec.name: _needed(spec) for spec in specs if {"offset", "limit"} <= set(spec.parameters.model_fields)}


def _needed(spec: ActionSpec) -> dict[str, Any]:
    """KeyError for an argument that nothing is known about: name it in ABOUT."""
    return {name: ABOUT[name] for name, field in spec.parameters.model_fields.items() if field.is_required()}


def measure(portal: Portal, actor: Actor) -> Iterator[Cost]:
    for name, arguments in list_actions(portal).items():
        service, spec = portal.catalog()[name]
        action = getattr(service, spec.name.partition(".")[2])
        for offset in OFFSETS:
            call = partial(action, actor, offset=offset, **arguments)
            yield Cost(name, offset, median(_timed(call) for _round in range(ROUNDS)))


def _timed(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1e3
