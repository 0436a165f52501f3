"""Who runs which trial. Every step is one transaction that checks what it rests on, so two controllers at once, or one
that was killed in between, can neither double a trial nor lose one."""

from collections.abc import Sequence
from typing import Any

from core.foundation.actions.call import Foundation
from core.sweeps.records import find_sweep, trial_rows
from core.sweeps.tables import TrialRow
from core.sweeps.values import SweepState


def assign_waiting(foundation: Foundation, sweep_id: str, *, number: int, job_id: str) -> bool:
    """Gives a trial that waits to a worker. False when it no longer waits, or the worker is not free."""
    with foundation.database.write() as session:
        trials = trial_rows(session, sweep_id)
        row = next((trial for trial in trials if trial.number == number), None)
        if row is None or row.state != "waiting" or not _is_free(trials, job_id):
            return False
        if find_sweep(session, sweep_id).state != SweepState.RUNNING:
            return False
        row.state, row.job_id, row.started_at = "running", job_id, foundation.database.now(session)
        session.add(row)
        return True


def assign_new(foundation: Foundation, sweep_id: str, *, number: int, params: dict[str, Any], job_id: str) -> bool:
    """Writes a proposed trial down and gives it to a worker. False when `number` is not the next one, the budget is
    spent, or the worker is not free: the proposal rested on something that has changed."""
    with foundation.database.write() as session:
        trials = trial_rows(session, sweep_id)
        sweep = find_sweep(session, sweep_id)
        is_next = number == len(trials) and budget_used(trials) < sweep.trials
        if sweep.state != SweepState.RUNNING or not is_next or not _is_free(trials, job_id):
            return False
        session.add(
            TrialRow(
                sweep_id=sweep_id,
                number=number,
                state="running",
                params=params,
                job_id=job_id,
                started_at=foundation.database.now(session),
            )
        )
        return True


def budget_used(trials: Sequence[TrialRow]) -> int:
    """How many trials of the budget are used. A trial and its second try are one."""
    return sum(not trial.retried for trial in trials)


def _is_free(trials: Sequence[TrialRow], job_id: str) -> bool:
    return not any(trial.state == "running" and trial.job_id == job_id for trial in trials)
