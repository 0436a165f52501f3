"""One of several classes: figures against values by hand and an independent library, and what a label may be."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.foundation.errors import Invalid
from core.tasks.kinds.multi_class import MultiClassTask as Task
from core.tasks.measures import calibration
from core.tasks.measures.classes import Decided, f1_figures
from core.tasks.prediction_files import predictions_in, predictions_table
from core.tasks.predictions import Predictions
from core.tasks.values import Interval, Target
from tests.tasks.columns import column, predictions

ABC = Target(task="multi_class", label="kind", classes=("a", "b", "c"))


def drawn(rows: int, *, classes: int, seed: int, noise: float = 1.0) -> Predictions:
    """Labels, and softmax scores that know of them. A seed has its labels, whatever the noise."""
    random = np.random.default_rng(seed)
    names = tuple(f"c{place}" for place in range(classes))
    labels = random.choice(classes, rows, p=np.arange(1, classes + 1) / sum(range(1, classes + 1)))
    scores = 1.5 * np.eye(classes)[labels] + noise * random.normal(size=(rows, classes))
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return answered([names[label] for label in labels], chances, target=Target(task="multi_class", classes=names))


def answered(labels: list[str], chances: Any, *, target: Target = ABC, decided: list[str] | None = None) -> Predictions:
    chances = np.array(chances, dtype=np.float64)
    decided = decided or [target.classes[place] for place in chances.argmax(axis=1)]
    outputs = {"probabilities": chances, "predicted": np.array(decided, dtype=object)}
    return predictions(labels, outputs=outputs, target=target)


def certain(decided: str) -> list[list[float]]:
    return np.eye(3)[["abc".index(name) for name in decided]].tolist()


def test_figures_by_hand() -> None:
    figures = Task.evaluate(
        answered(list("aabc"), [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.1, 0.7, 0.2]])
    )
    # Decided are a, b, b, b: the F1 of a is 2/3, that of b 1/2, that of c 0.
    assert figures["accuracy"].value == 0.5
    assert figures["macro_f1"].value == pytest.approx((2 / 3 + 1 / 2) / 3)
    assert figures["weighted_f1"].value == pytest.approx(2 / 4 * 2 / 3 + 1 / 4 * 1 / 2)
    assert figures["log_loss"].value == pytest.approx(-np.log([0.8, 0.3, 0.5, 0.2]).mean())
    assert "top_3_accuracy" not in figures


def test_a_class_that_no_row_has_counts_in_the_macro_f1_and_is_mentioned() -> None:
    whole = answered(list("aabb"), certain("aabb"))
    assert Task.evaluate(whole)["macro_f1"].value == pytest.approx(2 / 3)
    assert Task.remarks(whole) == ("1 of 3 classes have no row here, which lowers the macro F1.",)
    assert Task.remarks(answered(list("abc"), certain("aaa"))) == ()


def test_a_macro_f1_reaches_as_far_as_a_class_without_hits_or_misses_may_go() -> None:
    """Of a, all 4 rows are right; of b, none of 4; c is in no row. Nothing else is uncertain."""
    interval = Task.evaluate(answered(list("aaaabbbb"), certain("aaaacccc")))["macro_f1"]
    most = 1 - 0.025 ** (1 / 4)
    assert interval.value == pytest.approx(1 / 3)
    assert interval.low == pytest.approx((1 - most) / 3)
    assert interval.high == pytest.approx((1 + np.sqrt(1 + (2 * 0.975 / 4) ** 2)) / 3)


def test_figures_agree_with_an_independent_library() -> None:
    from sklearn import metrics as oracle

    rows = drawn(3_000, classes=6, seed=1)
    chances = np.round(rows.outputs["probabilities"], 3)
    chances[:, -1] += 1 - chances.sum(axis=1)
    labels, known = [rows.target.classes[place] for place in rows.labels], list(rows.target.classes)
    judged = answered(labels, np.clip(chances, 0, 1), target=rows.target)
    decided, figures = judged.outputs["predicted"].tolist(), Task.evaluate(judged)
    assert figures["accuracy"].value == pytest.approx(oracle.accuracy_score(labels, decided), abs=1e-12)
    for average in ("macro", "weighted"):
        expected = oracle.f1_score(labels, decided, labels=known, average=average, zero_division=0)
        assert figures[f"{average}_f1"].value == pytest.approx(expected, abs=1e-12)
    shares = judged.outputs["probabilities"]
    assert figures["log_loss"].value == pytest.approx(oracle.log_loss(labels, shares, labels=known), rel=1e-6)
    expected = oracle.top_k_accuracy_score(judged.labels, rows.outputs["probabilities"], k=3, labels=range(6))
    assert Task.evaluate(rows)["top_3_accuracy"].value == pytest.approx(expected, abs=1e-12)
    lines = {line.name: line for line in Task.lines(judged)}
    assert np.array_equal(np.reshape(lines["confusion"].y, (6, 6)), oracle.confusion_matrix(labels, decided))
    precision, recall, _f1, _rows = oracle.precision_recall_fscore_support(labels, decided, labels=known)
    assert lines["recall"].y == pytest.approx(recall)
    assert lines["precision"].y == pytest.approx(precision)
    assert lines["recall"].names == rows.target.classes


def test_the_calibration_is_that_of_the_most_probable_class() -> None:
    judged = answered(list("abca"), [[0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0.2, 0.2, 0.6], [0.3, 0.6, 0.1]])
    # Two bins: 0.9 with 1 of 2 right (gap 0.4), and 0.6 with 1 of 2 right (gap 0.1).
    assert Task.evaluate(judged)["ece"].value == pytest.approx((0.4 + 0.1) / 2)
    gaps = calibration.gaps_of(np.array([1.0, 0, 1, 0]), probabilities=np.array([0.9, 0.9, 0.6, 0.6]))
    assert Task.evaluate(judged)["ece"] == calibration.interval(gaps)


def test_intervals_are_as_wide_as_a_bootstrap_of_the_rows_says() -> None:
    """Alone and paired; the calibration error has an interval of its own."""
    before, after = drawn(1_000, classes=5, seed=3), drawn(1_000, classes=5, seed=3, noise=1.1)
    random = np.random.default_rng(1)
    draws = [random.integers(0, 1_000, 1_000) for _draw in range(100)]
    again = [[Task.evaluate(some(rows, at)) for at in draws] for rows in (before, after)]
    alone, delta = Task.evaluate(before), Task.compare(before, after=after)
    for name in (metric.name for metric in Task.metrics if metric.name != "ece"):
        first, second = (np.array([figures[name].value for figures in draw]) for draw in again)
        assert half(alone[name]) == pytest.approx(1.96 * first.std(), rel=0.25)
        assert half(delta[name]) == pytest.approx(1.96 * (second - first).std(), rel=0.25)
        assert delta[name].value == pytest.approx(Task.evaluate(after)[name].value - alone[name].value)
        assert half(delta[name]) < 0.7 * half(alone[name])


@pytest.mark.parametrize("name", ["macro_f1", "weighted_f1"])
def test_an_influence_is_how_far_one_more_such_row_moves_the_figure(name: str) -> None:
    labels, decided = list("aaabbc"), list("aabbac")
    many, rows = 5_000, len(labels)
    influences = f1_figures(decided_by(labels, decided))[name].influences
    before = f1_figures(decided_by(labels * many, decided * many))[name].value
    for row, influence in enumerate(influences):
        after = f1_figures(decided_by(labels * many + [labels[row]], decided * many + [decided[row]]))[name].value
        assert (after - before) * rows * many == pytest.approx(influence, abs=1e-3)


def decided_by(labels: list[str], decided: list[str]) -> Decided:
    codes = [np.array(["abc".index(name) for name in names]) for names in (labels, decided)]
    return Decided(codes[0], codes[1], np.eye(3)[codes[1]])


def half(interval: Interval) -> float:
    return (interval.high - interval.low) / 2


def some(rows: Predictions, at: Any) -> Predictions:
    outputs = {name: values[at] for name, values in rows.outputs.items()}
    return Predictions(rows=(), labels=rows.labels[at], outputs=outputs, target=rows.target)


@pytest.mark.parametrize(("labels", "decided"), [("abc", "abc"), ("abc", "bca"), ("aab", "aac"), ("aa", "aa")])
def test_intervals_of_few_rows_stay_inside_what_a_metric_can_be(labels: str, decided: str) -> None:
    before, after = answered(list(labels), certain(decided)), answered(list(labels), certain(decided[::-1]))
    for name, interval in Task.evaluate(before).items():
        assert 0 <= interval.low <= interval.value <= interval.high
        assert interval.high <= (np.inf if name == "log_loss" else 1)
        assert name == "log_loss" or interval.low < interval.high
    for name, delta in Task.compare(before, after=after).items():
        assert delta.low <= delta.value <= delta.high
        assert name == "log_loss" or -1 <= delta.low <= delta.high <= 1


def test_the_same_answers_differ_by_nothing() -> None:
    rows = drawn(200, classes=4, seed=4)
    for delta in Task.compare(rows, after=rows).values():
        assert delta == Interval(value=0.0, low=0.0, high=0.0)


def test_the_difference_of_accuracies_counts_the_rows_that_one_alone_has_right() -> None:
    before, after = (
        answered(list("a" * 20), certain("a" * 12 + "b" * 8)),
        answered(list("a" * 20), certain("b" * 2 + "a" * 18)),
    )
    delta = Task.compare(before, after=after)["accuracy"]
    more, less = 9 / 22, 3 / 22
    wide = 1.959964 * np.sqrt((more + less - (more - less) ** 2) / 22)
    assert delta.value == pytest.approx(6 / 20)
    assert (delta.low, delta.high) == pytest.approx((more - less - wide, more - less + wide))


@pytest.mark.parametrize(
    ("values", "kind", "classes"),
    [
        (["pear", "fig"] * 2, None, ("fig", "pear")),
        ([12, 3] * 2, pa.int16(), ("3", "12")),
        ([12.0, 3.0] * 2, None, ("3", "12")),
        ([True, False] * 2, None, ("false", "true")),
        (["b", "a"] * 2, pa.dictionary(pa.int8(), pa.string()), ("a", "b")),
    ],
)
def test_classes_keep_the_text_of_the_value(values: list[Any], kind: Any, classes: tuple[str, ...]) -> None:
    target = Task.target_of(column(values, kind), label="kind")
    assert target == Target(task="multi_class", label="kind", classes=classes)
    labels = Task.labels_of(column(values, kind), target=target)
    assert labels.tolist() == [1, 0] * 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["a", None, "a"], "labels are missing in 1 rows"),
        ([1.0, float("nan"), float("nan")], "labels are missing in 2 rows"),
        (["a", "a", ""], "an empty text"),
        (["a", "a", "b" * 201], "more than 200 characters"),
        (["a", "a", "b"], "one row only has the label b"),
        (list("abcde"), "a, b, c and 2 more"),
        ([["a"], ["a"]], "of the type list"),
        (
            [str(place) for place in range(10_001)] * 2,
            "10\u2009001 different values, and 10\u2009000 classes",
        ),
    ],
)
def test_what_names_no_classes_is_refused_in_words(values: list[Any], words: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Task.target_of(column(values), label="kind")
    assert words in refusal.value.message
    assert refusal.value.field == "label"


def test_a_label_that_the_model_does_not_know_is_named() -> None:
    with pytest.raises(Invalid, match="the model knows no class d, e"):
        Task.labels_of(column(list("adeed")), target=ABC)


@pytest.mark.parametrize(
    ("chances", "decided"),
    [
        ([[0.5, 0.5], [0.5, 0.5]], list("ab")),
        ([[np.nan, 0, 1], [0, 0, 1]], list("ab")),
        ([[1.2, -0.2, 0], [0, 0, 1]], list("ab")),
        ([[0.9, 0.9, 0.9], [0, 0, 1]], list("ab")),
        ([[1, 0, 0], [0, 0, 1]], list("ad")),
    ],
)
def test_answers_that_are_none_are_refused(chances: Any, decided: list[str]) -> None:
    with pytest.raises(Invalid):
        Task.evaluate(answered(list("ab"), chances, decided=decided))


def test_rows_of_one_class_teach_nothing() -> None:
    assert Task.refuse_labels(Task.spread_of(np.array([1, 1]), target=ABC)) == "all labels are b"
    assert Task.refuse_labels(Task.spread_of(np.array([0, 1]), target=ABC)) == ""
    assert Task.spread_of(np.array([0, 1, 1, 1]), target=ABC).shares == {"a": 0.25, "b": 0.75, "c": 0.0}


def test_of_many_classes_the_spread_holds_the_most_frequent() -> None:
    target = Target(task="multi_class", classes=tuple(f"c{place:03}" for place in range(300)))
    labels = np.concatenate([np.arange(300), np.arange(200, 300)])
    spread = Task.spread_of(labels, target=target)
    assert list(spread.shares) == list(target.classes[200:])
    assert spread.shares["c299"] == 2 / 400


def test_flips_are_rows_of_another_class_with_the_widest_gap_first() -> None:
    before = answered(list("abc"), [[0.6, 0.3, 0.1], [0.4, 0.35, 0.25], [0.1, 0.1, 0.8]])
    after = answered(list("abc"), [[0.4, 0.5, 0.1], [0.05, 0.9, 0.05], [0.2, 0.1, 0.7]])
    flip = Task.flips(before, after=after, version_id="MV-2")
    assert flip is not None
    assert flip.rows == (("r1", "b", "a", "b"), ("r0", "a", "a", "b"))
    assert flip.share == pytest.approx(2 / 3)


def test_of_many_classes_the_rare_ones_are_drawn_as_one() -> None:
    names = tuple(f"c{place:02}" for place in range(40))
    labels = [name for place, name in enumerate(names) for _row in range(1 + place)]
    chances = np.eye(40)[[names.index(name) for name in labels]]
    lines = {
        line.name: line
        for line in Task.lines(answered(labels, chances, target=Target(task="multi_class", classes=names)))
    }
    assert lines["confusion"].names == (*names[10:], "10 others")
    assert lines["confusion"].y[-1] == sum(range(1, 11))
    assert sum(lines["confusion"].y) == len(labels)
    assert lines["recall"].names == names[10:]


def test_the_constant_says_the_shares_and_the_most_frequent_class() -> None:
    outputs = Task.constant(np.array([0, 1, 1, 1]), rows=2, target=ABC)
    assert outputs["probabilities"].tolist() == [[0.25, 0.75, 0.0]] * 2
    assert outputs["predicted"].tolist() == ["b", "b"]


def test_answers_name_every_class_and_lead_back_to_the_outputs() -> None:
    rows = answered(list("ab"), [[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]])
    answers = Task.answers(rows.outputs, target=ABC)
    assert answers[1] == {"predicted": "b", "probabilities": {"a": 0.125, "b": 0.75, "c": 0.125}}
    again = Task.outputs_of(answers, target=ABC)
    assert Task.gaps(rows.outputs, second=again).tolist() == [0.0, 0.0]
    with pytest.raises(KeyError):
        Task.outputs_of([{"predicted": "b", "probabilities": {"a": 1.0}}], target=ABC)


def test_another_class_is_infinitely_far() -> None:
    first, second = answered(list("ab"), certain("ab")), answered(list("ab"), [[0.75, 0.25, 0.0], [0.0, 1.0, 0.0]])
    assert Task.gaps(first.outputs, second=second.outputs).tolist() == [0.25, 0.0]
    other = {**second.outputs, "predicted": np.array(["c", "b"], dtype=object)}
    assert Task.gaps(first.outputs, second=other).tolist() == [np.inf, 0.0]


def test_another_class_that_is_as_probable_is_no_gap() -> None:
    tied, near = [[0.5, 0.5, 0.0]], [[0.5 - 1e-9, 0.5 + 1e-9, 0.0]]
    first, second = answered(["a"], tied).outputs, answered(["a"], near).outputs
    assert (first["predicted"].tolist(), second["predicted"].tolist()) == (["a"], ["b"])
    assert Task.gaps(first, second=second)[0] < 1e-8
    assert Task.gaps(first, second=answered(["a"], [[0.4, 0.6, 0.0]]).outputs)[0] == np.inf


def test_predictions_are_the_same_after_a_file() -> None:
    rows = answered(list("ab"), [[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]])
    again = predictions_in(
        predictions_table(["r0", "r1"], labels=column(list("ab")), outputs=rows.outputs), rows=rows.rows, target=ABC
    )
    assert again.labels.tolist() == [0, 1]
    assert Task.gaps(rows.outputs, second=again.outputs).tolist() == [0.0, 0.0]
    assert [spec.name for spec in Task.outputs(ABC)] == ["probabilities", "predicted"]


def test_models_may_name_their_classes_in_another_order() -> None:
    chances = [[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.25, 0.25, 0.5]]
    rows = answered(list("aba"), chances)
    turned = Target(task="multi_class", label="kind", classes=("c", "a", "b"))
    other = answered(list("aba"), np.array(chances)[:, [2, 0, 1]], target=turned)
    assert other.labels.tolist() != rows.labels.tolist()
    assert Task.aligned(other, target=ABC).labels.tolist() == rows.labels.tolist()
    assert {delta.value for delta in Task.compare(rows, after=other).values()} == {0.0}
    flip = Task.flips(rows, after=other, version_id="MV-2")
    assert flip is not None
    assert flip.rows == ()
