"""Fitting: the convex loss of the training rows, from a strong pull of the weights toward zero to weaker ones, until
the validation rows get worse. A pull is counted as scikit-learn does: `l2` is alpha of its ridge regression and 1 / C
of its logistic regression."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.training.linear_recipes.linear_model import LinearModel
from core.training.linear_recipes.linear_params import LinearParams
from core.training.linear_recipes.losses import Kind
from core.training.linear_recipes.newton import minimize
from core.training.linear_recipes.problem import Facts, Problem
from core.training.linear_recipes.rows import Rows
from core.training.preparation import Preparation

# The pulls that are tried, for each training row.
PULLS = (1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)
# A fit is done where a step gains no more than this of the mean loss. What others are chosen from needs fewer digits.
GAIN, GAIN_OF_SEARCH = 1e-10, 1e-8

Report = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class FittedModel:
    """What came out. `metrics` are figures of the training itself, the chosen `l2` among them; `stopped` says that a
    stop was requested."""

    model: LinearModel
    metrics: dict[str, float]
    stopped: bool


def fit(
    train: Rows,
    params: LinearParams,
    *,
    validation: Rows,
    kind: Kind,
    preparation: Preparation,
    width: int = 1,
    report: Report = lambda _step, _metrics: None,
    should_stop: Callable[[], bool] = lambda: False,
    gain: float | None = None,
) -> FittedModel:
    """The model of the least validation loss. `width` is the number of classes or labels. `report(step, metrics)` gets
    the training loss after every step and the validation loss of every pull; `should_stop` is asked after each step.
    A fit is done where a step gains no more than `gain`."""
    unit = Unit.of(train.labels) if kind == "number" else Unit()
    train, validation = unit.standard(train), unit.standard(validation)
    facts = Facts(kind, preparation.shape.cardinalities, width=width, is_balanced=params.class_weight == "balanced")
    gain = gain or (GAIN if params.l2 else GAIN_OF_SEARCH)
    training, judging = Problem(train, facts=facts), Problem(validation, facts=facts)
    search = _Search(training, judging, iterations=params.iterations, report=report, should_stop=should_stop, gain=gain)
    for l2 in (params.l2,) if params.l2 else (pull * len(training) for pull in PULLS):
        if not search.improves(l2):
            break
    return FittedModel(unit.given(search.best), search.figures(), search.stopped)


@dataclass(frozen=True)
class Unit:
    """The unit of labels that are numbers. They are fitted as (label - mean) / scale, where the optimizer finds its way
    whatever their size."""

    mean: float = 0.0
    scale: float = 1.0

    @classmethod
    def of(cls, labels: Any) -> "Unit":
        scale = float(np.std(labels))
        return cls(mean=float(np.mean(labels)), scale=scale if scale > 0 else 1.0)

    def standard(self, rows: Rows) -> Rows:
        start = None if rows.start is None else rows.start / self.scale
        return replace(rows, labels=(rows.labels - self.mean) / self.scale, start=start)

    def given(self, model: LinearModel) -> LinearModel:
        """The same model in the unit of the labels."""
        weights = {name: getattr(model, name) * self.scale for name in ("table", "weights", "bias")}
        weights["bias"] = weights["bias"] + self.mean
        return replace(model, **weights)


class _Search:
    """One pull after the other, each from where the last one ended."""

    def __init__(
        self,
        training: Problem,
        judging: Problem,
        *,
        iterations: int,
        report: Report,
        should_stop: Callable[[], bool],
        gain: float,
    ) -> None:
        self._training, self._judging, self._iterations = training, judging, iterations
        self._report, self._should_stop, self._gain = report, should_stop, gain
        self._started_at = time.monotonic()
        self._position = training.start()
        self._steps, self._passes = 0, 0
        self._least, self._l2 = np.inf, 0.0
        self.best = training.model_at(self._position)
        self.stopped = False

    def improves(self, l2: float) -> bool:
        """Fits with that pull; whether it is worth trying a weaker one."""
        self._solve(l2)
        loss = self._judging.loss(self._judging.scores(self._position))
        self._report(self._steps, {"validation_loss": loss})
        if not loss < self._least:
            return False
        self._least, self._l2, self.best = loss, l2, self._training.model_at(self._position)
        return not self.stopped

    def figures(self) -> dict[str, float]:
        seconds = max(1e-6, time.monotonic() - self._started_at)
        return {
            "steps": self._steps,
            "l2": self._l2,
            "validation_loss": float(self._least),
            "rows_per_s": len(self._training) * self._passes / seconds,
        }

    def _solve(self, l2: float) -> None:
        self._position, passes = minimize(
            self._training,
            self._position,
            l2=l2,
            gain=self._gain,
            steps=self._iterations,
            should_end=self._after_step,
        )
        self._passes += passes

    def _after_step(self, loss: float) -> bool:
        self._steps += 1
        self._report(self._steps, {"train_loss": loss})
        self.stopped = self._should_stop()
        return self.stopped
