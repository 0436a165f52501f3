"""Versions side by side on the same rows: figures and what surely differs, parameters, curves, changed decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.foundation.storage import Store
from core.foundation.text import _
from core.registry.holdouts import are_same_rows, common_holdout, read_predictions
from core.registry.sentences import measures_of, verdict_in_words
from core.registry.values import Comparison, MetricRow, ModelVersion, ParameterRow
from core.tasks.measures.claims import gain
from core.tasks.predictions import Predictions
from core.tasks.task import Task, quality_metrics, task_of
from core.tasks.values import Curve, Interval

if TYPE_CHECKING:
    from core.registry.values import Evaluation

Figures = Mapping[str, Interval]


def compare_versions(
    store: Store, *, versions: Sequence[ModelVersion], baseline: ModelVersion, holdout: str = ""
) -> Comparison:
    """Everything about the versions, of which the baseline is one. Without rows in common the figures are each one's
    own, and nothing is claimed of them."""
    shared = common_holdout(versions, wanted=holdout)
    judged = _predictions(store, versions=versions, evaluations=shared or ())
    if shared is None or not all(
        are_same_rows(judged[baseline.id], second=predictions) for predictions in judged.values()
    ):
        return _without_common_rows(versions, baseline=baseline)
    task, before = task_of(baseline.signature.target), judged[baseline.id]
    others = {version_id: predictions for version_id, predictions in judged.items() if version_id != baseline.id}
    figures = {version_id: task.evaluate(predictions) for version_id, predictions in judged.items()}
    deltas = {version_id: task.compare(before, after=predictions) for version_id, predictions in others.items()}
    changed = {
        version_id: task.flips(before, after=predictions, version_id=version_id)
        for version_id, predictions in others.items()
    }
    return Comparison(
        baseline=baseline.id,
        versions=tuple(versions),
        holdout=shared[0].holdout,
        task=task.name,
        candidate=_best(task, deltas),
        sentence=_sentence(task, versions, baseline=baseline, figures=figures[baseline.id], deltas=deltas),
        metrics=_metric_rows(task, figures, deltas=deltas),
        parameters=parameter_rows(versions),
        curves=tuple(
            Curve(version_id=version_id, **dict(line))
            for version_id, predictions in judged.items()
            for line in task.lines(predictions)
        ),
        flips=tuple(flip for flip in changed.values() if flip is not None),
    )


def labels_of(versions: Sequence[ModelVersion]) -> dict[str, str]:
    """What to call each version: "v2", with the model's name where there are several models."""
    is_one_model = len({version.model_id for version in versions}) == 1
    return {version.id: f"v{version.version}" if is_one_model else version.title for version in versions}


def parameter_rows(versions: Sequence[ModelVersion]) -> tuple[ParameterRow, ...]:
    """Every parameter of any version, and what it was trained on."""
    described = {version.id: _described(version) for version in versions}
    names = sorted({name for values in described.values() for name in values})
    rows = ({version_id: values.get(name) for version_id, values in described.items()} for name in names)
    return tuple(
        ParameterRow(name=name, values=values, differs=len({repr(value) for value in values.values()}) > 1)
        for name, values in zip(names, rows, strict=True)
    )


def _described(version: ModelVersion) -> dict[str, Any]:
    own = {name: value for name, value in _flat(version.params).items() if value is not None}
    around = {
        "training set": version.training_set_id,
        "feature versions": ", ".join(version.feature_versions),
        "code commit": version.code_commit[:12],
    }
    return {**{name: value for name, value in around.items() if value}, **own}


def _flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in params.items():
        inner = _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
        flat.update(inner)
    return flat


def _predictions(
    store: Store, *, versions: Sequence[ModelVersion], evaluations: Sequence[Evaluation]
) -> dict[str, Predictions]:
    pairs = zip(versions, evaluations, strict=False)
    return {
        version.id: read_predictions(store, digest=evaluation.predictions, target=version.signature.target)
        for version, evaluation in pairs
    }


def _metric_rows(
    task: type[Task], figures: Mapping[str, Figures], *, deltas: Mapping[str, Figures]
) -> tuple[MetricRow, ...]:
    return tuple(
        MetricRow(
            metric=metric.name,
            better=metric.better,
            values={version_id: values[metric.name] for version_id, values in figures.items() if metric.name in values},
            deltas={version_id: values[metric.name] for version_id, values in deltas.items() if metric.name in values},
        )
        for metric in task.metrics
    )


def _best(task: type[Task], deltas: Mapping[str, Figures]) -> str:
    """The best of the others, by the leading metric; empty without others, or where nothing judges."""
    if not task.leading:
        return ""
    metric = quality_metrics()[task.leading[0]]
    gains = {key: gain(values[metric.name], better=metric.better).value for key, values in deltas.items()}
    return max(gains, key=lambda version_id: gains[version_id], default="")


def _sentence(
    task: type[Task],
    versions: Sequence[ModelVersion],
    *,
    baseline: ModelVersion,
    figures: Figures,
    deltas: Mapping[str, Figures],
) -> str:
    if not deltas:
        return _("There is nothing to compare it with. Choose another version.")
    best = _best(task, deltas)
    if not best:
        return _("No metric judges what these models answer, so nothing can be said about which is better.")
    labels = labels_of(versions)
    measures = measures_of(task, figures, deltas=deltas[best])
    return verdict_in_words(measures, candidate=labels[best], baseline=labels[baseline.id])


def _without_common_rows(versions: Sequence[ModelVersion], *, baseline: ModelVersion) -> Comparison:
    task = task_of(baseline.signature.target)
    own = {version.id: common_holdout([version]) for version in versions}
    figures = {version_id: evaluations[0].metrics for version_id, evaluations in own.items() if evaluations}
    return Comparison(
        baseline=baseline.id,
        versions=tuple(versions),
        holdout="",
        sentence=_("The versions were not judged on the same rows, so nothing can be said about which is better."),
        task=task.name,
        metrics=_metric_rows(task, figures, deltas={}),
        parameters=parameter_rows(versions),
        curves=(),
        flips=(),
    )
