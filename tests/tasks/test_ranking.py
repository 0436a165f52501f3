"""An order within groups: figures against values by hand and an independent library, and what a label may be."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.foundation.errors import Invalid
from core.tasks.kinds.ranking import RankingTask as Task
from core.tasks.prediction_files import predictions_in, predictions_table
from core.tasks.predictions import Predictions
from core.tasks.values import Interval, Target
from tests.tasks.columns import column, predictions

QUERY = Target(task="ranking", label="relevance", group="query")


def answered(labels: Any, scores: Any, groups: Any) -> Predictions:
    outputs = {"score": np.array(scores, dtype=np.float64)}
    return predictions(list(labels), outputs=outputs, target=QUERY, groups=groups)


def drawn(groups: int, *, seed: int, noise: float = 1.0) -> Predictions:
    """Groups of 2 to 30 rows, in no order. A seed has its labels, whatever the noise."""
    random = np.random.default_rng(seed)
    codes = np.repeat(np.arange(groups), random.integers(2, 31, groups))
    random.shuffle(codes)
    labels = random.choice(4, codes.size, p=[0.7, 0.15, 0.1, 0.05])
    scores = labels + noise * random.normal(size=codes.size)
    return answered(labels.tolist(), scores, codes)


def in_groups(rows: Predictions) -> list[tuple[Any, Any]]:
    """Labels and scores of every group with a relevant row."""
    members = [rows.groups == code for code in np.unique(rows.groups)]
    pairs = [(rows.labels[member], rows.outputs["score"][member]) for member in members]
    return [(labels, scores) for labels, scores in pairs if labels.any()]


def half(interval: Interval) -> float:
    return (interval.high - interval.low) / 2


def test_figures_by_hand() -> None:
    # In the first group the relevant rows stand at places 1 and 3, in the second the only one at place 2.
    rows = answered([2, 0, 1, 0, 1], [3, 2, 1, 9, 8], [0, 0, 0, 7, 7])
    figures = Task.evaluate(rows)
    first = (2 + 1 / np.log2(4)) / (2 + 1 / np.log2(3))
    assert figures["ndcg_5"].value == pytest.approx((first + 1 / np.log2(3)) / 2)
    assert figures["map"].value == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)
    assert figures["mrr"].value == pytest.approx((1 + 1 / 2) / 2)


def test_rows_with_equal_scores_gain_nothing_by_their_order() -> None:
    scores, groups = [5, 5, 5, 5, 1, 2], [0, 0, 0, 0, 1, 1]
    figures = Task.evaluate(answered([1, 0, 0, 0, 0, 2], scores, groups))
    turned = Task.evaluate(answered([0, 0, 0, 1, 0, 2], scores, groups))
    assert figures == turned
    discounts = 1 / np.log2(np.arange(4) + 2)
    assert figures["ndcg_5"].value == pytest.approx((discounts.mean() + 1) / 2)
    assert figures["map"].value == pytest.approx((1 / 4 + 1) / 2)
    assert figures["mrr"].value == pytest.approx((1 / 4 + 1) / 2)


def test_groups_without_a_relevant_row_are_left_out_and_mentioned() -> None:
    rows = answered([1, 0, 0, 1, 0, 0, 0], [2, 1, 2, 1, 5, 4, 3], [0, 0, 1, 1, 2, 2, 3])
    assert Task.evaluate(rows)["mrr"].value == pytest.approx((1 + 1 / 2) / 2)
    assert Task.remarks(rows) == ("2 of 4 groups have no relevant row and are left out.",)
    assert Task.remarks(answered([1, 1], [2, 1], [0, 1])) == ()


def test_a_group_of_one_relevant_row_is_in_order() -> None:
    assert {figure.value for figure in Task.evaluate(answered([3, 1], [0, 0], [0, 1])).values()} == {1.0}


def test_figures_agree_with_an_independent_library() -> None:
    from sklearn import metrics as oracle

    rows = drawn(60, seed=1)
    rows = answered(rows.labels, np.round(rows.outputs["score"], 1), rows.groups)
    figures, pairs = Task.evaluate(rows), in_groups(rows)
    for first in (5, 10):
        expected = np.mean([oracle.ndcg_score([labels], [scores], k=first) for labels, scores in pairs])
        assert figures[f"ndcg_{first}"].value == pytest.approx(expected, abs=1e-12)
    expected = np.mean([oracle.average_precision_score(labels > 0, scores) for labels, scores in pairs])
    assert figures["map"].value == pytest.approx(expected, abs=1e-12)


def test_intervals_are_those_of_means_over_groups() -> None:
    before, after = drawn(80, seed=3), drawn(80, seed=3, noise=1.3)
    gains = first_ranks(after) - first_ranks(before)
    delta = Task.compare(before, after=after)["mrr"]
    assert gains.size == 76
    wide = 1.992102 * gains.std(ddof=1) / np.sqrt(76) / (1 - gains.mean() ** 2)
    assert delta.value == pytest.approx(gains.mean())
    assert delta.low == pytest.approx(np.tanh(np.arctanh(gains.mean()) - wide), abs=1e-6)
    assert delta.high == pytest.approx(np.tanh(np.arctanh(gains.mean()) + wide), abs=1e-6)


def first_ranks(rows: Predictions) -> Any:
    """One over the place of the first relevant row, by group."""
    ordered = [labels[np.argsort(-scores)] for labels, scores in in_groups(rows)]
    return np.array([1 / (1 + (labels > 0).argmax()) for labels in ordered])


@pytest.mark.parametrize("scores", [[2, 1, 2, 1], [1, 2, 1, 2], [0, 0, 0, 0]])
def test_intervals_of_few_groups_stay_inside_what_a_metric_can_be(scores: list[float]) -> None:
    rows, other = answered([1, 0, 2, 0], scores, [0, 0, 1, 1]), answered([1, 0, 2, 0], scores[::-1], [0, 0, 1, 1])
    for interval in Task.evaluate(rows).values():
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert Task.evaluate(answered([1, 0, 2, 0], [2, 1, 2, 1], [0, 0, 1, 1]))["mrr"].low < 0.5
    for delta in Task.compare(rows, after=other).values():
        assert -1 <= delta.low <= delta.value <= delta.high <= 1
    for delta in Task.compare(rows, after=rows).values():
        assert delta == Interval(value=0.0, low=0.0, high=0.0)


@pytest.mark.parametrize(
    ("labels", "scores", "groups"),
    [
        ([1, 0], [1, 2], None),
        ([1, 0], [1, 2], [0, 0]),
        ([0, 0], [1, 2], [0, 1]),
        ([1, 1], [1, np.nan], [0, 1]),
    ],
)
def test_what_cannot_be_judged_is_refused(labels: Any, scores: Any, groups: Any) -> None:
    with pytest.raises(Invalid):
        Task.evaluate(answered(labels, scores, groups))


def test_a_label_is_a_degree_and_needs_groups() -> None:
    assert Task.target_of(column([0, 2, 1]), label="relevance", group="query") == QUERY
    with pytest.raises(Invalid, match="no groups to rank within"):
        Task.target_of(column([0, 2, 1]), label="relevance")
    with pytest.raises(Invalid, match="below 0"):
        Task.labels_of(column([0, -1]), target=QUERY)
    assert Task.fits(column([0, 1, 2, 3]))
    assert not Task.fits(column([-1, 0, 1]))
    assert not Task.fits(column([0.5, 1.0]))
    assert not Task.fits(column(list(range(7))))


def test_rows_that_are_equally_relevant_teach_nothing() -> None:
    assert Task.refuse_labels(Task.spread_of(np.array([1.0, 1.0]), target=QUERY)) == "all labels are 1"
    assert Task.refuse_labels(Task.spread_of(np.array([1.0, 0.0]), target=QUERY)) == ""


def test_the_picture_shows_the_mean_relevance_by_place() -> None:
    (line,) = Task.lines(answered([1, 0, 2, 0, 1], [2, 1, 3, 2, 1], [0, 0, 1, 1, 1]))
    assert (line.x, line.y) == ((1.0, 2.0, 3.0), (1.5, 0.0, 1.0))


def test_answers_lead_back_to_the_outputs() -> None:
    outputs = answered([1, 0], [0.5, -3], [0, 0]).outputs
    answers = Task.answers(outputs, target=QUERY)
    assert answers == [{"score": 0.5}, {"score": -3.0}]
    assert Task.gaps(outputs, second=Task.outputs_of(answers, target=QUERY)).tolist() == [0.0, 0.0]
    assert Task.constant(np.array([1.0, 0.0]), rows=2, target=QUERY)["score"].tolist() == [0.0, 0.0]


def test_groups_come_from_their_column_and_none_may_be_missing() -> None:
    rows = answered([1, 0, 1], [1, 2, 3], [0, 0, 1])
    groups = column(["shoes", "shoes", "hats"])
    table = predictions_table(["a", "b", "c"], labels=column([1, 0, 1]), outputs=rows.outputs, groups=groups)
    assert Task.evaluate(predictions_in(table, rows=("a", "b", "c"), target=QUERY)) == Task.evaluate(rows)
    missing = predictions_table(
        ["a", "b"], labels=column([1, 0]), outputs={"score": np.zeros(2)}, groups=column(["a", None], pa.string())
    )
    with pytest.raises(Invalid, match="a row has no group"):
        predictions_in(missing, rows=("a", "b"), target=QUERY)
