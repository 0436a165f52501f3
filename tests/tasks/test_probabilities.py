"""The figures that gates judge by, against values by hand, an independent library and simulations."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from core.foundation.errors import Invalid
from core.tasks.measures import claims
from core.tasks.measures import probabilities as statistics
from core.tasks.task import quality_metrics
from core.tasks.values import Interval, Verdict

METRICS = quality_metrics()
Floats = NDArray[np.float64]


def drawn(rows: int, *, seed: int, shift: float = 0.0) -> tuple[Floats, Floats]:
    """Labels, and probabilities that are calibrated when `shift` is 0."""
    random = np.random.default_rng(seed)
    score = random.normal(size=rows) - 1.2
    labels = (random.random(rows) < 1 / (1 + np.exp(-score))).astype(np.float64)
    return labels, 1 / (1 + np.exp(-(score + shift)))


def noisy(probabilities: Floats, *, by: float, seed: int) -> Floats:
    score = np.log(probabilities / (1 - probabilities))
    return 1 / (1 + np.exp(-(score + by * np.random.default_rng(seed).normal(size=score.size))))


def test_auc_counts_a_tie_as_half_a_pair() -> None:
    # Pairs: (0.5, 0.2) right, (0.5, 0.5) tie, (0.9, 0.2) right, (0.9, 0.5) right: 3.5 of 4.
    assert statistics.auc([1, 0, 0, 1], probabilities=[0.5, 0.2, 0.5, 0.9]) == 0.875


def test_log_loss_and_brier_by_hand() -> None:
    labels, judged = [1, 0, 1, 0], [0.5, 0.25, 1.0, 0.0]
    assert statistics.log_loss(labels, probabilities=judged) == pytest.approx((np.log(2) - np.log(0.75)) / 4)
    assert statistics.brier(labels, probabilities=judged) == pytest.approx((0.25 + 0.0625) / 4)


def test_calibration_error_by_hand() -> None:
    # Two bins: probabilities 0.1 with 1 of 2 positive (gap 0.4), and 0.9 with 2 of 2 (gap 0.1).
    error = statistics.ece([1, 0, 1, 1], probabilities=[0.1, 0.1, 0.9, 0.9])
    assert error == pytest.approx(0.5 * 0.4 + 0.5 * 0.1)


def test_the_calibration_error_is_that_over_fifteen_bins_of_equal_width() -> None:
    """Reckoned row by row; with any other number of bins the same rows have another error."""
    labels, judged = drawn(2_000, seed=5)

    def by_hand(bins: int) -> float:
        gaps = [0.0] * bins
        for label, probability in zip(labels, judged, strict=True):
            gaps[min(int(probability * bins), bins - 1)] += float(label - probability)
        return sum(abs(gap) for gap in gaps) / len(labels)

    expected = pytest.approx(by_hand(15), abs=1e-12)
    assert statistics.ece(labels, probabilities=judged) == expected
    assert statistics.evaluate(labels, probabilities=judged)["ece"].value == expected
    assert [bins for bins in range(5, 31) if by_hand(bins) == expected] == [15]


def test_figures_agree_with_an_independent_library_on_tied_probabilities() -> None:
    # Only the process that runs this loads it.
    from sklearn import metrics as oracle

    labels, judged = drawn(5000, seed=3)
    judged = np.round(judged, 2)
    figures = statistics.evaluate(labels, probabilities=judged)
    assert figures["auc"].value == pytest.approx(oracle.roc_auc_score(labels, judged), abs=1e-12)
    assert figures["log_loss"].value == pytest.approx(oracle.log_loss(labels, judged), abs=1e-12)
    assert figures["brier"].value == pytest.approx(oracle.brier_score_loss(labels, judged), abs=1e-12)


def test_delong_of_a_small_sample_by_hand() -> None:
    # Shares of negatives below each positive: 1, 1/2, 1; of positives above each negative: 1, 2/3.
    interval = statistics.evaluate([0, 1, 0, 1, 1], probabilities=[0.1, 0.2, 0.3, 0.4, 0.5])["auc"]
    spread = 1.959964 * np.sqrt((1 / 12) / 3 + (1 / 18) / 2) / (5 / 6 * 1 / 6)
    assert interval.value == pytest.approx(5 / 6)
    assert interval.low == pytest.approx(1 / (1 + np.exp(spread) / 5))
    assert interval.high == pytest.approx(1 / (1 + np.exp(-spread) / 5))


def test_the_interval_of_an_auc_is_as_wide_above_as_below_in_logits() -> None:
    labels, judged = drawn(500, seed=2)
    interval = statistics.evaluate(labels, probabilities=judged)["auc"]
    low, value, high = (float(np.log(end / (1 - end))) for end in (interval.low, interval.value, interval.high))
    assert interval.value < interval.high < 1
    assert high - value == pytest.approx(value - low)


@pytest.mark.parametrize(("labels", "judged"), [([0, 1, 0], [0.9, 0.1, 1.0]), ([0, 1, 1, 1], [0.2, 0.1, 0.9, 0.9])])
def test_intervals_of_few_rows_stay_inside_what_a_metric_can_be(labels: list[int], judged: list[float]) -> None:
    figures = statistics.evaluate(labels, probabilities=judged)
    for name, interval in figures.items():
        assert 0 <= interval.low <= interval.value <= interval.high
        assert interval.high <= (np.inf if name == "log_loss" else 1)
    for name, delta in statistics.compare(labels, baseline=judged, candidate=judged[::-1]).items():
        assert delta.low <= delta.value <= delta.high
        assert name == "log_loss" or -1 <= delta.low <= delta.high <= 1


def test_the_log_loss_of_few_rows_by_hand() -> None:
    interval = statistics.evaluate([1, 0], probabilities=[0.5, 0.75])["log_loss"]
    losses = np.log([2, 4])
    wide = 1.959964 * losses.std(ddof=1) / np.sqrt(2) / losses.mean()
    assert (interval.low, interval.high) == pytest.approx((losses.mean() / np.exp(wide), losses.mean() * np.exp(wide)))


def test_what_is_right_in_every_row_is_as_sure_as_the_rows_are_many() -> None:
    figures = statistics.evaluate([0, 1] * 10, probabilities=[0.0, 1.0] * 10)
    for name in ("brier", "ece"):
        assert (figures[name].value, figures[name].low) == (0.0, 0.0)
        assert figures[name].high == pytest.approx(1 - 0.025 ** (1 / 20))
    wrong = statistics.evaluate([0, 1] * 10, probabilities=[1.0, 0.0] * 10)["brier"]
    assert (wrong.low, wrong.value, wrong.high) == (pytest.approx(0.025 ** (1 / 20)), 1.0, 1.0)


def test_a_difference_in_which_all_of_few_pairs_agree_is_not_certain() -> None:
    delta = statistics.compare([0, 1] * 4, baseline=[0.9, 0.1] * 4, candidate=[0.1, 0.9] * 4)["auc"]
    assert (delta.value, delta.high) == (1.0, 1.0)
    assert delta.low == pytest.approx(1 - 2 * (1 - 0.025**0.25))


def test_a_perfect_order_of_few_rows_is_not_certain() -> None:
    interval = statistics.evaluate([0, 0, 1, 1], probabilities=[0.1, 0.2, 0.8, 0.9])["auc"]
    assert (interval.value, interval.high) == (1.0, 1.0)
    assert interval.low == pytest.approx(0.025**0.5)


@pytest.mark.parametrize("name", ["auc", "log_loss", "brier"])
def test_intervals_are_as_wide_as_a_bootstrap_says(name: str) -> None:
    figure: Callable[..., float] = getattr(statistics, name)
    labels, judged = drawn(2000, seed=5)
    random = np.random.default_rng(1)
    samples = (random.integers(0, labels.size, labels.size) for _ in range(300))
    again = np.std([figure(labels[rows], probabilities=judged[rows]) for rows in samples])
    interval = statistics.evaluate(labels, probabilities=judged)[name]
    assert (interval.high - interval.low) / (2 * 1.96) == pytest.approx(float(again), rel=0.12)


@pytest.mark.parametrize(("shift", "truth"), [(0.0, 0.0), (0.3, 0.0525)])
def test_the_calibration_interval_holds_the_true_error(shift: float, truth: float) -> None:
    held = 0
    for seed in range(60):
        labels, judged = drawn(4000, seed=seed, shift=shift)
        interval = statistics.evaluate(labels, probabilities=judged)["ece"]
        held += interval.low <= truth <= interval.high
    assert held >= 50


def test_what_two_models_share_cancels() -> None:
    labels, judged = drawn(20_000, seed=7)
    worse = noisy(judged, by=0.3, seed=8)
    alone = statistics.evaluate(labels, probabilities=judged)
    deltas = statistics.compare(labels, baseline=worse, candidate=judged)
    for name in ("auc", "log_loss", "brier"):
        assert deltas[name].high - deltas[name].low < 0.6 * (alone[name].high - alone[name].low)
        assert claims.outcome(deltas[name], better=METRICS[name].better) == "better"


@pytest.mark.parametrize(("name", "shift"), [("auc", 0.0), ("ece", 0.8)])
def test_a_paired_delta_is_as_wide_as_a_paired_bootstrap_says(name: str, shift: float) -> None:
    figure: Callable[..., float] = getattr(statistics, name)
    labels, judged = drawn(4000, seed=9, shift=shift)
    other = noisy(judged, by=0.5, seed=10)
    random = np.random.default_rng(1)
    samples = [random.integers(0, labels.size, labels.size) for _ in range(300)]
    gains = [
        figure(labels[rows], probabilities=judged[rows]) - figure(labels[rows], probabilities=other[rows])
        for rows in samples
    ]
    delta = statistics.compare(labels, baseline=other, candidate=judged)[name]
    assert (delta.high - delta.low) / (2 * 1.96) == pytest.approx(float(np.std(gains)), rel=0.12)


def test_the_same_probabilities_differ_by_nothing() -> None:
    labels, judged = drawn(500, seed=11)
    for delta in statistics.compare(labels, baseline=judged, candidate=judged).values():
        assert delta == Interval(value=0.0, low=0.0, high=0.0)


def test_the_calibration_delta_holds_the_true_difference() -> None:
    held = 0
    for seed in range(60):
        labels, judged = drawn(4000, seed=seed)
        _labels, shifted = drawn(4000, seed=seed, shift=0.3)
        delta = statistics.compare(labels, baseline=judged, candidate=shifted)["ece"]
        held += delta.low <= 0.0525 <= delta.high
    assert held >= 50


def test_what_two_models_share_of_their_calibration_errors_cancels() -> None:
    labels, judged = drawn(4000, seed=3, shift=0.5)
    _labels, shifted = drawn(4000, seed=3, shift=0.55)
    alone = statistics.evaluate(labels, probabilities=judged)["ece"]
    delta = statistics.compare(labels, baseline=judged, candidate=shifted)["ece"]
    assert delta.high - delta.low < 0.6 * (alone.high - alone.low)


@pytest.mark.parametrize(
    ("delta", "verdict"),
    [
        (Interval(value=0.0, low=-0.001, high=0.001), Verdict.PASS),
        (Interval(value=0.01, low=0.006, high=0.014), Verdict.FAIL),
        (Interval(value=0.004, low=-0.002, high=0.01), Verdict.INCONCLUSIVE),
        (None, Verdict.NO_DATA),
    ],
)
def test_non_inferiority_has_four_verdicts(delta: Interval | None, verdict: Verdict) -> None:
    assert claims.non_inferiority(delta, better="down", margin=0.005) is verdict


def test_an_outcome_is_claimed_only_when_the_interval_excludes_zero() -> None:
    assert claims.outcome(Interval(value=0.1, low=-0.1, high=0.3), better="up") == "same"
    assert claims.outcome(Interval(value=0.1, low=0.05, high=0.3), better="up") == "better"
    assert claims.outcome(Interval(value=0.1, low=0.05, high=0.3), better="down") == "worse"


def test_a_gain_is_a_delta_of_which_more_is_better() -> None:
    delta = Interval(value=0.1, low=-0.1, high=0.4)
    assert claims.gain(delta, better="up") == delta
    assert claims.gain(delta, better="down") == Interval(value=-0.1, low=-0.4, high=0.1)


@pytest.mark.parametrize(
    ("labels", "judged", "field"),
    [
        ([0, 1], [0.1, float("nan")], "probabilities"),
        ([0, 1], [0.1, 1.2], "probabilities"),
        ([0, 1], [0.1], "probabilities"),
        ([0, 1], [0.1, 0.2, 0.3], "probabilities"),
        ([0, 2], [0.1, 0.2], "labels"),
        ([1, 1], [0.1, 0.2], "labels"),
        ([], [], "labels"),
    ],
)
def test_what_cannot_be_judged_is_refused(labels: list[int], judged: list[float], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        statistics.evaluate(labels, probabilities=judged)
    assert refusal.value.field == field


def test_one_certain_mistake_costs_much_but_not_everything() -> None:
    wrong = statistics.log_loss([0, 1], probabilities=[1.0, 0.0])
    assert wrong == pytest.approx(-np.log(1e-15), rel=1e-3)
