"""What was measured of versions, as figures: before they served by their evaluations and their evidence, and on each
endpoint by the newest replay in which they answered."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from sqlmodel import col, func, select

from core.foundation.actions.call import Call
from core.foundation.errors import Unavailable
from core.health.assessment import Reading
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind
from core.promotion.evidence_kinds.table import evidence_kinds
from core.registry.evidence import evidence_of
from core.registry.tables import EvidenceRow
from core.registry.values import Evaluation, Evidence, judging
from core.serving.tables import ReplayRow
from core.tasks.task import quality_metrics
from core.tasks.values import Interval

Readings = dict[str, Reading]
# What a replay says of the endpoint as a whole, whichever version answered.
OF_THE_ENDPOINT = ("p99_ms",)
# Of each version and kind the newest are read; one of them has the figure, or it is too old to count.
MOST_EVIDENCE, MOST_REPLAYS = 10, 5


def evaluated(evaluations: Iterable[Any]) -> Readings:
    """What the evaluation says that a version is judged by."""
    evaluation = judging(Evaluation.model_validate(item) for item in evaluations)
    if evaluation is None:
        return {}
    return {metric: _reading(interval, evaluation.holdout_name) for metric, interval in evaluation.metrics.items()}


def evidence_figures(call: Call, version_ids: Collection[str]) -> Mapping[str, Readings]:
    """The newest figure of each metric by version, whatever else was measured since. Asks once for all."""
    kinds = {name: kind for name, kind in evidence_kinds().items() if type(kind).figures is not EvidenceKind.figures}
    if not version_ids or not kinds:
        return {}
    rank = _rank(EvidenceRow, EvidenceRow.subject, EvidenceRow.kind)
    wanted = select(EvidenceRow.id, rank).where(
        col(EvidenceRow.subject).in_(version_ids),
        col(EvidenceRow.kind).in_(kinds),
        *call.permitted.condition(EvidenceRow.project),
    )
    ranked = wanted.subquery()
    newest = select(EvidenceRow).join(ranked, col(EvidenceRow.id) == ranked.c.id)
    rows = call.session.exec(newest.where(ranked.c.rank <= MOST_EVIDENCE).order_by(col(EvidenceRow.created_at)))
    figures: dict[str, Readings] = {}
    for row in rows:
        figures.setdefault(row.subject, {}).update(_cited(row, kinds[row.kind]))
    return figures


def _cited(row: EvidenceRow, kind: EvidenceKind) -> Readings:
    """Nothing of what is not as its kind has it, or was edited afterwards: its own page says so."""
    try:
        evidence: Evidence = evidence_of(row)
        figures = kind.figures(evidence)
    except (ValidationError, Unavailable):
        return {}
    return {
        metric: Reading(
            value=figure.value, low=figure.low, high=figure.high, source=evidence.source or row.id, at=row.created_at
        )
        for metric, figure in figures.items()
    }


def replayed(call: Call, endpoint_ids: Collection[str]) -> Mapping[tuple[str, str], Readings]:
    """By endpoint and version, what the newest replay says in which the version answered. Asks once for all."""
    if not endpoint_ids:
        return {}
    rank = _rank(ReplayRow, ReplayRow.endpoint_id)
    ranked = select(ReplayRow.id, rank).where(col(ReplayRow.endpoint_id).in_(endpoint_ids)).subquery()
    newest = select(ReplayRow).join(ranked, col(ReplayRow.id) == ranked.c.id)
    rows = call.session.exec(newest.where(ranked.c.rank <= MOST_REPLAYS).order_by(col(ReplayRow.created_at)))
    ended = (row for row in rows if row.metrics)
    return {(row.endpoint_id, version_id): _answers(row, version_id) for row in ended for version_id in row.by_version}


def _answers(row: ReplayRow, version_id: str) -> Readings:
    """A replay of before versions were judged by themselves says something of the only one that answered."""
    is_alone = len(row.by_version) == 1
    plain = {
        name: Reading(value=value)
        for name, value in row.metrics.items()
        if name in OF_THE_ENDPOINT or (is_alone and name in quality_metrics())
    }
    own = row.figures.get(version_id, {})
    judged = {name: _reading(Interval.model_validate(item), row.id) for name, item in own.items()}
    rate = {"error_rate": Reading(value=row.failed / row.sent)} if row.sent else {}
    readings = {**plain, **judged, **rate}
    return {
        name: reading.model_copy(update={"source": row.id, "at": row.created_at}) for name, reading in readings.items()
    }


def _reading(interval: Interval, source: str) -> Reading:
    return Reading(value=interval.value, low=interval.low, high=interval.high, source=source)


def _rank(table: Any, *by: Any) -> Any:
    newest = (col(table.created_at).desc(), col(table.id).desc())
    return func.row_number().over(partition_by=[col(column) for column in by], order_by=newest).label("rank")
