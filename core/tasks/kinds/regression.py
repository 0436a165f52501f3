"""A number: a label that is one, the value that the model says, and, where it gives them, the two ends between which
the label should lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from core.foundation.text import N_, _, thousands
from core.tasks.label_columns import different, is_numeric, numbers_in
from core.tasks.measures import curves, errors
from core.tasks.measures.checks import refuse_numbers
from core.tasks.measures.gaps import gaps_of_outputs
from core.tasks.measures.scales import AT_MOST_ONE, POSITIVE, SHARE
from core.tasks.metrics import Metric
from core.tasks.predictions import Array, Outputs, Predictions
from core.tasks.task import ORDER_IS_HONEST_TO, Task
from core.tasks.values import Interval, LabelSpread, Line, OutputSpec, Picture, ShownAnswer, Target

if TYPE_CHECKING:
    import pyarrow as pa

VALUE, LOW, HIGH = "value", "low", "high"


class RegressionTask(Task):
    """How much something will be: the label is a number, and the model says a number."""

    name = "regression"
    title = N_("A number")
    metrics = (
        Metric(
            "mae",
            N_("Mean absolute error"),
            N_("mean absolute error"),
            "down",
            scale=POSITIVE,
            relative=True,
            short=N_("MAE"),
        ),
        Metric("rmse", N_("RMSE"), N_("RMSE"), "down", scale=POSITIVE, relative=True),
        Metric("mape", N_("MAPE"), N_("MAPE"), "down", scale=POSITIVE),
        Metric("r2", N_("R\u00b2"), N_("R\u00b2"), "up", scale=AT_MOST_ONE, chance=0.0),
        Metric(
            "median_error",
            N_("Median absolute error"),
            N_("median absolute error"),
            "down",
            scale=POSITIVE,
            relative=True,
            short=N_("Median error"),
        ),
        Metric("coverage_gap", N_("Coverage gap"), N_("coverage gap"), "down", scale=SHARE),
    )
    precedence = 30
    separation = N_("agreement of order")
    separation_is_honest_to = ORDER_IS_HONEST_TO
    # Few rows can make a mean of squares, so the mean absolute error comes first.
    leading = ("mae", "median_error", "rmse", "r2", "mape", "coverage_gap")
    margins: ClassVar = {"mae": 0.01}
    pictures = (
        Picture(
            name="actual",
            title=N_("Predicted against actual"),
            x=N_("actual"),
            y=N_("predicted"),
            hint=N_("rows from the lowest label to the highest; on the dotted line, predicted equals actual"),
            form="points",
            diagonal=True,
        ),
        Picture(
            name="residuals",
            title=N_("Residuals"),
            x=N_("predicted"),
            y=N_("actual minus predicted"),
            hint=N_("a bend or a funnel is something that the model does not know yet"),
            form="points",
        ),
        Picture(
            name="errors",
            title=N_("Errors"),
            x=N_("actual minus predicted"),
            y=N_("share of rows"),
            hint=N_("all rows; the outermost bars hold what lies beyond them"),
            form="bars",
        ),
    )

    @classmethod
    def fits(cls, column: pa.ChunkedArray) -> bool:
        return is_numeric(column) and len(different(column)) > 2

    @classmethod
    def reason_of(cls, column: pa.ChunkedArray) -> str:
        return _("{n} different numbers").format(n=thousands(len(different(column))))

    @classmethod
    def target_of(cls, column: pa.ChunkedArray, *, label: str, group: str = "") -> Target:
        numbers_in(column)
        return Target(task=cls.name, label=label)

    @classmethod
    def labels_of(cls, column: pa.ChunkedArray, *, target: Target) -> Array:
        """float64 [rows]."""
        return numbers_in(column)

    @classmethod
    def spread_of(cls, labels: Array, *, target: Target) -> LabelSpread:
        return LabelSpread.of_numbers(labels)

    @classmethod
    def refuse_labels(cls, spread: LabelSpread) -> str:
        return spread.refusal_of_one_number()

    @classmethod
    def outputs(cls, target: Target) -> tuple[OutputSpec, ...]:
        return tuple(OutputSpec(name=name) for name in _names(target))

    @classmethod
    def evaluate(cls, predictions: Predictions) -> dict[str, Interval]:
        figures = errors.evaluate(predictions.labels, predicted=_number(predictions, VALUE))
        promised = predictions.target.interval
        if promised is not None:
            figures["coverage_gap"] = errors.coverage_gap(_covered(predictions), promised=promised)
        return figures

    @classmethod
    def losses(cls, predictions: Predictions) -> Array:
        return abs(_number(predictions, VALUE) - predictions.labels)

    @classmethod
    def compare(cls, before: Predictions, *, after: Predictions) -> dict[str, Interval]:
        values = [_number(predictions, VALUE) for predictions in (before, after)]
        figures = errors.compare(before.labels, before=values[0], after=values[1])
        promised = before.target.interval
        if promised is not None and promised == after.target.interval:
            covered = [_covered(predictions) for predictions in (before, after)]
            figures["coverage_gap"] = errors.coverage_gap_delta(covered[0], after=covered[1], promised=promised)
        return figures

    @classmethod
    def remarks(cls, predictions: Predictions) -> tuple[str, ...]:
        if not errors.is_heavy(_number(predictions, VALUE) - predictions.labels):
            return ()
        return (_("Few rows make the RMSE and R\u00b2: the largest 1 % of the squared errors are half of their sum."),)

    @classmethod
    def lines(cls, predictions: Predictions) -> tuple[Line, ...]:
        labels, predicted = predictions.labels, _number(predictions, VALUE)
        rows = curves.spread_over(labels)
        points = {
            "actual": (labels[rows], predicted[rows]),
            "residuals": (predicted[rows], (labels - predicted)[rows]),
            "errors": curves.shares_by_size(labels - predicted),
        }
        return tuple(Line(name=name, x=tuple(x.tolist()), y=tuple(y.tolist())) for name, (x, y) in points.items())

    @classmethod
    def constant(cls, labels: Array, *, rows: int, target: Target) -> Outputs:
        """The median, from which the mean absolute error is smallest, and the quantiles around it."""
        import numpy as np

        outside = (1 - (target.interval or 0.0)) / 2
        shares = {VALUE: 0.5, LOW: outside, HIGH: 1 - outside}
        return {name: np.full(rows, np.quantile(labels, shares[name])) for name in _names(target)}

    @classmethod
    def answers(cls, outputs: Outputs, *, target: Target) -> list[dict[str, Any]]:
        names = _names(target)
        columns = (outputs[name].tolist() for name in names)
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    @classmethod
    def shown(cls, answer: Mapping[str, Any], *, target: Target) -> tuple[ShownAnswer, ...]:
        ends = {"low": answer.get(LOW), "high": answer.get(HIGH)}
        return (ShownAnswer(title=target.label or _("Value"), value=answer[VALUE], **ends),)

    @classmethod
    def outputs_of(cls, answers: Sequence[Mapping[str, Any]], *, target: Target) -> Outputs:
        import numpy as np

        return {
            name: np.array([float(answer[name]) for answer in answers], dtype=np.float64) for name in _names(target)
        }

    @classmethod
    def gaps(cls, first: Outputs, *, second: Outputs) -> Array:
        return gaps_of_outputs(first, second=second)


def _names(target: Target) -> tuple[str, ...]:
    return (VALUE,) if target.interval is None else (VALUE, LOW, HIGH)


def _number(predictions: Predictions, name: str) -> Array:
    numbers = predictions.outputs[name]
    refuse_numbers(numbers, rows=len(predictions))
    return numbers


def _covered(predictions: Predictions) -> Array:
    low, high = (_number(predictions, name) for name in (LOW, HIGH))
    return (low <= predictions.labels) & (predictions.labels <= high)
