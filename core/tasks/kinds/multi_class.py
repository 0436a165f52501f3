"""One of several classes: a label that is a name, a probability for each class, and the class that is predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from core.foundation.errors import Invalid
from core.foundation.text import N_, _, thousands
from core.tasks.label_columns import classes_in, codes_of, different, is_named, is_nested, is_numeric, texts_in
from core.tasks.measures import class_lines, classes, curves
from core.tasks.measures.checks import refuse_probabilities
from core.tasks.measures.classes import Decided
from core.tasks.measures.gaps import gaps_of_numbers, gaps_of_texts
from core.tasks.measures.scales import SHARE
from core.tasks.metrics import CALIBRATION_ERROR, LOG_LOSS, MACRO_F1, Metric
from core.tasks.predictions import Array, Outputs, Predictions
from core.tasks.task import ONE_CLASS_IS_HONEST_TO, Task, largest_first
from core.tasks.values import Flip, Interval, LabelSpread, Line, OutputSpec, Picture, ShownAnswer, Target

if TYPE_CHECKING:
    import pyarrow as pa

PROBABILITIES, PREDICTED = "probabilities", "predicted"
# More different values than these are rather numbers, or texts that stand for themselves.
MOST_NUMBERS, MOST_TEXTS = 20, 1_000
# How far the probabilities of a row may be from summing to 1: half precision and many classes need as much.
NEAR_ONE = 0.01


class MultiClassTask(Task):
    """Which of several classes something is: the label is a name, and the model says the probability of each class and
    the class that it predicts."""

    name = "multi_class"
    title = N_("One of several classes")
    metrics = (
        Metric("accuracy", N_("Accuracy"), N_("accuracy"), "up", scale=SHARE),
        MACRO_F1,
        Metric("weighted_f1", N_("Weighted F1"), N_("weighted F1"), "up", scale=SHARE),
        LOG_LOSS,
        Metric("top_3_accuracy", N_("Top-3 accuracy"), N_("top-3 accuracy"), "up", scale=SHARE),
        CALIBRATION_ERROR,
    )
    precedence = 10
    # Log loss says most about probabilities, then what is decided, then calibration.
    separation_is_honest_to = ONE_CLASS_IS_HONEST_TO
    leading = ("log_loss", "accuracy", "macro_f1", "weighted_f1", "top_3_accuracy", "ece")
    margins: ClassVar = {"accuracy": 0.01, "log_loss": 0.01}
    pictures = (
        Picture(
            name="confusion",
            title=N_("Confusion matrix"),
            x=N_("predicted"),
            y=N_("label"),
            hint=N_("rows by class, and by predicted class across; on the diagonal they are right"),
            form="matrix",
            diagonal=True,
        ),
        class_lines.RECALL,
        class_lines.PRECISION,
        Picture(
            name="calibration",
            title=N_("Calibration"),
            x=N_("predicted"),
            y=N_("observed"),
            hint=N_("of the most probable class: on the dotted line, predicted equals observed"),
            diagonal=True,
        ),
    )

    @classmethod
    def fits(cls, column: pa.ChunkedArray) -> bool:
        if is_nested(column) or not (is_named(column) or is_numeric(column)):
            return False
        values = different(column)
        most = MOST_TEXTS if is_named(column) else MOST_NUMBERS
        is_whole = is_named(column) or all(float(value).is_integer() for value in values[: most + 1].to_pylist())
        return is_whole and 2 <= len(values) <= min(most, len(column) // 2)

    @classmethod
    def reason_of(cls, column: pa.ChunkedArray) -> str:
        values = len(different(column))
        if is_named(column):
            return _("{n} different names").format(n=values)
        return _("{n} different whole numbers, few enough to be classes").format(n=values)

    @classmethod
    def target_of(cls, column: pa.ChunkedArray, *, label: str, group: str = "") -> Target:
        return Target(task=cls.name, label=label, classes=classes_in(column))

    @classmethod
    def labels_of(cls, column: pa.ChunkedArray, *, target: Target) -> Array:
        """int64 [rows]: places in the list of classes."""
        return codes_of(texts_in(column), classes=target.classes)

    @classmethod
    def spread_of(cls, labels: Array, *, target: Target) -> LabelSpread:
        import numpy as np

        shares = np.bincount(labels, minlength=len(target.classes)) / max(1, len(labels))
        return LabelSpread.of_classes(target.classes, shares=shares.tolist())

    @classmethod
    def refuse_labels(cls, spread: LabelSpread) -> str:
        present = [name for name, share in spread.shares.items() if share > 0]
        return _("all labels are {value}").format(value=present[0]) if len(present) == 1 else ""

    @classmethod
    def outputs(cls, target: Target) -> tuple[OutputSpec, ...]:
        return (
            OutputSpec(name=PROBABILITIES, names=target.classes),
            OutputSpec(name=PREDICTED, datatype="BYTES"),
        )

    @classmethod
    def aligned(cls, predictions: Predictions, *, target: Target) -> Predictions:
        import numpy as np

        if predictions.target.classes == target.classes:
            return predictions
        order = [predictions.target.classes.index(name) for name in target.classes]
        probabilities = predictions.outputs[PROBABILITIES][:, order]
        return replace(
            predictions,
            labels=np.argsort(order)[predictions.labels],
            outputs={**predictions.outputs, PROBABILITIES: probabilities},
            target=target,
        )

    @classmethod
    def evaluate(cls, predictions: Predictions) -> dict[str, Interval]:
        return classes.evaluate(_decided(predictions))

    @classmethod
    def losses(cls, predictions: Predictions) -> Array:
        return classes.losses(_decided(predictions))

    @classmethod
    def compare(cls, before: Predictions, *, after: Predictions) -> dict[str, Interval]:
        return classes.compare(_decided(before), after=_decided(cls.aligned(after, target=before.target)))

    @classmethod
    def remarks(cls, predictions: Predictions) -> tuple[str, ...]:
        import numpy as np

        total = len(predictions.target.classes)
        absent = total - np.unique(predictions.labels).size
        if not absent:
            return ()
        words = _("{n} of {total} classes have no row here, which lowers the macro F1.")
        return (words.format(n=thousands(absent), total=thousands(total)),)

    @classmethod
    def lines(cls, predictions: Predictions) -> tuple[Line, ...]:
        decided, names = _decided(predictions), predictions.target.classes
        top = classes.top_gaps(decided)
        confidence = decided.probabilities.max(axis=1)
        observed = curves.calibration(top.gaps + confidence, probabilities=confidence)
        return (
            class_lines.matrix(decided.labels, predicted=decided.predicted, names=names),
            *class_lines.by_class(classes.counts_of(decided), names=names),
            Line(name="calibration", x=tuple(observed[0].tolist()), y=tuple(observed[1].tolist())),
        )

    @classmethod
    def flips(cls, before: Predictions, *, after: Predictions, version_id: str) -> Flip | None:
        """Rows that get another class; first those in which a probability moved most."""
        import numpy as np

        first, second = _decided(before), _decided(cls.aligned(after, target=before.target))
        changed = np.flatnonzero(first.predicted != second.predicted)
        gaps = np.abs(second.probabilities[changed] - first.probabilities[changed]).max(axis=1, initial=0.0)
        widest = changed[np.argsort(-gaps, kind="stable")][: curves.MOST_FLIPS].tolist()
        names = before.target.classes
        places = (first.labels, first.predicted, second.predicted)
        rows = tuple((before.rows[row], *(names[place[row]] for place in places)) for row in widest)
        return Flip(version_id=version_id, share=changed.size / max(1, len(before)), rows=rows)

    @classmethod
    def constant(cls, labels: Array, *, rows: int, target: Target) -> Outputs:
        """The shares of the classes, and the most frequent one."""
        import numpy as np

        shares = np.bincount(labels, minlength=len(target.classes)) / len(labels)
        predicted = np.full(rows, target.classes[int(shares.argmax())], dtype=object)
        return {PROBABILITIES: np.tile(shares, (rows, 1)), PREDICTED: predicted}

    @classmethod
    def answers(cls, outputs: Outputs, *, target: Target) -> list[dict[str, Any]]:
        rows = zip(outputs[PREDICTED].tolist(), outputs[PROBABILITIES].tolist(), strict=True)
        return [
            {PREDICTED: predicted, PROBABILITIES: dict(zip(target.classes, probabilities, strict=True))}
            for predicted, probabilities in rows
        ]

    @classmethod
    def shown(cls, answer: Mapping[str, Any], *, target: Target) -> tuple[ShownAnswer, ...]:
        shares = largest_first(answer[PROBABILITIES])
        return (ShownAnswer(title=target.label or _("Class"), value=answer[PREDICTED], shares=shares),)

    @classmethod
    def outputs_of(cls, answers: Sequence[Mapping[str, Any]], *, target: Target) -> Outputs:
        import numpy as np

        probabilities = [[float(answer[PROBABILITIES][name]) for name in target.classes] for answer in answers]
        predicted = np.array([answer[PREDICTED] for answer in answers], dtype=object)
        return {
            PROBABILITIES: np.array(probabilities, dtype=np.float64).reshape(len(answers), len(target.classes)),
            PREDICTED: predicted,
        }

    @classmethod
    def gaps(cls, first: Outputs, *, second: Outputs) -> Array:
        """Of two classes that are as probable as each other, a last digit decides: another answer is then no gap."""
        import numpy as np

        numbers = gaps_of_numbers(first[PROBABILITIES], second=second[PROBABILITIES])
        texts = gaps_of_texts(first[PREDICTED], second=second[PREDICTED])
        leads = np.diff(np.sort(first[PROBABILITIES], axis=1)[:, -2:], axis=1)[:, 0]
        is_tie = (leads <= cls.tolerance) & (numbers <= cls.tolerance)
        return numbers + np.where(is_tie, 0.0, texts)


def _decided(predictions: Predictions) -> Decided:
    """Invalid when the probabilities are none, or the predicted class is one that the model does not know."""
    import pyarrow as pa

    known, probabilities = predictions.target.classes, predictions.outputs[PROBABILITIES]
    refuse_probabilities(probabilities, rows=len(predictions), classes=len(known))
    if abs(probabilities.sum(axis=1) - 1).max() > NEAR_ONE:
        raise Invalid(_("The probabilities of a row do not sum to 1"), field=PROBABILITIES)
    texts = pa.chunked_array([pa.array(predictions.outputs[PREDICTED], "string")])
    return Decided(predictions.labels, codes_of(texts, classes=known), probabilities)
