"""Training: round after round until the validation rows get no better. The order of rows, the drawing of inputs and the
sums of histograms follow from the seed alone, so a machine gives the same trees with any number of threads."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training.row_weights import balanced_weights
from core.training.tree_recipes.binning import BINS, Binned
from core.training.tree_recipes.boosting_params import BoostingParams
from core.training.tree_recipes.constraints import monotone_constraints
from core.training.tree_recipes.objectives import Objective, loss_of
from core.training.tree_recipes.rows import Rows, refuse_bad_ranking

Report = Callable[[int, dict[str, float]], None]
Progress = Callable[[float, float | None], None]


@dataclass(frozen=True)
class Unit:
    """The unit of labels that are numbers: LightGBM keeps labels in single precision, so it gets
    (label - mean) / scale."""

    mean: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Boosted:
    """What came out. Each booster predicts with its best round; `metrics` are figures of the training itself; `stopped`
    says that a stop was requested, and then boosters may be missing."""

    boosters: tuple[Any, ...]
    objective: Objective
    unit: Unit
    metrics: dict[str, float]
    stopped: bool

    def predict(self, features: Any) -> Any:
        """float64 of features as `features_of` makes them. [rows]: the probability that a label is 1, a number or a
        score. [rows, width]: the probability of each class or label, the quantiles in their order."""
        parts = [booster.predict(features) for booster in self.boosters]
        values = parts[0] if self.objective.boosters == 1 else np.column_stack(parts)
        # Boosters that were trained apart may cross each other; sorted quantiles are at least as good (Chernozhukov,
        # Fernandez-Val and Galichon, Quantile and Probability Curves Without Crossing, Econometrica 78, 2010).
        ordered = np.sort(values, axis=1) if self.objective.kind == "interval" else values
        return ordered * self.unit.scale + self.unit.mean if self.objective.is_number else ordered


def boost(
    binned: Binned,
    params: BoostingParams,
    *,
    objective: Objective,
    seed: int,
    threads: int,
    report: Report = lambda _round, _metrics: None,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda _share, _seconds: None,
) -> Boosted:
    """Trains every booster of the objective. `report(round, metrics)` gets the validation loss after every round,
    rounds numbered through all boosters (for a ranking it is 1 - NDCG); `should_stop` is asked after it;
    `progress(share, seconds left)` goes by the most rounds there may be. JobFailed where the labels are no
    ranking."""
    if objective.kind == "ranking":
        refuse_bad_ranking(binned.train)
        refuse_bad_ranking(binned.validation)
    unit = _unit_of(binned.train.labels) if objective.is_number else Unit()
    watch = _Watch(params.rounds * objective.boosters, report=report, should_stop=should_stop, progress=progress)
    watch.factor = unit.scale**2 if objective.kind == "number" and params.loss == "l2" else unit.scale
    shared = _settings(binned, params, seed=seed, threads=threads)
    boosters = []
    for place in range(objective.boosters):
        for rows, bins in ((binned.train, binned.bins), (binned.validation, binned.validation_bins)):
            _set_labels(bins, rows, objective=objective, place=place, unit=unit, params=params)
        settings = {**shared, **loss_of(objective, params=params, place=place)}
        boosters.append(_train(binned, settings, params=params, watch=watch))
        if watch.stopped:
            break
    return Boosted(tuple(boosters), objective, unit, watch.figures(len(binned.train)), watch.stopped)


class _Watch:
    """Follows the rounds of all boosters; LightGBM calls it after each."""

    factor = 1.0

    def __init__(self, most: int, *, report: Report, should_stop: Callable[[], bool], progress: Progress) -> None:
        self._most, self._report, self._should_stop, self._progress = most, report, should_stop, progress
        self._started_at = time.monotonic()
        self._rounds = 0
        self._best: list[float] = []
        self.stopped = False

    def __call__(self, state: Any) -> None:
        from lightgbm.callback import EarlyStopException

        result = state.evaluation_result_list[0]
        loss = 1 - result.metric_value if result.maximize else result.metric_value * self.factor
        if state.iteration == 0:
            self._best.append(loss)
        self._best[-1] = min(loss, self._best[-1])
        self._rounds += 1
        self._report(self._rounds, {"validation_loss": loss})
        self._progress(self._rounds / self._most, self._seconds() / self._rounds * (self._most - self._rounds))
        self.stopped = self._should_stop()
        if self.stopped:
            raise EarlyStopException(state.iteration, state.evaluation_result_list)

    def figures(self, rows: int) -> dict[str, float]:
        return {
            "rounds": self._rounds,
            "validation_loss": float(np.mean(self._best)),
            "rows_per_s": rows * self._rounds / max(1e-6, self._seconds()),
        }

    def _seconds(self) -> float:
        return time.monotonic() - self._started_at


def _settings(binned: Binned, params: BoostingParams, *, seed: int, threads: int) -> dict[str, Any]:
    """What all boosters share, in LightGBM's names."""
    rows = len(binned.train)
    return {
        **BINS,
        "num_threads": threads,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "learning_rate": params.learning_rate,
        "num_leaves": params.leaves,
        "min_data_in_leaf": params.least_rows(rows),
        "min_data_per_group": params.least_rows(rows),
        "cat_smooth": params.smoothing(rows),
        "feature_fraction": params.feature_share,
        "bagging_fraction": params.row_share,
        "bagging_freq": 1,
        "lambda_l2": params.l2,
        **monotone_constraints(binned.preparation, params=params),
    }


def _train(binned: Binned, settings: dict[str, Any], *, params: BoostingParams, watch: _Watch) -> Any:
    import lightgbm

    return lightgbm.train(
        settings,
        binned.bins,
        num_boost_round=params.rounds,
        valid_sets=[binned.validation_bins],
        callbacks=[watch, lightgbm.early_stopping(params.patience, first_metric_only=True, verbose=False)],
    )


def _set_labels(bins: Any, rows: Rows, *, objective: Objective, place: int, unit: Unit, params: BoostingParams) -> None:
    """Labels and weights of one booster. The bins stay what they are."""
    labels = rows.labels[:, place] if objective.kind == "labels" else rows.labels
    is_balanced = params.class_weight == "balanced" and objective.kind in ("binary", "classes", "labels")
    weights = balanced_weights(labels, weights=rows.weights) if is_balanced else rows.weights
    bins.set_field("label", ((labels - unit.mean) / unit.scale).astype(np.float32))
    bins.set_field("weight", None if weights is None else weights.astype(np.float32))


def _unit_of(labels: Any) -> Unit:
    scale = float(np.std(labels))
    return Unit(mean=float(np.mean(labels)), scale=scale if scale > 0 else 1.0)
