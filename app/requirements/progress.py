"""Conditions beside what was measured: for each, the best figure among the versions and evidence that follow from the
requirement."""

from collections.abc import Iterator

from app.session import actor, portal
from app.ui import links
from app.ui.evidence import figures_in
from app.ui.numbers import is_less_better, metric_value
from core.foundation.ids import Kind
from core.foundation.text import _
from core.foundation.values import Value
from core.registry.values import Evidence
from core.requirements.values import Criterion, Metric, Requirement

MOST_VERSIONS = 12
QUALITY = (Metric.AUC, Metric.LOG_LOSS, Metric.ECE)
METRICS = tuple(metric.value for metric in Metric)


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
        for evidence in portal().evidence.list_evidence(actor(), subject=thing.id, limit=50).items:
            yield from _of_evidence(evidence)


def _of_version(version_id: str) -> Iterator[Figure]:
    """What the last evaluation says: it is the one on the latest rows."""
    version = portal().registry.get_version(actor(), version_id=version_id)
    for evaluation in version.evaluations[-1:]:
        basis = _("{version} on {rows}").format(version=version.title, rows=evaluation.holdout_name)
        known = (metric for metric in QUALITY if metric in evaluation.metrics)
        for metric in known:
            yield Figure(metric=metric, value=evaluation.metrics[metric].value, basis=f"{basis} ({version_id})")


def _of_evidence(evidence: Evidence) -> Iterator[Figure]:
    basis = f"{evidence.id}: {evidence.summary}"
    for metric, figure in figures_in(evidence).items():
        if metric in METRICS:
            yield Figure(metric=Metric(metric), value=figure.value, basis=basis)
