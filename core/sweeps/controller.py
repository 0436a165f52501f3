"""Carries sweeps on: asks the study, gives trials to workers, prunes, replaces workers that failed, and has the best
confirmed. It remembers nothing that cannot be read again from the tables, so it may be killed at any moment."""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from core.compute.values import Job, JobState
from core.foundation.actors import Actor
from core.foundation.errors import Unavailable
from core.foundation.text import _
from core.sweeps.optuna_study import Study
from core.sweeps.records import finished_count, spec_of, trial_of, trial_rows
from core.sweeps.service import SweepService
from core.sweeps.tables import SweepRow, TrialRow
from core.sweeps.trials import assign_new, assign_waiting, budget_used
from core.sweeps.values import SweepState

SYSTEM = Actor.system("worker")
# So many workers more than wanted may be started when some fail.
REPLACEMENTS = 4
logger = logging.getLogger(__name__)


class SweepController:
    """`sweeps.controller`."""

    name = "sweeps.controller"

    def __init__(self, sweeps: SweepService) -> None:
        self._sweeps = sweeps
        self._foundation = sweeps.foundation
        self._studies: dict[str, Study] = {}
        self._reported: set[tuple[str, str, int]] = set()
        self._thread: threading.Thread | None = None

    def tick(self, now: datetime) -> None:
        """Starts a round in a thread of its own: importing the sampler's library alone takes longer than a tick may."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._thread = None
        if not self._active():
            self._reported.clear()
        else:
            self._thread = threading.Thread(target=self.round, name=self.name, daemon=True)
            self._thread.start()

    def round(self) -> None:
        """One look at every sweep that is not over."""
        try:
            active = self._active()
            self._studies = {sweep_id: study for sweep_id, study in self._studies.items() if sweep_id in active}
            for sweep_id in active:
                self._try(sweep_id)
        except Unavailable:
            # The next round is half a second away.
            return

    def _try(self, sweep_id: str) -> None:
        """A sweep that cannot be carried on does not hold up the others."""
        try:
            self._carry_on(sweep_id)
        except Unavailable:
            raise
        except Exception:
            logger.exception("the sweep %s cannot be carried on", sweep_id)

    def _active(self) -> list[str]:
        going = (SweepState.RUNNING, SweepState.CONFIRMING)
        with self._foundation.database.read() as session:
            return list(session.exec(select(SweepRow.id).where(col(SweepRow.state).in_(going)).order_by(SweepRow.id)))

    def _carry_on(self, sweep_id: str) -> None:
        with self._foundation.database.read() as session:
            row = session.get_one(SweepRow, sweep_id)
            trials = trial_rows(session, sweep_id)
        if row.state == SweepState.CONFIRMING:
            self._finish(row)
            return
        jobs = self._sweeps.compute.list_jobs(SYSTEM, subject=sweep_id, limit=200).items
        study = self._study(row, trials)
        if finished_count(trials) >= row.trials:
            self._end_trials(row, jobs=jobs, study=study)
            return
        self._prune(row, trials=trials, study=study)
        self._send_again(row, trials=trials)
        self._assign(row, trials=trials, jobs=jobs, study=study)
        self._replace_workers(row, trials=trials, jobs=jobs)

    def _study(self, row: SweepRow, trials: Sequence[TrialRow]) -> Study:
        """The study, updated from the table of trials."""
        study = self._studies.get(row.id) or Study(spec_of(row))
        for trial in trials:
            study.learn(trial_of(trial))
        self._studies[row.id] = study
        return study

    def _prune(self, row: SweepRow, *, trials: Sequence[TrialRow], study: Study) -> None:
        for trial in trials:
            if trial.state == "running" and study.should_prune(trial.number):
                self._send(trial.job_id, row, kind="prune", number=trial.number)

    def _send_again(self, row: SweepRow, *, trials: Sequence[TrialRow]) -> None:
        """What a controller wrote down and did not come to send. The worker accepts a trial once, however often it is
        sent."""
        for trial in trials:
            if trial.state == "running" and not trial.acknowledged:
                self._send(trial.job_id, row, kind="trial", number=trial.number, params=trial.params)

    def _assign(self, row: SweepRow, *, trials: list[TrialRow], jobs: Sequence[Job], study: Study) -> None:
        """One trial for every worker that runs and has none: first those that wait for another try."""
        busy = {trial.job_id for trial in trials if trial.state == "running"}
        waiting = [trial for trial in trials if trial.state == "waiting"]
        remaining = row.trials - budget_used(trials)
        for job in jobs:
            if job.state is not JobState.RUNNING or job.id in busy:
                continue
            if waiting:
                self._give_waiting(row, waiting.pop(0), job=job)
            elif remaining > 0:
                remaining -= 1
                self._give_new(row, job=job, study=study)

    def _give_waiting(self, row: SweepRow, trial: TrialRow, *, job: Job) -> None:
        if assign_waiting(self._foundation, row.id, number=trial.number, job_id=job.id):
            self._send(job.id, row, kind="trial", number=trial.number, params=trial.params)

    def _give_new(self, row: SweepRow, *, job: Job, study: Study) -> None:
        number, params = study.next_number, study.propose()
        if assign_new(self._foundation, row.id, number=number, params=params, job_id=job.id):
            self._send(job.id, row, kind="trial", number=number, params=params)
            with self._foundation.database.read() as session:
                study.learn(trial_of(session.get_one(TrialRow, (row.id, number))))

    def _replace_workers(self, row: SweepRow, *, trials: Sequence[TrialRow], jobs: Sequence[Job]) -> None:
        """A worker that somebody stopped is not replaced: its core was wanted back."""
        live = [job for job in jobs if not job.state.is_over]
        stopped = sum(job.state is JobState.CANCELLED for job in jobs)
        todo = row.trials - finished_count(trials)
        missing = min(row.workers - stopped, todo) - len(live)
        allowed = row.workers + REPLACEMENTS - len(jobs)
        if min(missing, allowed) > 0:
            self._sweeps.add_workers(SYSTEM, sweep_id=row.id, count=min(missing, allowed))
        elif not live:
            cause = next((job.cause for job in jobs if job.cause), "") or _("all of its workers were stopped")
            self._sweeps.give_up(SYSTEM, sweep_id=row.id, cause=cause)

    def _end_trials(self, row: SweepRow, *, jobs: Sequence[Job], study: Study) -> None:
        for job in jobs:
            if not job.state.is_over:
                self._send(job.id, row, kind="end", number=-1)
        self._sweeps.note_importances(SYSTEM, sweep_id=row.id, importances=study.importances())
        self._sweeps.begin_confirmation(SYSTEM, sweep_id=row.id)

    def _finish(self, row: SweepRow) -> None:
        runs = [self._sweeps.training.get_run(SYSTEM, run_id=run_id) for run_id in row.run_ids]
        if all(run.state.is_over for run in runs):
            self._sweeps.finish(SYSTEM, sweep_id=row.id)

    def _send(self, job_id: str, row: SweepRow, *, kind: str, number: int, **more: object) -> None:
        """Sends a message, once by this controller."""
        if (job_id, kind, number) not in self._reported:
            self._sweeps.compute.send(job_id, {"kind": kind, "number": number, **more})
            self._reported.add((job_id, kind, number))
