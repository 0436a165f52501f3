"""What failed of somebody's own work and was not made good since: a later success with the same data takes an earlier
failure away."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import exists
from sqlmodel import col, func, select

from core.compute.tables import JobRow
from core.compute.values import JobState
from core.features.tables import FeatureVersionRow, MaterializationRow, TrainingSetRow
from core.features.training_sets.values import TrainingSetState
from core.features.values import MaterializationState, VersionState
from core.foundation.actions.call import Call
from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow, put_away_among
from core.foundation.values import Value
from core.lake.import_values import ImportState
from core.lake.tables import ImportRow
from core.sweeps.tables import SweepRow
from core.sweeps.values import SweepState
from core.training.tables import RunRow

RECENT = timedelta(days=7)
MOST = 50
FAILED = ("failed", "refused")


class Failure(Value):
    """Work of the caller that failed; `cause` is empty where none was reported."""

    object_id: str
    kind: Kind
    title: str
    state: str
    cause: str
    failed_at: datetime


class Work(NamedTuple):
    """A kind of work: `subject` are the columns that tell what it was done for, `done` the states in which another
    attempt at the same has come to something."""

    table: Any
    subject: tuple[Any, ...]
    done: tuple[str, ...]


WORK: dict[Kind, Work] = {
    Kind.RUN: Work(RunRow, (RunRow.training_set_id, RunRow.recipe), (JobState.SUCCEEDED,)),
    Kind.SWEEP: Work(SweepRow, (SweepRow.training_set_id, SweepRow.recipe), (SweepState.FINISHED,)),
    Kind.IMPORT: Work(ImportRow, (ImportRow.dataset_id,), (ImportState.READY, ImportState.CONFIRMED)),
    Kind.TRAINING_SET: Work(TrainingSetRow, (TrainingSetRow.project, TrainingSetRow.name), (TrainingSetState.READY,)),
    Kind.FEATURE_VERSION: Work(
        FeatureVersionRow, (FeatureVersionRow.view_id,), (VersionState.STAGED, VersionState.PUBLISHED)
    ),
    Kind.MATERIALIZATION: Work(MaterializationRow, (MaterializationRow.version_id,), (MaterializationState.READY,)),
}


def failures_of(call: Call) -> tuple[Failure, ...]:
    """Those of the last seven days, the newest first, among the newest 50 that may be seen."""
    # The runs of a sweep are the sweep's concern.
    is_a_trial = exists().where(col(RunRow.id) == ObjectRow.id, col(RunRow.sweep_id) != "")
    own = select(ObjectRow).where(
        ObjectRow.updated_at > call.now - RECENT,
        ObjectRow.owner == call.actor.person_id,
        # No index on kinds or projects is of use: what failed lately is little, and all that ever ran is much.
        col(ObjectRow.kind).concat("").in_(list(WORK)),
        col(ObjectRow.state).in_(FAILED),
        col(ObjectRow.put_away) == "",
        ~is_a_trial,
        *call.reach().unindexed(ObjectRow.project),
    )
    rows = call.session.exec(own.order_by(col(ObjectRow.updated_at).desc()).limit(MOST)).all()
    causes = {
        object_id: cause
        for kind in dict.fromkeys(row.kind for row in rows)
        for object_id, cause in _open(call, WORK[Kind(kind)], [row.id for row in rows if row.kind == kind])
    }
    return tuple(
        Failure(
            object_id=row.id,
            kind=Kind(row.kind),
            title=row.title,
            state=row.state,
            cause=causes[row.id],
            failed_at=row.updated_at,
        )
        for row in rows
        if row.id in causes
    )


def _open(call: Call, work: Work, failed: Collection[str]) -> Iterable[tuple[str, str]]:
    """Which of the failures were not made good, each with its cause."""
    table = work.table
    attempts = select(table.id, table.created_at, _cause(table), *work.subject).where(col(table.id).in_(failed))
    if table is RunRow:
        attempts = attempts.join(JobRow, col(JobRow.id) == RunRow.job_id)
    known = call.session.exec(attempts).all()
    first = min((attempt[1] for attempt in known), default=call.now)
    done = _done_since(call, work, first, {attempt[3] for attempt in known}) if known else {}
    gone = put_away_among(call.session, {attempt[3] for attempt in known})
    for object_id, created_at, cause, *subject in known:
        if subject[0] not in gone and done.get(tuple(subject), first) <= created_at:
            yield object_id, cause


def _cause(table: Any) -> Any:
    return JobRow.cause if table is RunRow else table.cause


def _done_since(call: Call, work: Work, since: datetime, subjects: Collection[str]) -> dict[tuple[str, ...], datetime]:
    """When the last attempt that came to something was begun, by its subject."""
    table = work.table
    columns: tuple[Any, ...] = (*work.subject, func.max(table.created_at))
    newest = select(*columns).join(ObjectRow, col(ObjectRow.id) == table.id)
    later = newest.where(
        table.created_at >= since,
        col(work.subject[0]).in_(subjects),
        col(ObjectRow.state).in_(work.done),
        *call.permitted.condition(ObjectRow.project),
    )
    rows = call.session.exec(later.group_by(*work.subject)).all()
    return {tuple(subject): at for *subject, at in rows}
