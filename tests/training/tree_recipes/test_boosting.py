"""What boosted trees learn, how they are stopped, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from core.compute.process import JobFailed
from core.foundation.errors import Invalid
from core.training.recipes.gradient_boosting import GradientBoosting
from core.training.row_weights import balanced_weights
from core.training.tree_recipes.binning import Binned
from core.training.tree_recipes.boosting_params import BoostingParams
from core.training.tree_recipes.objectives import number_objective
from core.training.tree_recipes.rows import features_of
from tests.training.flights import contract
from tests.training.raw_tables import training_table
from tests.training.runs import Heard
from tests.training.tree_recipes.boosted import binned, boosted, file_of, with_labels


@pytest.fixture(scope="module")
def data() -> Binned:
    return binned(11)


def test_the_same_seed_gives_the_same_trees_with_any_number_of_threads(data: Binned) -> None:
    files = [
        file_of(boosted(data, seed=seed, threads=threads), data=data) for seed, threads in ((7, 1), (7, 2), (8, 1))
    ]
    assert files[0] == files[1] != files[2]


def test_it_stops_where_the_validation_rows_get_no_better_and_predicts_with_the_best_round(data: Binned) -> None:
    heard = Heard()
    model = boosted(data, rounds=400, patience=5, report=heard.report, progress=heard.report_progress)
    losses = heard.values("validation_loss")
    best = int(np.argmin(losses)) + 1
    assert best + 5 == len(losses) == model.metrics["rounds"] < 400
    assert model.boosters[0].best_iteration == best
    assert model.metrics["validation_loss"] == losses[best - 1]
    probabilities, labels = model.predict(data.validation.features), data.validation.labels
    assert losses[best - 1] == pytest.approx(-np.mean(np.log(np.where(labels == 1, probabilities, 1 - probabilities))))
    assert [step for step, _metrics in heard.reports] == list(range(1, best + 6))
    assert heard.progress[-1][0] == len(losses) / 400


def test_a_stop_is_heard_after_the_round(data: Binned) -> None:
    heard = Heard(stop_after_reports=3)
    model = boosted(data, report=heard.report, should_stop=heard.should_stop)
    assert model.stopped
    assert len(heard.reports) == 3


def test_a_stop_ends_all_boosters_that_were_to_come() -> None:
    heard = Heard(stop_after_reports=3)
    model = boosted(binned(5, kind="labels"), kind="labels", report=heard.report, should_stop=heard.should_stop)
    assert (model.stopped, len(model.boosters), len(heard.reports)) == (True, 1, 3)


def test_missing_numbers_are_learned_from_as_they_are(data: Binned) -> None:
    missing = np.isnan(data.train.features[:, 3])
    model = boosted(with_labels(data, lambda rows: np.isnan(rows.features[:, 3]).astype(float)), learning_rate=0.5)
    probabilities = model.predict(data.train.features)
    assert probabilities[missing].min() > 0.9
    assert probabilities[~missing].max() < 0.1


@pytest.mark.parametrize(("field", "sign"), [("increasing", 1), ("decreasing", -1)])
def test_a_constraint_holds_for_every_row(data: Binned, field: str, sign: int) -> None:
    model = boosted(data, **{field: ("price", "wild")})
    features = np.repeat(data.validation.features[:50], 9, axis=0)
    features[:, 3] = np.tile(np.linspace(-4, 4, 9), 50)
    steps = np.diff(model.predict(features).reshape(50, 9), axis=1) * sign
    assert not (steps < 0).any()
    assert steps.max() > 0
    free = np.diff(boosted(data).predict(features).reshape(50, 9), axis=1)
    assert free.min() < 0 < free.max()


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"increasing": ("shop",)}, "shop is no number of this training set"),
        ({"decreasing": ("nothing",)}, "nothing is no number"),
        ({"increasing": ("price",), "decreasing": ("price",)}, "price can be increasing or decreasing, not both"),
    ],
)
def test_a_constraint_on_what_is_no_number_is_refused(names: dict[str, tuple[str, ...]], reason: str) -> None:
    takes = contract(("shop",), ("price", "wild"))
    with pytest.raises(Invalid, match=reason) as refusal:
        GradientBoosting.check_columns(BoostingParams(**names), contract=takes)
    assert refusal.value.field.startswith("params.")


def test_weights_count_and_the_next_training_on_the_same_bins_has_none(data: Binned) -> None:
    plain = boosted(data).predict(data.validation.features)
    weighed = replace(data, train=replace(data.train, weights=1 + 9 * data.train.labels))
    assert boosted(weighed).predict(data.validation.features).mean() > plain.mean() + 0.1
    assert np.array_equal(boosted(data).predict(data.validation.features), plain)


def test_balanced_classes_weigh_the_same(data: Binned) -> None:
    weights = balanced_weights(np.array([0, 0, 0, 1, 2, 2]), weights=np.array([1, 1, 2, 4, 0, 0]))
    assert weights.tolist() == pytest.approx([8 / 12, 8 / 12, 16 / 12, 8 / 3, 0, 0])
    rare = with_labels(data, lambda rows: (rows.features[:, 4] > 10) * rows.labels)
    plain, balanced = boosted(rare), boosted(rare, class_weight="balanced")
    assert balanced.predict(rare.train.features).mean() > 2 * plain.predict(rare.train.features).mean()


def test_an_interval_holds_the_share_of_labels_that_was_chosen() -> None:
    data = binned(6, kind="interval", rows=1500)
    model = boosted(data, kind="interval", coverage=0.6, loss="quantile")
    low, median, high = model.predict(data.validation.features).T
    assert (low <= median).all()
    assert (median <= high).all()
    labels = data.validation.labels
    assert np.mean((low <= labels) & (labels <= high)) == pytest.approx(0.6, abs=0.08)
    assert number_objective(BoostingParams(loss="quantile")).columns == 3
    assert number_objective(BoostingParams(loss="l1")).columns is None


def test_large_numbers_lose_no_digits() -> None:
    """LightGBM keeps labels in single precision, which has steps of 64 at a billion."""
    data = binned(8, kind="number")
    near = boosted(with_labels(data, lambda rows: rows.labels - 1e9), kind="number").predict(data.train.features)
    far = boosted(data, kind="number").predict(data.train.features)
    assert np.abs(near + 1e9 - far).max() < 1
    assert near.std() > 1000


def test_a_ranking_puts_the_relevant_first_whatever_the_order_of_rows() -> None:
    data = binned(9, kind="ranking", rows=800)
    scores = boosted(data, kind="ranking").predict(data.validation.features)
    assert np.corrcoef(scores, data.validation.labels)[0, 1] > 0.5
    assert (np.diff(data.train.groups) >= 0).all()
    assert data.train.group_sizes().sum() == 800


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"labels": np.full(800, 31.0)}, "whole numbers from 0 to 30"),
        ({"labels": np.full(800, 0.5)}, "whole numbers from 0 to 30"),
        ({"groups": None}, "needs a column whose rows belong together"),
    ],
)
def test_what_cannot_be_ranked_is_refused(change: dict[str, object], reason: str) -> None:
    data = binned(9, kind="ranking", rows=800)
    with pytest.raises(JobFailed, match=reason):
        boosted(replace(data, train=replace(data.train, **change)), kind="ranking")


def test_an_unknown_category_is_missing_and_the_missing_text_is_a_value(data: Binned) -> None:
    table = training_table(np.random.default_rng(0), rows=50)
    features = features_of(table, preparation=data.preparation.limited(10_000))
    assert np.isnan(features[:, :3]).all()
    known = features_of(table, preparation=data.preparation)
    empty = np.array(table["color"].to_pylist()) == ""
    assert empty.any()
    assert len(set(known[empty, 0])) == 1
    assert known[empty, 0].min() > 0


def test_defaults_follow_the_number_of_rows() -> None:
    params = BoostingParams()
    assert [params.least_rows(rows) for rows in (300, 20_000, 244_646)] == [5, 20, 100]
    assert [params.smoothing(rows) for rows in (300, 100_000, 244_646)] == [10, 25, 50]
    assert BoostingParams(rows_per_leaf=7, category_smoothing=3).least_rows(10**6) == 7
    assert params.quantiles() == pytest.approx((0.1, 0.5, 0.9))
