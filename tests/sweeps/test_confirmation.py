"""What the winner is worth, with the chance of the rows and of the seeds."""

import math
from random import Random
from statistics import mean
from typing import Any

import pytest

from core.compute.values import JobState
from core.registry.values import Evaluation
from core.sweeps.confirmation import confirm, together
from core.tasks.measures.scales import POSITIVE, SHARE, UNBOUNDED
from core.tasks.values import Interval
from core.training.values import Run
from tests.promotion.values_to_judge import NOW


def interval(value: float, half: float = 0.01) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)


def run(number: int, validation: float, **others: float) -> Run:
    """A run with its log loss by split."""
    evaluations = tuple(
        Evaluation(
            holdout="a" * 64,
            holdout_name=name,
            rows=1_000,
            positive_share=0.2,
            metrics={"log_loss": interval(value), "auc": interval(1 - value)},
            predictions="b" * 64,
        )
        for name, value in {"train": 0.1, "validation": validation, **others}.items()
    )
    fields: dict[str, Any] = dict.fromkeys(
        ("project", "title", "recipe", "training_set_id", "job_id", "sweep_id", "stage", "cause", "version_id"), ""
    )
    return Run(
        **fields,
        id=f"RUN-{number}",
        params={},
        seed=number,
        state=JobState.SUCCEEDED,
        progress=1.0,
        eta_seconds=None,
        metrics={},
        evaluations=evaluations,
        mlflow_run="",
        requested_by="P-1",
        created_at=NOW,
        started_at=NOW,
        ended_at=NOW,
    )


def test_a_single_seed_has_the_interval_of_its_rows() -> None:
    confirmed = together([interval(0.4)], scale=SHARE)
    assert (confirmed.value, confirmed.low, confirmed.high) == pytest.approx((0.4, 0.39, 0.41))


def test_seeds_that_agree_leave_the_chance_of_the_rows() -> None:
    """More seeds on the same rows do not make the rows more."""
    many = together([interval(0.4)] * 5, scale=SHARE)
    assert (many.low, many.high) == pytest.approx((0.39, 0.41))


def test_seeds_that_differ_widen_the_interval() -> None:
    two = together([interval(0.39, 0.0), interval(0.41, 0.0)], scale=UNBOUNDED)
    assert two.value == pytest.approx(0.4)
    assert two.high - two.value == pytest.approx(12.706 * 0.01)  # Student's t with one degree of freedom.


def test_each_end_has_its_own_half_width_and_both_have_that_of_the_seeds() -> None:
    first, second = Interval(value=0.39, low=0.36, high=0.40), Interval(value=0.41, low=0.38, high=0.42)
    confirmed, seeds = together([first, second], scale=UNBOUNDED), 12.706 * 0.01
    assert confirmed.low == pytest.approx(0.4 - (0.03**2 + seeds**2) ** 0.5)
    assert confirmed.high == pytest.approx(0.4 + (0.01**2 + seeds**2) ** 0.5)


def test_two_seeds_far_apart_say_that_an_auc_may_be_anything_that_it_can_be() -> None:
    confirmed = together([interval(0.36), interval(0.79)], scale=SHARE)
    wide = 12.706 * 0.215 / (0.575 * 0.425)
    rows = math.log(0.585 / 0.415) - math.log(0.575 / 0.425)
    high = math.log(0.575 / 0.425) + math.hypot(wide, rows)
    assert confirmed.value == pytest.approx(0.575)
    assert 0 < confirmed.low < 0.001
    assert confirmed.high == pytest.approx(1 / (1 + math.exp(-high)))
    assert confirmed.high < 1


def test_seeds_of_a_log_loss_are_taken_on_its_logarithm() -> None:
    confirmed = together([interval(0.3, 0.0), interval(0.5, 0.0)], scale=POSITIVE)
    factor = math.exp(12.706 * 0.1 / 0.4)
    assert (confirmed.low, confirmed.value, confirmed.high) == pytest.approx((0.4 / factor, 0.4, 0.4 * factor))


def test_seeds_that_are_all_perfect_leave_the_chance_of_the_rows() -> None:
    confirmed = together([Interval(value=1.0, low=low, high=1.0) for low in (0.8, 0.9)], scale=SHARE)
    assert (confirmed.low, confirmed.value, confirmed.high) == pytest.approx((0.85, 1.0, 1.0))


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_intervals_enclose_the_truth_about_95_times_in_100(seeds: int) -> None:
    """Rows move all seeds together, seeds each by itself."""
    random, enclosed, rounds = Random(seeds), 0, 2_000
    for _round in range(rounds):
        rows = random.gauss(0.0, 0.01)
        values = [rows + random.gauss(0.0, 0.005) for _seed in range(seeds)]
        confirmed = together([interval(value, 1.96 * 0.01) for value in values], scale=UNBOUNDED)
        enclosed += confirmed.low <= 0.0 <= confirmed.high
    assert enclosed / rounds >= 0.94


def test_the_best_run_stands_first_and_the_untouched_split_is_judged_by_all_metrics() -> None:
    runs = [run(1, 0.42, test=0.5), run(2, 0.40, test=0.52), run(3, 0.41, test=0.51)]
    confirmation = confirm(runs, metric="log_loss", direction="minimize")
    assert confirmation.run_ids == ("RUN-2", "RUN-3", "RUN-1")
    assert confirmation.value is not None
    assert confirmation.value.value == pytest.approx(0.41)
    assert set(confirmation.untouched) == {"log_loss", "auc"}
    assert confirmation.untouched["log_loss"].value == pytest.approx(mean([0.5, 0.52, 0.51]))
    assert confirm(runs, metric="auc", direction="maximize").run_ids == confirmation.run_ids


def test_without_a_further_split_nothing_is_untouched() -> None:
    assert confirm([run(1, 0.4)], metric="log_loss", direction="minimize").untouched == {}
    assert set(confirm([run(1, 0.4, later=0.5)], metric="log_loss", direction="minimize").untouched) == {
        "log_loss",
        "auc",
    }


def test_without_a_run_there_is_no_value() -> None:
    nothing = confirm([], metric="log_loss", direction="minimize")
    assert (nothing.run_ids, nothing.value, nothing.untouched) == ((), None, {})
