"""Any number of labels: figures against values by hand and an independent library, and what a label may be."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.foundation.errors import Invalid
from core.tasks.kinds.multi_label import MultiLabelTask as Task
from core.tasks.prediction_files import predictions_in, predictions_table
from core.tasks.predictions import Predictions
from core.tasks.values import Interval, Target
from tests.tasks.columns import column, predictions

TAGS = Target(task="multi_label", label="tags", classes=("art", "law", "war"))


def answered(labels: list[list[str]], chances: Any) -> Predictions:
    return predictions(labels, outputs={"probabilities": np.array(chances, dtype=np.float64)}, target=TAGS)


def drawn(rows: int, *, seed: int, noise: float = 1.0) -> Predictions:
    """Labels of which one is rare. A seed has its labels, whatever the noise."""
    random = np.random.default_rng(seed)
    labels = random.random((rows, 3)) < [0.5, 0.3, 0.05]
    scores = 2.0 * labels - 1.2 + noise * random.normal(size=labels.shape)
    return Predictions((), labels, {"probabilities": 1 / (1 + np.exp(-scores))}, TAGS)


def some(rows: Predictions, at: Any) -> Predictions:
    return Predictions((), rows.labels[at], {"probabilities": rows.outputs["probabilities"][at]}, TAGS)


def half(interval: Interval) -> float:
    return (interval.high - interval.low) / 2


def test_figures_by_hand() -> None:
    # Decided are art; art and law; nothing. The label war is in no row, so it has no AUC and an F1 of 0.
    rows = answered([["art"], ["law"], []], [[0.9, 0.1, 0.1], [0.5, 0.8, 0.2], [0.2, 0.3, 0.1]])
    figures = Task.evaluate(rows)
    assert figures["micro_f1"].value == pytest.approx(2 * 2 / (2 + 3))
    assert figures["macro_f1"].value == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert figures["hamming_loss"].value == pytest.approx(1 / 9)
    assert figures["mean_auc"].value == 1.0
    chances = [0.9, 0.9, 0.9, 0.5, 0.8, 0.8, 0.8, 0.7, 0.9]
    assert figures["log_loss"].value == pytest.approx(-np.log(chances).mean())
    assert Task.remarks(rows) == ("1 of 3 labels are in no row here or in every one, and have no AUC.",)


def test_figures_agree_with_an_independent_library() -> None:
    from sklearn import metrics as oracle

    rows = drawn(2_000, seed=1)
    labels, chances = rows.labels, np.round(rows.outputs["probabilities"], 2)
    figures = Task.evaluate(Predictions((), labels, {"probabilities": chances}, TAGS))
    for average in ("micro", "macro"):
        expected = oracle.f1_score(labels, chances >= 0.5, average=average)
        assert figures[f"{average}_f1"].value == pytest.approx(expected, abs=1e-12)
    assert figures["hamming_loss"].value == pytest.approx(oracle.hamming_loss(labels, chances >= 0.5), abs=1e-12)
    assert figures["mean_auc"].value == pytest.approx(oracle.roc_auc_score(labels, chances), abs=1e-12)
    expected = oracle.log_loss(labels.reshape(-1), np.clip(chances, 1e-15, 1 - 1e-15).reshape(-1))
    assert figures["log_loss"].value == pytest.approx(expected, abs=1e-9)
    assert Task.remarks(rows) == ()


def test_intervals_are_as_wide_as_a_bootstrap_of_the_rows_says() -> None:
    before, after = drawn(1_000, seed=3), drawn(1_000, seed=3, noise=1.1)
    random = np.random.default_rng(1)
    draws = [random.integers(0, 1_000, 1_000) for _draw in range(100)]
    again = [[Task.evaluate(some(rows, at)) for at in draws] for rows in (before, after)]
    alone, delta = Task.evaluate(before), Task.compare(before, after=after)
    for name in (metric.name for metric in Task.metrics):
        first, second = (np.array([figures[name].value for figures in draw]) for draw in again)
        assert half(alone[name]) == pytest.approx(1.96 * first.std(), rel=0.25)
        assert half(delta[name]) == pytest.approx(1.96 * (second - first).std(), rel=0.25)
        assert delta[name].value == pytest.approx(Task.evaluate(after)[name].value - alone[name].value)
        assert half(delta[name]) < 0.7 * half(alone[name])


@pytest.mark.parametrize(
    "chances", [[[1, 0, 0], [0, 1, 0]], [[0, 1, 1], [1, 0, 1]], [[0.6, 0.6, 0.6]] * 2, [[0.0, 0.0, 0.0]] * 2]
)
def test_intervals_of_few_rows_stay_inside_what_a_metric_can_be(chances: Any) -> None:
    rows, other = answered([["art"], ["law"]], chances), answered([["art"], ["law"]], chances[::-1])
    for name, interval in Task.evaluate(rows).items():
        assert 0 <= interval.low <= interval.value <= interval.high
        assert interval.high <= (np.inf if name == "log_loss" else 1)
    for name, delta in Task.compare(rows, after=other).items():
        assert delta.low <= delta.value <= delta.high
        assert name == "log_loss" or -1 <= delta.low <= delta.high <= 1
    for delta in Task.compare(rows, after=rows).values():
        assert delta == Interval(value=0.0, low=0.0, high=0.0)


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.large_list(pa.string())])
def test_labels_are_lists_of_names(kind: Any) -> None:
    values = column([["law", "art"], [], ["law"], ["art"]], kind)
    target = Task.target_of(values, label="tags")
    assert target.classes == ("art", "law")
    flags = [[1, 1], [0, 0], [0, 1], [1, 0]]
    assert Task.labels_of(values, target=target).astype(int).tolist() == flags
    assert Task.target_of(column([[10, 9], [9, 10]]), label="tags").classes == ("9", "10")
    assert Task.labels_of(column([["law"], []], pa.list_(pa.string()))[1:], target=target).tolist() == [[False, False]]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([["a"], None], "missing in 1 rows"),
        ([["a"], ["a", None]], "missing in 1 rows"),
        ([["a"], ["a", "b"]], "one row only has the label b"),
        (["a", "b"], "no lists: they are of the type string"),
        ([[["a"]], [["a"]]], "of the type list"),
    ],
)
def test_what_holds_no_names_is_refused_in_words(values: list[Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        Task.target_of(column(values), label="tags")


def test_a_label_that_the_model_does_not_know_is_named() -> None:
    with pytest.raises(Invalid, match="the model knows no class sea"):
        Task.labels_of(column([["art", "sea"]]), target=TAGS)


def test_rows_of_the_same_labels_teach_nothing() -> None:
    same, other = np.array([[1, 0, 0], [1, 0, 0]], dtype=bool), np.array([[1, 0, 0], [0, 0, 0]], dtype=bool)
    assert Task.refuse_labels(Task.spread_of(same, target=TAGS)) == "all rows have the same labels"
    assert Task.refuse_labels(Task.spread_of(other, target=TAGS)) == ""
    assert Task.spread_of(other, target=TAGS).shares == {"art": 0.5, "law": 0.0, "war": 0.0}


def test_labels_that_are_called_0_and_1_are_no_yes_and_no() -> None:
    target = Target(task="multi_label", classes=("0", "1"))
    both = Task.spread_of(np.array([[1, 1], [0, 1]], dtype=bool), target=target)
    assert both.as_fields() == {"spread": both}


def test_flips_are_rows_of_other_labels_with_the_widest_gap_first() -> None:
    labels = [["art"], ["law"], []]
    before = answered(labels, [[0.6, 0.4, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9]])
    after = answered(labels, [[0.6, 0.5, 0.1], [0.2, 0.8, 0.1], [0.1, 0.1, 0.1]])
    flip = Task.flips(before, after=after, version_id="MV-2")
    assert flip is not None
    assert flip.rows == (("r2", "", "war", ""), ("r0", "art", "art", "art, law"))
    assert flip.share == pytest.approx(2 / 3)


def test_answers_name_the_labels_and_lead_back_to_the_outputs() -> None:
    rows = answered([["art"], []], [[0.5, 0.25, 0.75], [0.125, 0.0, 0.25]])
    answers = Task.answers(rows.outputs, target=TAGS)
    assert answers[0] == {"labels": ["art", "war"], "probabilities": {"art": 0.5, "law": 0.25, "war": 0.75}}
    assert answers[1]["labels"] == []
    assert Task.gaps(rows.outputs, second=Task.outputs_of(answers, target=TAGS)).tolist() == [0.0, 0.0]


def test_the_constant_is_the_share_of_each_label() -> None:
    outputs = Task.constant(np.array([[1, 0, 0], [1, 1, 0]], dtype=bool), rows=1, target=TAGS)
    assert outputs["probabilities"].tolist() == [[1.0, 0.5, 0.0]]


def test_predictions_are_the_same_after_a_file() -> None:
    rows = answered([["art", "law"], []], [[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]])
    labels = column([["art", "law"], []])
    table = predictions_table(["r0", "r1"], labels=labels, outputs=rows.outputs).sort_by("row_id")
    again = predictions_in(table, rows=rows.rows, target=TAGS)
    assert (again.labels == rows.labels).all()
    assert Task.gaps(rows.outputs, second=again.outputs).tolist() == [0.0, 0.0]


def test_pictures_are_by_label() -> None:
    lines = {line.name: line for line in Task.lines(drawn(500, seed=4))}
    assert list(lines) == [picture.name for picture in Task.pictures]
    assert lines["recall"].names == TAGS.classes


def test_models_may_name_their_labels_in_another_order() -> None:
    chances = [[0.5, 0.25, 0.75], [0.125, 0.0, 0.25]]
    rows = answered([["art"], ["law", "war"]], chances)
    turned = Target(task="multi_label", classes=("war", "art", "law"))
    outputs = {"probabilities": np.array(chances)[:, [2, 0, 1]]}
    other = predictions([["art"], ["law", "war"]], outputs=outputs, target=turned)
    assert (Task.aligned(other, target=TAGS).labels == rows.labels).all()
    assert {delta.value for delta in Task.compare(rows, after=other).values()} == {0.0}
    assert rows.knows_the_same(other)
    fewer = Target(task="multi_label", classes=("art",))
    assert not rows.knows_the_same(predictions([["art"]], outputs={}, target=fewer))
