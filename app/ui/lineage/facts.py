"""The one fact that stands on a node of the map. Each is a read by the reader's own rights; a kind without one here is
told by its state."""

import re
from collections.abc import Callable, Iterable

from app.session import actor, portal
from app.ui.numbers import metric_name, metric_value, number
from app.ui.wording import counted, criterion_line
from core.foundation.ids import Kind
from core.foundation.objects import Thing
from core.foundation.text import _

MOST_LETTERS = 40
FIRST_FIGURE = re.compile(r"[,.;] | (?:at|and|on) ")


def facts_of(things: Iterable[Thing]) -> dict[str, str]:
    """By object id. An object that has nothing to tell yet is left out."""
    read = {thing.id: FACTS[thing.kind](thing.id) for thing in things if thing.kind in FACTS}
    return {object_id: fact for object_id, fact in read.items() if fact}


def _requirement(object_id: str) -> str:
    criteria = portal().requirements.get_requirement(actor(), requirement_id=object_id).criteria
    return criterion_line(criteria[0]) if criteria else ""


def _snapshot(object_id: str) -> str:
    return _rows(portal().datasets.get_snapshot(actor(), snapshot_id=object_id).rows)


def _feature_version(object_id: str) -> str:
    features = portal().feature_versions.get_version(actor(), version_id=object_id).features
    return counted(len(features), _("column"), _("columns")) if features else ""


def _training_set(object_id: str) -> str:
    splits = portal().training_sets.get_training_set(actor(), training_set_id=object_id).splits
    return _rows(sum(split.rows for split in splits)) if splits else ""


def _sweep(object_id: str) -> str:
    done = portal().sweeps.get_sweep(actor(), sweep_id=object_id).done
    return counted(done, _("trial"), _("trials"))


def _run(object_id: str) -> str:
    evaluations = portal().training.get_run(actor(), run_id=object_id).evaluations
    return _main_metric({name: metric.value for name, metric in evaluations[-1].metrics.items()}) if evaluations else ""


def _model_version(object_id: str) -> str:
    evaluations = portal().registry.get_version(actor(), version_id=object_id).evaluations
    return _main_metric({name: metric.value for name, metric in evaluations[-1].metrics.items()}) if evaluations else ""


def _evidence(object_id: str) -> str:
    """The first figure of its summary, without what it was measured on."""
    summary = portal().evidence.get_evidence(actor(), evidence_id=object_id).summary
    return FIRST_FIGURE.split(summary, maxsplit=1)[0].rstrip(".")[:MOST_LETTERS]


def _endpoint(object_id: str) -> str:
    routes = portal().endpoints.get_endpoint(actor(), endpoint_id=object_id).routes
    served = [f"v{route.version} {route.weight} %" if route.weight < 100 else f"v{route.version}" for route in routes]
    return _("serves {versions}").format(versions=", ".join(served)) if served else _("serves nothing")


def _main_metric(metrics: dict[str, float]) -> str:
    name = next(iter(metrics), "")
    return f"{metric_name(name)} {metric_value(name, metrics[name])}" if name else ""


def _rows(count: int) -> str:
    return _("{count} rows").format(count=number(count))


FACTS: dict[Kind, Callable[[str], str]] = {
    Kind.REQUIREMENT: _requirement,
    Kind.SNAPSHOT: _snapshot,
    Kind.FEATURE_VERSION: _feature_version,
    Kind.TRAINING_SET: _training_set,
    Kind.SWEEP: _sweep,
    Kind.RUN: _run,
    Kind.MODEL_VERSION: _model_version,
    Kind.EVIDENCE: _evidence,
    Kind.ENDPOINT: _endpoint,
}
