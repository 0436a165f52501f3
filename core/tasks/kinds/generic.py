"""Whatever a file gives: a model whose outputs have no metric. It is served and load-tested, and approved on its parity
and latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.foundation.text import N_
from core.tasks.measures.gaps import gaps_of_outputs
from core.tasks.predictions import Array, Outputs, Predictions
from core.tasks.task import Task
from core.tasks.values import Interval, LabelSpread, OutputSpec, Target

if TYPE_CHECKING:
    import pyarrow as pa


class GenericTask(Task):
    """Anything else: the model gives what its file says, and no metric judges it. Its promotion rests on parity and
    latency."""

    name = "generic"
    title = N_("Anything else")
    precedence = 90

    @classmethod
    def fits(cls, column: pa.ChunkedArray) -> bool:
        """Never: where nothing else fits it has to be chosen."""
        return False

    @classmethod
    def target_of(cls, column: pa.ChunkedArray, *, label: str, group: str = "") -> Target:
        """Without the outputs, which are those of the file."""
        return Target(task=cls.name, label=label)

    @classmethod
    def labels_of(cls, column: pa.ChunkedArray, *, target: Target) -> Array:
        """Nothing is known of any row."""
        import numpy as np

        return np.zeros(len(column))

    @classmethod
    def spread_of(cls, labels: Array, *, target: Target) -> LabelSpread:
        return LabelSpread()

    @classmethod
    def refuse_labels(cls, spread: LabelSpread) -> str:
        return ""

    @classmethod
    def outputs(cls, target: Target) -> tuple[OutputSpec, ...]:
        return target.outputs

    @classmethod
    def evaluate(cls, predictions: Predictions) -> dict[str, Interval]:
        return {}

    @classmethod
    def compare(cls, before: Predictions, *, after: Predictions) -> dict[str, Interval]:
        return {}

    @classmethod
    def constant(cls, labels: Array, *, rows: int, target: Target) -> Outputs:
        """Nothing: no metric says what would be best."""
        return {}

    @classmethod
    def answers(cls, outputs: Outputs, *, target: Target) -> list[dict[str, Any]]:
        names = [spec.name for spec in target.outputs]
        columns = (outputs[name].tolist() for name in names)
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    @classmethod
    def outputs_of(cls, answers: Sequence[Mapping[str, Any]], *, target: Target) -> Outputs:
        import numpy as np

        kinds = {"FP64": np.float64, "BYTES": object}
        return {
            spec.name: np.array([answer[spec.name] for answer in answers], dtype=kinds[spec.datatype])
            for spec in target.outputs
        }

    @classmethod
    def gaps(cls, first: Outputs, *, second: Outputs) -> Array:
        return gaps_of_outputs(first, second=second)
