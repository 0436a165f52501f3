"""Versions side by side: the answer in words, and the figures behind it."""

import time

import numpy as np
import pyarrow as pa
import pytest

from core.foundation.errors import Invalid, NotFound
from core.portal import Portal
from core.registry.sentences import measures_of, verdict_in_words
from core.registry.values import Comparison
from core.tasks.task import task_called
from core.tasks.values import Curve, Interval
from tests.conftest import People
from tests.registry.onnx_files import evaluation_on, holdout_table, register_tiny, tiny_model


def curve(comparison: Comparison, version_id: str, name: str) -> Curve:
    return next(drawn for drawn in comparison.curves if (drawn.version_id, drawn.name) == (version_id, name))


def test_the_answer_is_a_sentence_with_the_figures_behind_it(portal: Portal, people: People) -> None:
    first = register_tiny(portal, people.engineer, weight=0.2, params={"layers": [64], "optimizer": {"rate": 0.1}})
    second = register_tiny(portal, people.engineer, weight=1.0, params={"layers": [64], "optimizer": {"rate": 0.2}})
    seen = portal.registry.compare(people.viewer, version_ids=(first.id, second.id))
    assert seen.baseline == first.id
    assert seen.sentence.startswith("v2 wins ")
    assert "better in log loss than v1" in seen.sentence
    assert [row.metric for row in seen.metrics] == [metric.name for metric in BINARY_TASK.metrics]
    log_loss = next(row for row in seen.metrics if row.metric == "log_loss")
    assert set(log_loss.deltas) == {second.id}
    assert log_loss.values[first.id] == first.evaluations[0].metrics["log_loss"]
    assert log_loss.deltas[second.id].high < 0
    assert {row.name for row in seen.parameters if row.differs} == {"optimizer.rate"}
    assert {row.name for row in seen.parameters if not row.differs} == {"layers"}


def test_curves_are_short_and_right(portal: Portal, people: People) -> None:
    first = register_tiny(portal, people.engineer, weight=0.2)
    second = register_tiny(portal, people.engineer)
    seen = portal.registry.compare(people.viewer, version_ids=(first.id, second.id))
    assert {drawn.version_id for drawn in seen.curves} == {first.id, second.id}
    assert all(len(drawn.x) == len(drawn.y) <= 60 for drawn in seen.curves)
    roc = curve(seen, second.id, "roc")
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    area = float(np.trapezoid(roc.y, roc.x))
    assert area == pytest.approx(second.evaluations[0].metrics["auc"].value, abs=0.005)
    assert sum(curve(seen, second.id, "scores").y) == pytest.approx(1.0)
    calibration = curve(seen, second.id, "calibration")
    assert np.mean(np.abs(np.array(calibration.x) - np.array(calibration.y))) < 0.1


def test_changed_decisions_are_counted_at_the_share_of_positives(portal: Portal, people: People) -> None:
    first = register_tiny(portal, people.engineer, weight=0.2)
    second = register_tiny(portal, people.engineer)
    seen = portal.registry.compare(people.viewer, version_ids=(first.id, second.id))
    (flip,) = seen.flips
    assert flip.threshold == pytest.approx(second.evaluations[0].positive_share)
    assert 0.05 < flip.share < 0.6
    gaps = [abs(after - before) for _row, _label, before, after in flip.rows]
    assert gaps
    assert gaps == sorted(gaps, reverse=True)
    assert all((before >= flip.threshold) != (after >= flip.threshold) for _row, _label, before, after in flip.rows)


def test_any_version_can_be_the_baseline_and_others_may_be_of_another_model(portal: Portal, people: People) -> None:
    first = register_tiny(portal, people.engineer, "linear", weight=0.2)
    second = register_tiny(portal, people.engineer, "network")
    seen = portal.registry.compare(people.viewer, version_ids=(first.id,), baseline_id=second.id)
    assert [version.id for version in seen.versions] == [second.id, first.id]
    assert seen.sentence.startswith("linear v1 loses ")
    assert "than network v1" in seen.sentence


def test_one_version_alone_is_shown_without_a_claim(portal: Portal, people: People) -> None:
    only = register_tiny(portal, people.engineer)
    seen = portal.registry.compare(people.viewer, version_ids=(only.id, only.id))
    assert [version.id for version in seen.versions] == [only.id]
    assert "nothing to compare" in seen.sentence
    assert seen.metrics[0].deltas == {}


