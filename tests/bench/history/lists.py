"""Every list of the catalog, found there, so that a new one cannot be forgotten, and what people search for and narrow
lists to: what one page of each costs at the begin and far behind."""

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
OF_FILES = frozenset({"compute.read_log", "queries.result", "lake.search_items", "imports.list_rejected_rows"})
# What a list is about that must be told what; the objects of the small installation.
ABOUT = {
    "project": "PROJ-1",
    "dataset_id": "DS-1",
    "view_id": "FV-1",
    "version_id": "FEAT-1",
    "endpoint_id": "EP-2",
    "materialization_id": "MAT-1",
}
NARROWED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("identity.search", {}),
    ("identity.search", {"query": "nothing is called so"}),
    ("identity.search", {"query": "arrival"}),
    ("identity.search", {"query": "RUN-99"}),
    ("features.catalog", {"query": "late"}),
    ("features.catalog", {"use": "live", "fresh": "stale"}),
    ("features.list_views", {"query": "nothing_is_called_so"}),
    ("lake.list_datasets", {"query": "nothing_is_called_so"}),
    ("registry.list_models", {"query": "nothing-is-called-so"}),
    ("features.list_training_sets", {"search": "nothing"}),
    ("training.list_runs", {"state": "running"}),
    ("training.list_runs", {"state": "failed"}),
    ("training.list_runs", {"state": "succeeded"}),
    ("training.list_runs", {"state": "succeeded", "order_by": "best"}),
    ("training.list_runs", {"state": "succeeded", "recipe": "tabular"}),
    ("training.list_runs", {"state": "failed", "training_set_id": "TS-1"}),
    ("training.list_runs", {"state": "succeeded", "training_set_id": "TS-1", "order_by": "best"}),
    ("training.search_runs", {"search": "nothing is called so"}),
    ("training.search_runs", {"sort": "params.epochs", "columns": ("params.epochs", "metrics.validation_auc")}),
    ("training.search_runs", {"filters": ({"field": "params.epochs", "comparison": ">", "value": "3"},)}),
    ("compute.list_jobs", {"state": "failed"}),
    ("audit.list_events", {"outcome": "denied"}),
    ("promotion.list_requests", {"state": "in review"}),
    ("promotion.what_needs_me", {}),
)


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
        yield from _costs(portal, actor, name, arguments, title=name)
    for name, arguments in NARROWED:
        words = ", ".join(repr(value) for value in arguments.values())
        yield from _costs(portal, actor, name, arguments, title=f"{name}({words})")


def _costs(portal: Portal, actor: Actor, name: str, arguments: dict[str, Any], *, title: str) -> Iterator[Cost]:
    service, spec = portal.catalog()[name]
    action = partial(getattr(service, name.partition(".")[2]), actor, **arguments)
    if "offset" not in spec.parameters.model_fields:
        yield Cost(title, 0, median(_timed(action) for _round in range(ROUNDS)))
        return
    for offset in OFFSETS:
        yield Cost(title, offset, median(_timed(partial(action, offset=offset)) for _round in range(ROUNDS)))


def _timed(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1e3
