"""Any number of labels: a label that is a list of names, and a probability for each name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from core.foundation.text import N_, _, thousands
from core.tasks.label_columns import classes_in, codes_of, is_list, lists_in, texts_in
from core.tasks.measures import class_lines, curves, label_sets
from core.tasks.measures.checks import refuse_probabilities
from core.tasks.measures.gaps import gaps_of_numbers
from core.tasks.measures.label_sets import THRESHOLD, LabelSets
from core.tasks.measures.scales import SHARE
from core.tasks.metrics import LOG_LOSS, MACRO_F1, Metric
from core.tasks.predictions import Array, Outputs, Predictions
from core.tasks.task import ONE_CLASS_IS_HONEST_TO, Task, largest_first
from core.tasks.values import Flip, Interval, LabelSpread, Line, OutputSpec, Picture, ShownAnswer, Target

if TYPE_CHECKING:
    import pyarrow as pa

PROBABILITIES, LABELS = "probabilities", "labels"


class MultiLabelTask(Task):
    """Which of several labels something has, any number of them: the label is a list of names, and the model says the
    probability of each. A row has those of 0.5 and more."""

    name = "multi_label"
    title = N_("Any number of labels")
    metrics = (
        Metric("micro_f1", N_("Micro F1"), N_("micro F1"), "up", scale=SHARE),
        MACRO_F1,
        Metric("hamming_loss", N_("Hamming loss"), N_("Hamming loss"), "down", scale=SHARE),
        Metric("mean_auc", N_("Mean AUC"), N_("mean AUC"), "up", scale=SHARE, chance=0.5),
        LOG_LOSS,
    )
    precedence = 20
    separation_is_honest_to = ONE_CLASS_IS_HONEST_TO
    leading = ("log_loss", "mean_auc", "micro_f1", "macro_f1", "hamming_loss")
    margins: ClassVar = {"micro_f1": 0.01, "log_loss": 0.005}
    pictures = (
        class_lines.RECALL,
        class_lines.PRECISION,
        Picture(
            name="calibration",
            title=N_("Calibration"),
            x=N_("predicted"),
            y=N_("observed"),
            hint=N_("of all labels together: on the dotted line, predicted equals observed"),
            diagonal=True,
        ),
    )

    @classmethod
    def fits(cls, column: pa.ChunkedArray) -> bool:
        return is_list(column)

    @classmethod
    def reason_of(cls, column: pa.ChunkedArray) -> str:
        return _("every value is a list")

    @classmethod
    def target_of(cls, column: pa.ChunkedArray, *, label: str, group: str = "") -> Target:
        _rows, values = lists_in(column)
        return Target(task=cls.name, label=label, classes=classes_in(values))

    @classmethod
    def labels_of(cls, column: pa.ChunkedArray, *, target: Target) -> Array:
        """bool [rows, classes]."""
        import numpy as np

        rows, values = lists_in(column)
        labels = np.zeros((len(column), len(target.classes)), dtype=np.bool_)
        labels[rows, codes_of(texts_in(values), classes=target.classes)] = True
        return labels

    @classmethod
    def spread_of(cls, labels: Array, *, target: Target) -> LabelSpread:
        """The share of rows that have each label; a row counts for each of its labels."""
        shares = labels.sum(axis=0) / max(1, len(labels))
        return LabelSpread.of_classes(target.classes, shares=shares.tolist())

    @classmethod
    def refuse_labels(cls, spread: LabelSpread) -> str:
        is_same = all(share in (0.0, 1.0) for share in spread.shares.values())
        return _("all rows have the same labels") if is_same else ""

    @classmethod
    def outputs(cls, target: Target) -> tuple[OutputSpec, ...]:
        return (OutputSpec(name=PROBABILITIES, names=target.classes),)

    @classmethod
    def aligned(cls, predictions: Predictions, *, target: Target) -> Predictions:
        if predictions.target.classes == target.classes:
            return predictions
        order = [predictions.target.classes.index(name) for name in target.classes]
        probabilities = predictions.outputs[PROBABILITIES][:, order]
        return replace(
            predictions, labels=predictions.labels[:, order], outputs={PROBABILITIES: probabilities}, target=target
        )

    @classmethod
    def evaluate(cls, predictions: Predictions) -> dict[str, Interval]:
        return label_sets.evaluate(_sets(predictions))

    @classmethod
    def losses(cls, predictions: Predictions) -> Array:
        return label_sets.losses(_sets(predictions))

    @classmethod
    def compare(cls, before: Predictions, *, after: Predictions) -> dict[str, Interval]:
        return label_sets.compare(_sets(before), after=_sets(cls.aligned(after, target=before.target)))

    @classmethod
    def remarks(cls, predictions: Predictions) -> tuple[str, ...]:
        unknown = int((~label_sets.in_both(predictions.labels)).sum())
        if not unknown:
            return ()
        words = _("{n} of {total} labels are in no row here or in every one, and have no AUC.")
        return (words.format(n=thousands(unknown), total=thousands(len(predictions.target.classes))),)

    @classmethod
    def lines(cls, predictions: Predictions) -> tuple[Line, ...]:
        sets = _sets(predictions)
        happened = sets.labels.reshape(-1).astype("float64")
        x, y = curves.calibration(happened, probabilities=sets.probabilities.reshape(-1))
        return (
            *class_lines.by_class(sets.counts, names=predictions.target.classes),
            Line(name="calibration", x=tuple(x.tolist()), y=tuple(y.tolist())),
        )

    @classmethod
    def flips(cls, before: Predictions, *, after: Predictions, version_id: str) -> Flip | None:
        """Rows that get other labels; first those in which a probability moved most."""
        import numpy as np

        first, second = _sets(before), _sets(cls.aligned(after, target=before.target))
        changed = np.flatnonzero((first.flags != second.flags).any(axis=1))
        gaps = np.abs(second.probabilities[changed] - first.probabilities[changed]).max(axis=1, initial=0.0)
        widest = changed[np.argsort(-gaps, kind="stable")][: curves.MOST_FLIPS].tolist()
        sides = (first.labels, first.flags, second.flags)
        names = before.target.classes
        rows = tuple((before.rows[row], *(", ".join(_named(side[row], names)) for side in sides)) for row in widest)
        return Flip(version_id=version_id, share=changed.size / max(1, len(before)), rows=rows)

    @classmethod
    def constant(cls, labels: Array, *, rows: int, target: Target) -> Outputs:
        """The share of rows that have each label."""
        import numpy as np

        return {PROBABILITIES: np.tile(labels.mean(axis=0), (rows, 1))}

    @classmethod
    def answers(cls, outputs: Outputs, *, target: Target) -> list[dict[str, Any]]:
        names, probabilities = target.classes, outputs[PROBABILITIES]
        return [
            {LABELS: _named(row >= THRESHOLD, names), PROBABILITIES: dict(zip(names, row.tolist(), strict=True))}
            for row in probabilities
        ]

    @classmethod
    def shown(cls, answer: Mapping[str, Any], *, target: Target) -> tuple[ShownAnswer, ...]:
        names = ", ".join(answer[LABELS]) or _("none")
        shares = largest_first(answer[PROBABILITIES])
        return (ShownAnswer(title=target.label or _("Labels"), value=names, shares=shares),)

    @classmethod
    def outputs_of(cls, answers: Sequence[Mapping[str, Any]], *, target: Target) -> Outputs:
        import numpy as np

        rows = [[float(answer[PROBABILITIES][name]) for name in target.classes] for answer in answers]
        return {PROBABILITIES: np.array(rows, dtype=np.float64).reshape(len(answers), len(target.classes))}

    @classmethod
    def gaps(cls, first: Outputs, *, second: Outputs) -> Array:
        return gaps_of_numbers(first[PROBABILITIES], second=second[PROBABILITIES])


def _sets(predictions: Predictions) -> LabelSets:
    probabilities = predictions.outputs[PROBABILITIES]
    refuse_probabilities(probabilities, rows=len(predictions), classes=len(predictions.target.classes))
    return LabelSets(predictions.labels, probabilities)


def _named(flags: Array, names: Sequence[str]) -> list[str]:
    return [names[place] for place in flags.nonzero()[0].tolist()]
