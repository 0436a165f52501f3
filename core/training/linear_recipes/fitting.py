"""Fitting: L-BFGS on the convex loss of the training rows, from a strong pull of the weights toward zero to weaker
ones, until the validation rows get worse. A pull is counted as scikit-learn does: `l2` is alpha of its ridge regression
and 1 / C of its logistic regression."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.training.linear_recipes.linear_model import LinearModel
from core.training.linear_recipes.linear_params import LinearParams
from core.training.linear_recipes.losses import Kind
from core.training.linear_recipes.problem import Facts, Problem
from core.training.linear_recipes.rows import Rows
from core.training.preparation import Preparation

# The pulls that are tried, for each training row.
PULLS = (1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)
# A fit is done where the mean loss is no steeper than this.
FLAT = 1e-7

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
    flat: float = FLAT,
) -> FittedModel:
    """The model of the least validation loss. `width` is the number of classes or labels. `report(step, metrics)` gets
    the training loss after every step and the validation loss of every pull; `should_stop` is asked after each step.
    A fit is done where the loss is no steeper than `flat`."""
    unit = Unit.of(train.labels) if kind == "number" else Unit()
    train, validation = unit.standard(train), unit.standard(validation)
    facts = Facts(kind, preparation.shape.cardinalities, width=width, is_balanced=params.class_weight == "balanced")
    training, judging = Problem(train, facts=facts), Problem(validation, facts=facts)
    search = _Search(training, judging, iterations=params.iterations, report=report, should_stop=should_stop, flat=flat)
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
        return replace(rows, labels=(rows.labels - self.mean) / self.scale)

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
        flat: float,
    ) -> None:
        self._training, self._judging, self._iterations = training, judging, iterations
        self._report, self._should_stop, self._flat = report, should_stop, flat
        self._started_at = time.monotonic()
        self._position = training.start()
        self._steps, self._passes = 0, 0
        self._least, self._l2 = np.inf, 0.0
        self.best = training.model_at(self._position)
        self.stopped = False

    def improves(self, l2: float) -> bool:
        """Fits with that pull; whether it is worth trying a weaker one."""
        self._solve(l2)
        loss = self._judging.loss(self._position)
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
        from scipy.optimize import minimize

        curvature = self._training.curvature(l2)

        def loss_and_slope(rounded: Any) -> tuple[float, Any]:
            loss, slope = self._training.loss_and_slope(curvature.flat(rounded), l2)
            return loss, curvature.rounded_slope(slope)

        done = minimize(
            loss_and_slope,
            curvature.rounded(self._position),
            method="L-BFGS-B",
            jac=True,
            callback=self._after_step,
            options={"maxiter": self._iterations, "maxfun": 2 * self._iterations, "gtol": self._flat, "ftol": 0.0},
        )
        self._position = curvature.flat(done.x)
        self._passes += int(done.nfev)

    def _after_step(self, intermediate_result: Any) -> None:
        """scipy chooses what to pass by the name of the argument."""
        self._steps += 1
        self._report(self._steps, {"train_loss": float(intermediate_result.fun)})
        self.stopped = self._should_stop()
        if self.stopped:
            raise StopIteration
