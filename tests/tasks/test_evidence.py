"""Versions of any task are measured and compared from their stored predictions, and nothing is claimed of models that
do not say the same kind of thing."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.foundation.errors import Invalid
from core.foundation.storage import Store
from core.registry.comparison import compare_versions
from core.registry.measuring import measure_quality
from core.registry.values import Evaluation, ModelVersion, QualityReport
from core.tasks.prediction_files import predictions_table
from core.tasks.task import all_tasks
from core.tasks.values import Target, Verdict
from tests.tasks.columns import column
from tests.tasks.test_golden import golden_version

ROWS = 60
TARGETS = {
    "binary": Target(),
    "multi_class": Target(task="multi_class", classes=("a", "b", "c", "d")),
    "multi_label": Target(task="multi_label", classes=("a", "b", "c")),
    "ranking": Target(task="ranking", group="query"),
    "regression": Target(task="regression", interval=0.8),
    "generic": Target(task="generic"),
}


def version_of(store: Store, number: int, *, task: str, noise: float, rows: int = ROWS) -> ModelVersion:
    """A version whose predictions of the same rows are further off the more noise there is."""
    target, random = TARGETS[task], np.random.default_rng(3)
    errors = noise * np.random.default_rng(number).normal(size=rows)
    labels, outputs = answers_of(task, random.integers(0, 3, rows), errors)
    groups = column([f"q{row // 6}" for row in range(rows)]) if target.group else None
    file = io.BytesIO()
    ids = [f"r{row}" for row in range(rows)]
    pq.write_table(predictions_table(ids, labels=column(labels), outputs=outputs, groups=groups), file)
    evaluation = Evaluation(
        holdout="a" * 64, holdout_name="test", rows=rows, metrics={}, predictions=store.put_bytes(file.getvalue())
    )
    version = golden_version(store, number)
    signature = version.signature.model_copy(update={"target": target})
    return version.model_copy(update={"evaluations": (evaluation,), "signature": signature})


def answers_of(task: str, drawn: Any, noise: Any) -> tuple[list[Any], dict[str, Any]]:
    value = drawn + noise
    shares = np.exp(-abs(value[:, None] - np.arange(4)))
    if task == "multi_class":
        shares /= shares.sum(axis=1, keepdims=True)
        predicted = np.array(list("abcd"), dtype=object)[shares.argmax(axis=1)]
        return ["abcd"[label] for label in drawn], {"probabilities": shares, "predicted": predicted}
    if task == "multi_label":
        return [["a", "b", "c"][:label] for label in drawn], {"probabilities": np.clip(shares[:, 1:], 0.0, 1.0)}
    if task == "binary":
        return (drawn == 1).astype(int).tolist(), {"probability": shares[:, 1].clip(0, 1)}
    if task == "ranking":
        return drawn.tolist(), {"score": value}
    return drawn.tolist(), {"value": value, "low": value - 1, "high": value + 1}


@pytest.mark.parametrize("task", [name for name in TARGETS if name != "generic"])
def test_two_versions_of_a_task_are_measured_and_compared(tmp_path: Path, task: str) -> None:
    store = Store(tmp_path)
    before, after = (version_of(store, number, task=task, noise=noise) for number, noise in ((1, 2.0), (2, 0.4)))
    evidence = measure_quality(store, candidate=after, baseline=before, holdout="", measured_by="mei")
    report = QualityReport.model_validate(evidence.content)
    assert evidence.verdict is Verdict.PASS
    assert set(report.deltas) == set(report.metrics) == set(report.baseline_metrics)
    assert set(report.margins) == set(all_tasks()[task].margins)
    seen = compare_versions(store, versions=(before, after), baseline=before)
    assert seen.candidate == after.id
    assert seen.sentence.startswith("v2 wins ")
    assert {curve.name for curve in seen.curves} == {picture.name for picture in all_tasks()[task].pictures}
    assert f"{len(report.metrics)} metrics" in seen.sentence


def test_every_task_is_measured_here() -> None:
    assert set(TARGETS) == set(all_tasks())


def test_a_margin_in_the_unit_of_the_label_is_a_share_of_the_baseline(tmp_path: Path) -> None:
    store = Store(tmp_path)
    before, after = (version_of(store, number, task="regression", noise=1.0) for number in (1, 2))
    evidence = measure_quality(store, candidate=after, baseline=before, holdout="", measured_by="mei")
    report = QualityReport.model_validate(evidence.content)
    assert report.margins == {"mae": pytest.approx(0.01 * report.baseline_metrics["mae"].value)}
    assert evidence.verdict is Verdict.INCONCLUSIVE


def test_what_one_must_know_of_the_figures_is_in_the_evidence(tmp_path: Path) -> None:
    version = version_of(Store(tmp_path), 1, task="multi_class", noise=0.5)
    evidence = measure_quality(Store(tmp_path), candidate=version, baseline=None, holdout="", measured_by="mei")
    assert evidence.content["remarks"] == ["1 of 4 classes have no row here, which lowers the macro F1."]


def test_what_no_metric_judges_is_not_measured(tmp_path: Path) -> None:
    version = version_of(Store(tmp_path), 1, task="generic", noise=0.5)
    with pytest.raises(Invalid, match="No metric judges what MV-1 answers"):
        measure_quality(Store(tmp_path), candidate=version, baseline=None, holdout="", measured_by="mei")


def test_models_of_other_tasks_or_classes_have_no_rows_in_common(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = version_of(store, 1, task="multi_class", noise=0.5)
    number = version_of(store, 2, task="regression", noise=0.5)
    assert "not judged on the same rows" in compare_versions(store, versions=(first, number), baseline=first).sentence
    fewer = Target(task="multi_class", classes=("a", "b", "c", "e"))
    signature = first.signature.model_copy(update={"target": fewer})
    other = first.model_copy(update={"id": "MV-2", "version": 2, "signature": signature})
    assert "not judged on the same rows" in compare_versions(store, versions=(first, other), baseline=first).sentence