def test_without_common_rows_nothing_is_claimed(portal: Portal, people: People) -> None:
    first = register_tiny(portal, people.engineer)
    second = register_tiny(portal, people.engineer, weight=0.5, seed=2)
    uploaded = portal.uploads.upload_version(
        people.engineer, project="PROJ-1", model="bare", filename="b.onnx", content=tiny_model(weight=0.3)
    )
    for other in (second, uploaded):
        seen = portal.registry.compare(people.viewer, version_ids=(first.id, other.id))
        assert (seen.holdout, seen.curves, seen.flips) == ("", (), ())
        assert "not judged on the same rows" in seen.sentence
        assert seen.metrics[0].values[first.id] == first.evaluations[0].metrics["auc"]
        assert seen.metrics[0].deltas == {}


def test_rows_that_only_look_the_same_give_no_deltas(portal: Portal, people: People) -> None:
    table = holdout_table()
    renamed = table.set_column(0, "row_id", pa.array([f"x{row}" for row in table.column("row_id").to_pylist()]))
    first = register_tiny(portal, people.engineer, table=table)
    second = register_tiny(portal, people.engineer, weight=0.5, table=renamed)
    assert portal.registry.compare(people.viewer, version_ids=(first.id, second.id)).holdout == ""


def test_a_holdout_can_be_chosen_by_name(portal: Portal, people: People) -> None:
    store, test, late = portal.foundation.store, holdout_table(), holdout_table(rows=500, seed=9)
    versions = []
    for weight in (0.3, 1.0):
        model = tiny_model(weight=weight)
        evaluations = tuple(
            evaluation_on(store, model=model, table=table, name=name)
            for table, name in ((late, "validation"), (test, "test"))
        )
        versions.append(register_tiny(portal, people.engineer, weight=weight, evaluations=evaluations))
    ids = tuple(version.id for version in versions)
    assert portal.registry.compare(people.viewer, version_ids=ids).holdout == versions[0].evaluations[1].holdout
    chosen = portal.registry.compare(people.viewer, version_ids=ids, holdout="validation")
    assert chosen.holdout == versions[0].evaluations[0].holdout


def test_only_visible_versions_are_compared(portal: Portal, people: People) -> None:
    first = register_tiny(portal, people.engineer)
    other = register_tiny(portal, people.outsider, project="PROJ-2", weight=0.4)
    with pytest.raises(NotFound):
        portal.registry.compare(people.viewer, version_ids=(first.id, other.id))
    with pytest.raises(NotFound):
        portal.registry.compare(people.viewer, version_ids=(first.id,), baseline_id=other.id)
    with pytest.raises(Invalid):
        portal.registry.compare(people.viewer, version_ids=())


def test_a_comparison_of_a_year_of_rows_is_quick(portal: Portal, people: People) -> None:
    table = holdout_table(rows=54_000)
    ids = tuple(register_tiny(portal, people.engineer, weight=weight, table=table).id for weight in (0.5, 1.0))
    portal.registry.compare(people.viewer, version_ids=ids)
    started = time.process_time()
    portal.registry.compare(people.viewer, version_ids=ids)
    assert time.process_time() - started < 1.0


BINARY_TASK = task_called("binary")
METRICS = [metric.name for metric in BINARY_TASK.metrics]
SAME = Interval(value=0.0, low=-0.1, high=0.1)
FIGURES = {metric: Interval(value=0.5, low=0.4, high=0.6) for metric in METRICS}


@pytest.mark.parametrize(
    ("deltas", "sentence"),
    [
        ({}, "v2 and v1 cannot be told apart: no metric differs significantly."),
        (
            {"log_loss": (-0.006, -0.007, -0.005), "auc": (0.01, 0.005, 0.015), "ece": (0.04, 0.03, 0.05)},
            "v2 wins 2 of 4 metrics. It is 1.2 % better in log loss than v1, but 8.0 % worse in calibration error.",
        ),
        ({"auc": (0.01, 0.005, 0.015)}, "v2 wins 1 of 4 metrics. It is 2.0 % better in AUC than v1."),
        ({"ece": (0.04, 0.03, 0.05)}, "v2 loses 1 of 4 metrics. It is 8.0 % worse in calibration error than v1."),
        ({"auc": (0.0001, 0.00005, 0.00015)}, "v2 wins 1 of 4 metrics. It is under 0.1 % better in AUC than v1."),
    ],
)
def test_the_sentence_claims_only_what_is_sure(deltas: dict[str, tuple[float, float, float]], sentence: str) -> None:
    known = {name: Interval(value=value, low=low, high=high) for name, (value, low, high) in deltas.items()}
    measures = measures_of(BINARY_TASK, FIGURES, deltas={**dict.fromkeys(METRICS, SAME), **known})
    assert verdict_in_words(measures, candidate="v2", baseline="v1") == sentence
