"""An order within groups: a label that says how relevant a row is in its group, and a score, the higher the earlier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from core.foundation.errors import Invalid
from core.foundation.text import N_, _, thousands
from core.tasks.label_columns import different, is_numeric, numbers_in
from core.tasks.measures import rankings
from core.tasks.measures.checks import LEAST_ROWS, refuse_numbers
from core.tasks.measures.gaps import gaps_of_outputs
from core.tasks.measures.rankings import Ranking
from core.tasks.measures.scales import SHARE
from core.tasks.metrics import Metric
from core.tasks.predictions import Array, Outputs, Predictions
from core.tasks.task import ORDER_IS_HONEST_TO, Task
from core.tasks.values import Interval, LabelSpread, Line, OutputSpec, Picture, ShownAnswer, Target

if TYPE_CHECKING:
    import pyarrow as pa

SCORE = "score"
MOST_DEGREES, SHOWN_PLACES = 6, 20


class RankingTask(Task):
    """What comes first: the label says how relevant a row is, 0 for not at all, and the model gives a score by which
    the rows of a group are ordered. The gain of a row is its relevance."""

    name = "ranking"
    title = N_("An order within groups")
    metrics = (
        Metric("ndcg_5", N_("NDCG@5"), N_("NDCG@5"), "up", scale=SHARE),
        Metric("ndcg_10", N_("NDCG@10"), N_("NDCG@10"), "up", scale=SHARE),
        Metric("map", N_("MAP"), N_("MAP"), "up", scale=SHARE),
        Metric("mrr", N_("MRR"), N_("MRR"), "up", scale=SHARE),
    )
    precedence = 40
    has_groups = True
    separation = N_("agreement of order")
    separation_is_honest_to = ORDER_IS_HONEST_TO
    leading = ("ndcg_10", "ndcg_5", "map", "mrr")
    margins: ClassVar = {"ndcg_10": 0.01}
    pictures = (
        Picture(
            name="relevance",
            title=N_("Relevance by place"),
            x=N_("place"),
            y=N_("mean relevance"),
            hint=N_("what is relevant stands on the first places"),
            form="bars",
        ),
    )

    @classmethod
    def fits(cls, column: pa.ChunkedArray) -> bool:
        values = different(column)[: MOST_DEGREES + 1].to_pylist() if is_numeric(column) else []
        is_degree = all(value >= 0 and float(value).is_integer() for value in values)
        return is_degree and 2 <= len(values) <= MOST_DEGREES

    @classmethod
    def reason_of(cls, column: pa.ChunkedArray) -> str:
        return _("few degrees from 0 up, which may say how relevant a row is in a group")

    @classmethod
    def target_of(cls, column: pa.ChunkedArray, *, label: str, group: str = "") -> Target:
        if not group:
            hint = _("Choose the column that has the same value in all rows of a group.")
            raise Invalid(_("there are no groups to rank within"), hint=hint, field="group")
        target = Target(task=cls.name, label=label, group=group)
        cls.labels_of(column, target=target)
        return target

    @classmethod
    def labels_of(cls, column: pa.ChunkedArray, *, target: Target) -> Array:
        """float64 [rows], none below 0."""
        labels = numbers_in(column)
        if (labels < 0).any():
            raise Invalid(_("a label is below 0, and nothing is less relevant than not at all"), field="label")
        return labels

    @classmethod
    def spread_of(cls, labels: Array, *, target: Target) -> LabelSpread:
        return LabelSpread.of_numbers(labels)

    @classmethod
    def refuse_labels(cls, spread: LabelSpread) -> str:
        return spread.refusal_of_one_number()

    @classmethod
    def outputs(cls, target: Target) -> tuple[OutputSpec, ...]:
        return (OutputSpec(name=SCORE),)

    @classmethod
    def evaluate(cls, predictions: Predictions) -> dict[str, Interval]:
        return rankings.evaluate(_ranking(predictions))

    @classmethod
    def losses(cls, predictions: Predictions) -> Array:
        return 1 - rankings.figures_of(_ranking(predictions))[cls.leading[0]]

    @classmethod
    def compare(cls, before: Predictions, *, after: Predictions) -> dict[str, Interval]:
        return rankings.compare(_ranking(before), after=_ranking(after))

    @classmethod
    def remarks(cls, predictions: Predictions) -> tuple[str, ...]:
        ranking = _ranking(predictions)
        total, judged = len(ranking.starts), len(ranking.has_gain)
        if judged == total:
            return ()
        words = _("{n} of {total} groups have no relevant row and are left out.")
        return (words.format(n=thousands(total - judged), total=thousands(total)),)

    @classmethod
    def lines(cls, predictions: Predictions) -> tuple[Line, ...]:
        gains = rankings.gains_by_place(_ranking(predictions), most=SHOWN_PLACES)
        places = tuple(float(place) for place in range(1, len(gains) + 1))
        return (Line(name="relevance", x=places, y=tuple(gains.tolist())),)

    @classmethod
    def constant(cls, labels: Array, *, rows: int, target: Target) -> Outputs:
        """The same score for all: it orders nothing."""
        import numpy as np

        return {SCORE: np.zeros(rows)}

    @classmethod
    def answers(cls, outputs: Outputs, *, target: Target) -> list[dict[str, Any]]:
        return [{SCORE: score} for score in outputs[SCORE].tolist()]

    @classmethod
    def shown(cls, answer: Mapping[str, Any], *, target: Target) -> tuple[ShownAnswer, ...]:
        return (ShownAnswer(title=_("Score"), value=answer[SCORE]),)

    @classmethod
    def outputs_of(cls, answers: Sequence[Mapping[str, Any]], *, target: Target) -> Outputs:
        import numpy as np

        return {SCORE: np.array([float(answer[SCORE]) for answer in answers], dtype=np.float64)}

    @classmethod
    def gaps(cls, first: Outputs, *, second: Outputs) -> Array:
        return gaps_of_outputs(first, second=second)


def _ranking(predictions: Predictions) -> Ranking:
    """Invalid where too few groups have a relevant row to say anything about."""
    scores, groups = predictions.outputs[SCORE], predictions.groups
    refuse_numbers(scores, rows=len(predictions))
    if groups is None:
        raise Invalid(_("There are no groups to rank within"), field="groups")
    ranking = Ranking(predictions.labels, scores=scores, groups=groups)
    if len(ranking.has_gain) < LEAST_ROWS:
        hint = _("Judge on rows of at least {n} groups with a relevant row each.").format(n=LEAST_ROWS)
        raise Invalid(_("There are too few groups to judge by"), hint=hint, field="groups")
    return ranking
