"""Yes or no: a label of 0 and 1, and the probability of 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.tasks.label_columns import different, is_named, refuse_missing
from core.tasks.measures import curves, probabilities
from core.tasks.measures.gaps import gaps_of_numbers
from core.tasks.measures.scales import SHARE
from core.tasks.metrics import CALIBRATION_ERROR, LOG_LOSS, Metric
from core.tasks.predictions import Array, Outputs, Predictions
from core.tasks.task import Task
from core.tasks.values import (
    BINARY,
    NO,
    YES,
    Flip,
    Interval,
    LabelSpread,
    Line,
    OutputSpec,
    Picture,
    ShownAnswer,
    Target,
)

if TYPE_CHECKING:
    import pyarrow as pa

OUTPUT = "probability"
# What is true or false is such a label too.
BOOLEANS = {"false": NO, "true": YES}


class BinaryTask(Task):
    """Whether something will be so: the label is 0 or 1, and the model says the probability of 1."""

    name = BINARY
    title = N_("Yes or no")
    metrics = (
        Metric("auc", N_("AUC"), N_("AUC"), "up", scale=SHARE, chance=0.5),
        LOG_LOSS,
        Metric("brier", N_("Brier score"), N_("Brier score"), "down", scale=SHARE),
        CALIBRATION_ERROR,
    )
    precedence = 0
    # Log loss says most about probabilities, then the order, then calibration, then what it costs.
    leading = ("log_loss", "auc", "ece", "brier")
    followed = ("auc", "log_loss", "ece")
    # The calibration error is shown and not judged: that of two well calibrated models cannot be told apart by any
    # number of rows one is likely to have.
    margins: ClassVar = {"auc": 0.005, "log_loss": 0.005}
    pictures = (
        Picture(
            name="roc",
            title=N_("ROC"),
            x=N_("false positive rate"),
            y=N_("true positive rate"),
            hint=N_("up and left is better"),
        ),
        Picture(
            name="calibration",
            title=N_("Calibration"),
            x=N_("predicted"),
            y=N_("observed"),
            hint=N_("on the dotted line, predicted equals observed"),
            diagonal=True,
        ),
        Picture(
            name="scores",
            title=N_("Scores"),
            x=N_("probability"),
            y=N_("share of rows"),
            hint=N_("share of rows by predicted probability"),
        ),
    )

    @classmethod
    def fits(cls, column: pa.ChunkedArray) -> bool:
        return set(_texts(column)) == {NO, YES}

    @classmethod
    def reason_of(cls, column: pa.ChunkedArray) -> str:
        return _("every value is yes or no")

    @classmethod
    def target_of(cls, column: pa.ChunkedArray, *, label: str, group: str = "") -> Target:
        cls.labels_of(column, target=Target())
        return Target(label=label)

    @classmethod
    def labels_of(cls, column: pa.ChunkedArray, *, target: Target) -> Array:
        refuse_missing(column)
        if not set(_texts(column)) <= {NO, YES}:
            raise Invalid(_("the labels are not 0 and 1"), field="label")
        return _as_numbers(column).to_numpy()

    @classmethod
    def spread_of(cls, labels: Array, *, target: Target) -> LabelSpread:
        positive = float(labels.mean()) if len(labels) else 0.0
        return LabelSpread(shares={NO: 1 - positive, YES: positive})

    @classmethod
    def refuse_labels(cls, spread: LabelSpread) -> str:
        alone = next((name for name, share in spread.shares.items() if share == 1.0), "")
        return _("all labels are {value}").format(value=alone) if alone else ""

    @classmethod
    def outputs(cls, target: Target) -> tuple[OutputSpec, ...]:
        return (OutputSpec(name=OUTPUT),)

    @classmethod
    def evaluate(cls, predictions: Predictions) -> dict[str, Interval]:
        return probabilities.evaluate(predictions.labels, probabilities=predictions.outputs[OUTPUT])

    @classmethod
    def losses(cls, predictions: Predictions) -> Array:
        return probabilities.losses(predictions.labels, probabilities=predictions.outputs[OUTPUT])

    @classmethod
    def compare(cls, before: Predictions, *, after: Predictions) -> dict[str, Interval]:
        return probabilities.compare(before.labels, baseline=before.outputs[OUTPUT], candidate=after.outputs[OUTPUT])

    @classmethod
    def lines(cls, predictions: Predictions) -> tuple[Line, ...]:
        answers = predictions.outputs[OUTPUT]
        points = {
            "roc": curves.roc(predictions.labels, probabilities=answers),
            "calibration": curves.calibration(predictions.labels, probabilities=answers),
            "scores": curves.scores(answers),
        }
        return tuple(Line(name=name, x=tuple(x.tolist()), y=tuple(y.tolist())) for name, (x, y) in points.items())

    @classmethod
    def flips(cls, before: Predictions, *, after: Predictions, version_id: str) -> Flip | None:
        """A row is flagged from the share of positives on, so that rare outcomes are flagged at all."""
        threshold = float(before.labels.mean())
        answers = (before.outputs[OUTPUT], after.outputs[OUTPUT])
        share, widest = curves.widest(answers[0], after=answers[1], threshold=threshold)
        columns = (before.labels[widest], answers[0][widest], answers[1][widest])
        rows = zip((before.rows[row] for row in widest), *(column.tolist() for column in columns), strict=True)
        return Flip(version_id=version_id, share=share, rows=tuple(rows), threshold=threshold)

    @classmethod
    def constant(cls, labels: Array, *, rows: int, target: Target) -> Outputs:
        import numpy as np

        return {OUTPUT: np.full(rows, float(labels.mean()))}

    @classmethod
    def answers(cls, outputs: Outputs, *, target: Target) -> list[dict[str, Any]]:
        return [{OUTPUT: probability} for probability in outputs[OUTPUT].tolist()]

    @classmethod
    def shown(cls, answer: Mapping[str, Any], *, target: Target) -> tuple[ShownAnswer, ...]:
        return (ShownAnswer(title=_("Probability"), value=answer[OUTPUT], is_share=True),)

    @classmethod
    def outputs_of(cls, answers: Sequence[Mapping[str, Any]], *, target: Target) -> Outputs:
        import numpy as np

        return {OUTPUT: np.array([float(answer[OUTPUT]) for answer in answers], dtype=np.float64)}

    @classmethod
    def gaps(cls, first: Outputs, *, second: Outputs) -> Array:
        return gaps_of_numbers(first[OUTPUT], second=second[OUTPUT])


def _texts(column: pa.ChunkedArray) -> list[str]:
    """The different values, as whole numbers where they are such; more than the first ten say nothing new."""
    values = [str(value) for value in different(column)[:10].to_pylist()]
    return [BOOLEANS.get(value.lower(), value.removesuffix(".0")) for value in values]


def _as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    if is_named(column) and column.type != "bool":
        lowered = pc.utf8_lower(column.cast("string"))
        column = pc.replace_substring(pc.replace_substring(lowered, "true", YES), "false", NO)
    return column.cast("float64")
