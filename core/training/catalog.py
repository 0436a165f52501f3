"""Reading runs: a run's row with its job's state, lists that the database sorts, and histories thinned for a chart."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from core.compute.tables import JobRow
from core.compute.values import JobState
from core.foundation.errors import NotFound
from core.foundation.listings import count_of
from core.foundation.text import _
from core.foundation.values import Listing
from core.registry.tables import MirrorRow
from core.registry.values import Evaluation
from core.training.diagnosis.sentences import remarks_of
from core.training.tables import RunMetricRow, RunRow
from core.training.values import Point, Run, RunOrder, Series

CLOCKS = ("ran_seconds", "total_ran_seconds")
FROM_JOB = ("state", "progress", "stage", "eta_seconds", "cause", "started_at", "ended_at", *CLOCKS)
IS_TRAINING = col(JobRow.kind) == "training.run"
# So many of them are found faster by their jobs.
FEW = 10_000
# So many of the last runs are asked for a baseline.
LAST_RUNS = 10
IS_JOB = col(JobRow.id) == RunRow.job_id
NEWEST = (col(RunRow.created_at).desc(), col(RunRow.id).desc())


def find_run(session: Session, run_id: str) -> tuple[RunRow, JobRow]:
    """NotFound when there is no such run."""
    row = session.get(RunRow, run_id)
    if row is None:
        raise NotFound(_("{id} is no run").format(id=repr(run_id[:40])))
    return row, session.get_one(JobRow, row.job_id)


def run_of(row: RunRow, job: JobRow, *, mlflow_run: str | None) -> Run:
    fields = row.model_dump(include=set(Run.model_fields) - {"evaluations"})
    job_fields = {name: getattr(job, name) for name in FROM_JOB}
    evaluations = tuple(Evaluation.model_validate(item) for item in row.evaluations)
    run = Run(**fields, **job_fields, evaluations=evaluations, mlflow_run=mlflow_run or "")
    return run.model_copy(update={"remarks": remarks_of(run)})


def read_run(session: Session, run_id: str) -> Run:
    """NotFound when there is no such run."""
    row, job = find_run(session, run_id)
    mirror = session.get(MirrorRow, run_id)
    return run_of(row, job, mlflow_run=mirror.mlflow_run if mirror else None)


def list_runs(
    session: Session,
    where: Sequence[ColumnElement[bool]],
    *,
    jobs: Sequence[ColumnElement[bool]] = (),
    order: RunOrder,
    offset: int,
    limit: int,
) -> Listing[Run]:
    """One page of the runs that meet every condition; those without the metric come last. `jobs` are conditions of
    their jobs that come to the same: a run's state is its job's, and so is the moment it was asked for, so that the
    index of the jobs has all that is counted and the order of the newest."""
    if jobs and order is RunOrder.NEWEST:
        ids = _newest_jobs(session, jobs, offset, limit)
    else:
        ids = ordered_ids(session, where, order=order, offset=offset, limit=limit)
    total = count_of(session, JobRow, [IS_TRAINING, *jobs]) if jobs else count_of(session, RunRow, where)
    return Listing(items=runs_of(session, ids), total=total, offset=offset, limit=limit)


def ordered_ids(
    session: Session, where: Sequence[ColumnElement[bool]], *, order: RunOrder, offset: int, limit: int
) -> list[str]:
    """The ids of one page of the runs that meet every condition."""
    page = _best if order is RunOrder.BEST else _newest
    return page(session, where, offset, limit)


def in_state(session: Session, state: str) -> ColumnElement[bool]:
    """What keeps a list of runs to those in a state: either that they are among those in it, or that they are not
    among those in any other, whichever names fewer."""
    subjects = select(JobRow.subject).where(IS_TRAINING)
    beyond = select(JobRow.id).where(IS_TRAINING, JobRow.state == state).offset(FEW).limit(1)
    if session.exec(beyond).first() is None:
        return col(RunRow.id).in_(subjects.where(JobRow.state == state))
    others = [other.value for other in JobState if other != state]
    return col(RunRow.id).not_in(subjects.where(col(JobRow.state).in_(others)))


def runs_of(session: Session, ids: Sequence[str]) -> tuple[Run, ...]:
    """The runs with these ids, in their order."""
    query = select(RunRow, JobRow, MirrorRow.mlflow_run).select_from(RunRow).join(JobRow, IS_JOB)
    query = query.join(MirrorRow, col(MirrorRow.run_id) == RunRow.id, isouter=True).where(col(RunRow.id).in_(ids))
    runs = {row.id: run_of(row, job, mlflow_run=mirror) for row, job, mirror in session.exec(query)}
    return tuple(runs[run_id] for run_id in ids)


def _newest_jobs(session: Session, jobs: Sequence[ColumnElement[bool]], offset: int, limit: int) -> list[str]:
    newest = (col(JobRow.created_at).desc(), col(JobRow.id).desc())
    subjects = select(JobRow.subject).where(IS_TRAINING, *jobs).order_by(*newest)
    return list(session.exec(subjects.offset(offset).limit(limit)))


def _newest(session: Session, wanted: Sequence[ColumnElement[bool]], offset: int, limit: int) -> list[str]:
    ids = select(RunRow.id).where(*wanted).order_by(*NEWEST)
    return list(session.exec(ids.offset(offset).limit(limit)))


def _best(session: Session, wanted: Sequence[ColumnElement[bool]], offset: int, limit: int) -> list[str]:
    """Two lists in one: the runs with a figure from the best on, then those without, the newest first. Asked for one
    by one, for no index has the missing figures at its end."""
    loss = col(RunRow.validation_loss)
    judged = [*wanted, loss.is_not(None)]
    first = select(RunRow.id).where(*judged).order_by(loss, *NEWEST)
    ids = list(session.exec(first.offset(offset).limit(limit)))
    if len(ids) == limit:
        return ids
    behind = max(0, offset - count_of(session, RunRow, judged))
    return ids + _newest(session, [*wanted, loss.is_(None)], behind, limit - len(ids))


def add_points(session: Session, run_id: str, points: Iterable[RunMetricRow]) -> tuple[RunMetricRow, ...]:
    """Adds the points that are not there yet, and returns them: a resumed training reports some steps again."""
    by_step = {(point.name, point.step): point for point in points}
    steps = [step for _name, step in by_step]
    known = select(RunMetricRow.name, RunMetricRow.step).where(
        RunMetricRow.run_id == run_id, col(RunMetricRow.step).between(min(steps, default=0), max(steps, default=0))
    )
    for place in session.exec(known).all():
        by_step.pop(place, None)
    session.add_all(by_step.values())
    session.flush()
    return tuple(by_step.values())


def last_step(session: Session, run_id: str) -> int | None:
    """The highest step that it reported."""
    return session.exec(select(func.max(RunMetricRow.step)).where(RunMetricRow.run_id == run_id)).one()


def baseline_files(session: Session, training_set_id: str) -> dict[str, str]:
    """The digests of what the baseline says of the splits of a training set, known from one of its last runs."""
    finished = (RunRow.training_set_id == training_set_id, RunRow.manifest != "")
    newest = select(RunRow.judgement).where(*finished).order_by(*NEWEST).limit(LAST_RUNS)
    known = [judgement.get("baseline_files", {}) for judgement in session.exec(newest)]
    return next((files for files in known if files), {})


def history(session: Session, run_id: str, *, names: Iterable[str], most: int) -> tuple[Series, ...]:
    """The series of a run by name, all of them when no name is given."""
    return curves(session, [run_id], names=names, most=most).get(run_id, ())


def curves(
    session: Session, run_ids: Sequence[str], *, names: Iterable[str], most: int
) -> dict[str, tuple[Series, ...]]:
    """The series of runs. Each has at most `most` points, evenly spaced, the last one always among them; the database
    leaves out the others, so that a long run costs no more to show."""
    run, metric = col(RunMetricRow.run_id), col(RunMetricRow.name)
    window: dict[str, Any] = {"partition_by": (run, metric)}
    back = func.row_number().over(**window, order_by=col(RunMetricRow.step).desc()) - 1
    columns = (run, metric, col(RunMetricRow.step), col(RunMetricRow.value), back.label("back"))
    rows = sqlalchemy.select(*columns, func.count().over(**window).label("total")).where(run.in_(run_ids))
    if chosen := list(names):
        rows = rows.where(metric.in_(chosen))
    numbered = rows.subquery().c
    stride = (numbered.total + (most - 1)) // most
    thinned = sqlalchemy.select(numbered.run_id, numbered.name, numbered.step, numbered.value)
    thinned = thinned.where(numbered.back % stride == 0).order_by(numbered.run_id, numbered.name, numbered.step)
    points: dict[str, dict[str, list[Point]]] = {}
    for run_id, name, step, value in session.connection().execute(thinned):
        points.setdefault(run_id, {}).setdefault(name, []).append(Point.model_construct(step=step, value=value))
    return {
        run_id: tuple(Series(name=name, points=tuple(series)) for name, series in by_name.items())
        for run_id, by_name in points.items()
    }
