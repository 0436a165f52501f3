"""Conditions beside what was measured: for each, the best figure among the versions and evidence that follow from the
requirement."""

from collections.abc import Iterator
from typing import Any

from app.session import actor, portal
from app.ui import links
from app.ui.numbers import is_less_better, metric_value
from core.foundation.ids import Kind
from core.foundation.text import _
from core.foundation.values import Value
from core.registry.values import Evidence, EvidenceKind
from core.requirements.values import Criterion, Metric, Requirement

MOST_VERSIONS = 12
QUALITY = (Metric.AUC, Metric.LOG_LOSS, Metric.ECE)


class Figure(Value):
    """A figure and the object that it was measured on or comes from."""

    metric: Metric
    value: float
    basis: str


class Measured(Value):
    """A condition, the best figure for it, and what the figure rests on, as Markdown."""

    criterion: Criterion
    shown: str
    basis: str


def measured_for(requirement: Requirement) -> tuple[Measured, ...]:
    """What was measured for each condition, in the order of the conditions."""
    figures = list(_figures(requirement.id))
    return tuple(_best(criterion, figures) for criterion in requirement.criteria)


def _best(criterion: Criterion, figures: list[Figure]) -> Measured:
    ours = [figure for figure in figures if figure.metric is criterion.metric]
    if not ours:
        nothing_measured_yet = _("nothing measured yet")
        return Measured(criterion=criterion, shown="—", basis=f":gray[{nothing_measured_yet}]")
    pick = min if is_less_better(criterion.metric) else max
    best = pick(ours, key=lambda figure: figure.value)
    color, icon = ("green", "check_circle") if criterion.holds(best.value) else ("red", "cancel")
    shown = f":{color}[:material/{icon}:] {metric_value(criterion.metric, best.value)}"
    return Measured(criterion=criterion, shown=shown, basis=links.escape(best.basis))


def _figures(requirement_id: str) -> Iterator[Figure]:
    chain = portal().identity.lineage(actor(), object_id=requirement_id)
    versions = [thing for thing in chain.things if thing.kind is Kind.MODEL_VERSION]
    for thing in sorted(versions, key=lambda item: item.updated_at, reverse=True)[:MOST_VERSIONS]:
        yield from _of_version(thing.id)
        for evidence in portal().registry.list_evidence(actor(), subject=thing.id, limit=50).items:
            yield from _of_evidence(evidence)


def _of_version(version_id: str) -> Iterator[Figure]:
    """What the last evaluation says: it is the one on the latest rows."""
    version = portal().registry.get_version(actor(), version_id=version_id)
    for evaluation in version.evaluations[-1:]:
        basis = _("{model} v{version} on {rows}").format(
            model=version.model, version=version.version, rows=evaluation.holdout_name
        )
        known = (metric for metric in QUALITY if metric in evaluation.metrics)
        for metric in known:
            yield Figure(metric=metric, value=evaluation.metrics[metric].value, basis=f"{basis} ({version_id})")


def _of_evidence(evidence: Evidence) -> Iterator[Figure]:
    basis, content = f"{evidence.id}: {evidence.summary}", evidence.content
    if evidence.kind is EvidenceKind.PARITY:
        yield Figure(metric=Metric.PARITY_MISMATCHES, value=content["mismatches"], basis=basis)
    if evidence.kind is EvidenceKind.LOAD_TEST and content.get("validity") == "VALID":
        yield from _of_load(content, basis)


def _of_load(content: dict[str, Any], basis: str) -> Iterator[Figure]:
    yield Figure(metric=Metric.ERROR_RATE, value=content["error_rate"], basis=basis)
    p99 = next((item["ms"] for item in content["percentiles"] if item["fraction"] == 0.99), None)
    if p99 is not None:
        yield Figure(metric=Metric.P99_MS, value=p99, basis=basis)
    if content["capacity"] and content["capacity"]["rate"] is not None:
        yield Figure(metric=Metric.CAPACITY_RPS, value=content["capacity"]["rate"], basis=basis)
