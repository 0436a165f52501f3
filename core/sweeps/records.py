"""From rows of sweeps and trials to the values others see."""

from collections.abc import Mapping, Sequence
from statistics import mean

from sqlmodel import Session, col, func, select

from core.compute.tables import JobRow
from core.foundation.errors import Invalid, NotFound
from core.foundation.text import _
from core.sweeps.optuna_study import journal_of
from core.sweeps.tables import SweepRow, TrialRow
from core.sweeps.values import Confirmation, Direction, Importances, StudyFile, StudySpec, Sweep, SweepState, Trial
from core.tasks.task import quality_metrics, task_of
from core.tasks.values import Target

OPEN = ("waiting", "running")


def direction_of(metric: str) -> Direction:
    return "maximize" if quality_metrics()[metric].better == "up" else "minimize"


def metric_for(target: Target, *, wanted: str) -> str:
    """The metric that judges: the one that is wanted, else what says most of the task. Invalid where the task has no
    such metric."""
    task = task_of(target)
    if not task.leading or wanted not in ("", *task.leading):
        raise Invalid(
            _("Models of this training set are not judged by {metric}").format(metric=wanted or _("any metric")),
            hint=_("Choose one of: {names}.").format(names=", ".join(task.leading)) if task.leading else "",
            field="metric",
        )
    return wanted or task.leading[0]


def find_sweep(session: Session, sweep_id: str) -> SweepRow:
    row = session.get(SweepRow, sweep_id)
    if row is None:
        raise NotFound(_("There is no sweep called {id}").format(id=repr(sweep_id[:40])))
    return row


def trial_rows(session: Session, sweep_id: str) -> list[TrialRow]:
    """All trials of a sweep by their number."""
    rows = select(TrialRow).where(TrialRow.sweep_id == sweep_id).order_by(col(TrialRow.number))
    return list(session.exec(rows))


def trial_of(row: TrialRow) -> Trial:
    return Trial(
        **row.model_dump(include=set(Trial.model_fields) - {"steps"}),
        steps=tuple((int(step), float(value)) for step, value in row.steps),
    )


def spec_of(row: SweepRow) -> StudySpec:
    return StudySpec.model_validate(
        {
            "space": row.space,
            "direction": direction_of(row.metric),
            "sampler": row.sampler,
            "pruner": row.pruner,
            "seed": row.seed,
        }
    )


def study_file(row: SweepRow, trials: Sequence[TrialRow]) -> StudyFile:
    """A sweep with all of its trials as Optuna's own file."""
    names = ("title", "recipe", "metric", "split", "sampler", "pruner", "seed", "base_params", "training_set_id")
    facts = {name: getattr(row, name) for name in names}
    content = journal_of(
        spec_of(row), [trial_of(trial) for trial in trials], name=row.id, facts=facts, created_at=row.created_at
    )
    return StudyFile(sweep_id=row.id, filename=f"{row.id}.optuna.log", content=content)


def sweep_of(session: Session, row: SweepRow) -> Sweep:
    return sweeps_of(session, [row])[0]


def sweeps_of(session: Session, rows: Sequence[SweepRow]) -> tuple[Sweep, ...]:
    """Sweeps as values. Asks once for the trials of all of them."""
    trials: dict[str, list[TrialRow]] = {row.id: [] for row in rows}
    wanted = select(TrialRow).where(col(TrialRow.sweep_id).in_(trials))
    for trial in session.exec(wanted.order_by(TrialRow.sweep_id, col(TrialRow.number))):
        trials[trial.sweep_id].append(trial)
    seconds = _ran_seconds(session, [subject for row in rows for subject in _subjects(row)])
    return tuple(_value(row, trials[row.id], seconds) for row in rows)


def _subjects(row: SweepRow) -> tuple[str, ...]:
    """What the jobs of a sweep work for: itself, and each run that confirms its best."""
    return (row.id, *row.run_ids)


def _ran_seconds(session: Session, subjects: Sequence[str]) -> dict[str, float]:
    measured = (col(JobRow.subject).in_(subjects), col(JobRow.total_ran_seconds).is_not(None))
    total = func.sum(col(JobRow.total_ran_seconds))
    rows = session.exec(select(JobRow.subject, total).where(*measured).group_by(col(JobRow.subject)))
    return {subject: seconds or 0.0 for subject, seconds in rows}


def _value(row: SweepRow, trials: Sequence[TrialRow], seconds: Mapping[str, float]) -> Sweep:
    same = set(Sweep.model_fields) - {"state", "warnings", "confirmation", "job_ids"}
    measured = [seconds[subject] for subject in _subjects(row) if subject in seconds]
    return Sweep(
        **row.model_dump(include=same),
        state=SweepState(row.state),
        warnings=tuple(row.warnings),
        direction=direction_of(row.metric),
        done=finished_count(trials),
        pruned=sum(trial.state == "pruned" for trial in trials),
        failed=sum(trial.state == "failed" for trial in trials),
        best=best_of(trials, direction=direction_of(row.metric)),
        confirmation=confirmation_of(row),
        job_ids=tuple(row.job_ids),
        ran_seconds=sum(measured) if measured else None,
        eta_seconds=_seconds_left(row, trials),
    )


def confirmation_of(row: SweepRow) -> Confirmation:
    """What is known so far: while the runs are under way, only which they are."""
    if row.confirmation:
        return Confirmation.model_validate(row.confirmation)
    return Confirmation(run_ids=tuple(row.run_ids), value=None, untouched={})


def importances_of(row: SweepRow) -> Importances:
    if row.importances:
        return Importances.model_validate(row.importances)
    return Importances(method="", trials=0, trusted=False, shares=())


def finished_count(trials: Sequence[TrialRow]) -> int:
    """How many of the trials that were asked for came to an end; one that is tried again is counted once."""
    return sum(trial.state not in OPEN and not trial.retried for trial in trials)


def best_of(trials: Sequence[TrialRow], *, direction: Direction) -> Trial | None:
    """The best complete trial, the first of equals."""
    complete = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    sign = 1 if direction == "minimize" else -1
    best = min(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number), default=None)
    return trial_of(best) if best is not None else None


def _seconds_left(row: SweepRow, trials: Sequence[TrialRow]) -> float | None:
    """Until the last trial ends, judged by those that have. None while that cannot be known."""
    if row.state != SweepState.RUNNING:
        return None
    durations = [trial.ran_seconds for trial in trials if trial.ran_seconds is not None]
    remaining = row.trials - finished_count(trials)
    return round(mean(durations) * remaining / min(row.workers, max(1, remaining)), 1) if durations else None
