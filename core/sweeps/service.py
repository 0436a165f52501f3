"""Sweeps: asked for by people, carried on by the controller, and cited only by what was trained again."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from sqlmodel import col

from core.compute.service import ComputeService, runs_production, who_stops
from core.compute.values import JobSpec
from core.features.training_sets.service import TrainingSetService
from core.features.training_sets.values import TrainingSet
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, Invalid, NotAllowed
from core.foundation.ids import Kind
from core.foundation.listings import batch_of, conditions
from core.foundation.naming.texts import ONE_LINE
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.datasets.service import DatasetService
from core.sweeps.confirmation import confirm
from core.sweeps.job import WorkerSpec
from core.sweeps.kind import WORKER
from core.sweeps.mirror import record_sweep
from core.sweeps.records import (
    best_of,
    direction_of,
    find_sweep,
    importances_of,
    metric_for,
    spec_of,
    study_file,
    sweep_of,
    sweeps_of,
    trial_of,
    trial_rows,
)
from core.sweeps.space import check_space, lint_result, lint_space
from core.sweeps.tables import SweepRow
from core.sweeps.values import (
    FreshSeeds,
    Importances,
    Metric,
    NewSweep,
    Params,
    Pruner,
    Sampler,
    Space,
    StudyFile,
    Sweep,
    SweepState,
    Trial,
    Trials,
    Workers,
)
from core.training.recipe import check_params, permitted_recipe, recipe_called, refuse_other_inputs
from core.training.service import TrainingService
from core.training.splits import TRAIN, VALIDATION, trainable
from core.training.values import DEFAULT_SEED, NewRun

FRESH = 1_000
Seed = Annotated[int, Field(ge=0, le=2**30)]
Title = Annotated[str, StringConstraints(max_length=160, strip_whitespace=True), ONE_LINE]


class SweepService(Service):
    domain = "sweeps"

    def __init__(
        self,
        foundation: Foundation,
        *,
        compute: ComputeService,
        training: TrainingService,
        training_sets: TrainingSetService,
        lake: DatasetService,
    ) -> None:
        super().__init__(foundation)
        self.compute, self.training = compute, training
        self._training_sets, self._lake = training_sets, lake

    @action(permission=Permission.JOBS_WRITE, says=N_("started the sweep"))
    def start_sweep(
        self,
        call: Call,
        *,
        project: str,
        recipe: str,
        training_set_id: str,
        space: Space,
        base_params: Params | None = None,
        confirm_params: Params | None = None,
        trials: Trials = 12,
        workers: Workers = 2,
        metric: Metric = "",
        split: Literal["validation"] = "validation",
        sampler: Sampler = "tpe",
        pruner: Pruner = "median",
        seed: Seed = DEFAULT_SEED,
        confirm_seeds: FreshSeeds = 3,
        title: Title = "",
    ) -> Sweep:
        """Search for good parameters of a recipe.

        Trials train with `base_params` and what the sampler proposes from `space`, and are judged on the validation
        rows. The best is then trained again with fresh seeds, on all rows and with `confirm_params` where those differ,
        and judged on the split that no trial saw."""
        new = NewSweep(
            project=project,
            title=title,
            recipe=recipe,
            training_set_id=training_set_id,
            space=space,
            base_params=base_params or {},
            confirm_params=confirm_params or {},
            metric=metric,
            split=split,
            sampler=sampler,
            pruner=pruner,
            trials=trials,
            workers=workers,
            seed=seed,
            confirm_seeds=confirm_seeds,
        )
        row = self._begin(call, new)
        call.about(row.id)
        return sweep_of(call.session, row)

    @action(permission=Permission.READ, reads=True)
    def list_sweeps(
        self,
        call: Call,
        *,
        project: str = "",
        training_set_id: str = "",
        state: SweepState | Literal[""] = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Sweep]:
        """List sweeps, the newest first."""
        where = conditions(call, SweepRow, project=project, training_set_id=training_set_id, state=state)
        return batch_of(
            call.session,
            SweepRow,
            where=where,
            order=(
                col(SweepRow.created_at).desc(),
                col(SweepRow.id).desc(),
            ),
            offset=offset,
            limit=limit,
            convert=lambda rows: sweeps_of(call.session, rows),
        )

    @action(permission=Permission.READ, reads=True)
    def get_sweep(self, call: Call, *, sweep_id: str) -> Sweep:
        """Show one sweep: how far it is, its best trial, and what that is worth with fresh seeds."""
        call.may_reach(sweep_id)
        return sweep_of(call.session, find_sweep(call.session, sweep_id))

    @action(permission=Permission.READ, reads=True)
    def list_trials(self, call: Call, *, sweep_id: str) -> tuple[Trial, ...]:
        """Show every trial of a sweep, in the order in which they began."""
        call.may_reach(sweep_id)
        return tuple(trial_of(row) for row in trial_rows(call.session, sweep_id))

    @action(permission=Permission.READ, reads=True)
    def importances(self, call: Call, *, sweep_id: str) -> Importances:
        """Show how much each parameter mattered, by which estimator, and on how many trials that rests."""
        call.may_reach(sweep_id)
        return importances_of(find_sweep(call.session, sweep_id))

    @action(permission=Permission.READ, reads=True)
    def export_study(self, call: Call, *, sweep_id: str) -> StudyFile:
        """Take a sweep along as a journal of Optuna, which its `load_study` reads and optuna-dashboard opens."""
        call.may_reach(sweep_id)
        return study_file(find_sweep(call.session, sweep_id), trial_rows(call.session, sweep_id))

    @action(permission=Permission.JOBS_CANCEL, says=N_("cancelled the sweep"))
    def cancel_sweep(self, call: Call, *, sweep_id: str) -> Sweep:
        """Stop a sweep. Its finished trials stay."""
        call.may_reach(sweep_id)
        call.about(sweep_id)
        row = find_sweep(call.session, sweep_id)
        if row.requested_by != call.actor.person_id and not runs_production(call):
            raise NotAllowed(_("You may stop only your own sweeps"), hint=who_stops(call))
        if SweepState(row.state).is_over:
            raise Conflict(_("{id} is over: {state}").format(id=row.id, state=row.state))
        self._end(call, row, SweepState.CANCELLED, cause="")
        self._stop_jobs(call, row)
        return sweep_of(call.session, row)

    @action(permission=Permission.SYSTEM, says=N_("added workers to"))
    def add_workers(self, call: Call, *, sweep_id: str, count: int) -> None:
        """Start workers in place of those that died."""
        call.may_reach(sweep_id)
        call.about(sweep_id)
        row = find_sweep(call.session, sweep_id)
        if row.state == SweepState.RUNNING:
            self._order_workers(call, row, count)

    @action(permission=Permission.SYSTEM)
    def note_importances(self, call: Call, *, sweep_id: str, importances: Importances) -> None:
        """Record what the controller has estimated."""
        call.may_reach(sweep_id)
        call.about(sweep_id)
        row = find_sweep(call.session, sweep_id)
        row.importances = importances.model_dump(mode="json")
        call.session.add(row)

    @action(permission=Permission.SYSTEM, says=N_("started the confirmation of"))
    def begin_confirmation(self, call: Call, *, sweep_id: str) -> None:
        """Train the best trial's parameters again with fresh seeds."""
        call.may_reach(sweep_id)
        call.about(sweep_id)
        row = find_sweep(call.session, sweep_id)
        if row.state != SweepState.RUNNING:
            return
        trials = trial_rows(call.session, sweep_id)
        best = best_of(trials, direction=direction_of(row.metric))
        if best is None:
            causes = [trial.cause for trial in trials if trial.cause]
            self._end(call, row, SweepState.FAILED, cause=_("No trial came to its end. ") + (causes or [""])[-1])
            return
        row.run_ids = [self._retrain(call, row, best=best, place=place) for place in range(row.confirm_seeds)]
        findings = lint_result(spec_of(row).space, best=best, importances=importances_of(row))
        row.warnings = [*row.warnings, *findings]
        row.state = SweepState.CONFIRMING
        call.session.add(row)
        call.update(sweep_id, state=SweepState.CONFIRMING)

    @action(permission=Permission.SYSTEM, says=N_("finished the sweep"))
    def finish(self, call: Call, *, sweep_id: str) -> None:
        """Record the confirmed value of the best trial, once its runs are over."""
        call.may_reach(sweep_id)
        call.about(sweep_id)
        row = find_sweep(call.session, sweep_id)
        runs = [self.training.run(call, run_id) for run_id in row.run_ids]
        if row.state != SweepState.CONFIRMING or not all(run.state.is_over for run in runs):
            return
        done = [run for run in runs if run.evaluations]
        if not done:
            self._end(call, row, SweepState.FAILED, cause=_("No confirmation succeeded. ") + runs[-1].cause)
            return
        confirmation = confirm(done, metric=row.metric, direction=direction_of(row.metric))
        row.confirmation = confirmation.model_dump(mode="json")
        self._end(call, row, SweepState.FINISHED, cause="")

    @action(permission=Permission.SYSTEM, says=N_("ended the sweep"))
    def give_up(self, call: Call, *, sweep_id: str, cause: str) -> None:
        """Fail a sweep that has no worker left."""
        call.may_reach(sweep_id)
        call.about(sweep_id)
        row = find_sweep(call.session, sweep_id)
        if row.state == SweepState.RUNNING:
            self._end(call, row, SweepState.FAILED, cause=cause)

    def _training_set(self, call: Call, training_set_id: str, *, project: str) -> TrainingSet:
        call.may_reach(training_set_id)
        training_set = self._training_sets.training_set(call, training_set_id)
        if training_set.project != project:
            raise Invalid(
                _("{id} belongs to another project").format(id=training_set.id),
                hint=_("Choose a training set of {project}.").format(project=project),
                field="training_set_id",
            )
        trainable(training_set, now=call.now)
        self._lake.refuse_quarantined(call, training_set_id)
        return training_set

    def _begin(self, call: Call, new: NewSweep) -> SweepRow:
        call.may_reach_project(new.project)
        recipe = permitted_recipe(new.recipe, settings=self.foundation.settings, is_sweep=True)
        check_space(new.space, recipe=recipe, base_params=new.base_params)
        check_params(recipe, params={**new.base_params, **new.confirm_params})
        training_set = self._training_set(call, new.training_set_id, project=new.project)
        refuse_other_inputs(recipe, training_set, params=new.base_params)
        metric = metric_for(training_set.target, wanted=new.metric)
        title = new.title or ", ".join((_(recipe.title).partition(":")[0], training_set.title))
        row = SweepRow(
            **{**new.model_dump(mode="json"), "title": title, "metric": metric},
            id=call.create(Kind.SWEEP, project=new.project, title=title, state=SweepState.RUNNING),
            requirement_id=training_set.requirement_id,
            state=SweepState.RUNNING,
            warnings=list(lint_space(new.space, trials=new.trials)),
            requested_by=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        call.session.flush()
        call.link(row.training_set_id, row.id, "searched in")
        if row.requirement_id:
            call.link(row.requirement_id, row.id, "asks for")
        self._order_workers(call, row, min(row.workers, row.trials))
        record_sweep(self.training.registry, call, row)
        return row

    def _order_workers(self, call: Call, row: SweepRow, count: int) -> None:
        """Warm workers. They are given the splits to train on and to look at, and no other."""
        training_set = self._training_sets.training_set(call, row.training_set_id)
        job_spec = JobSpec(
            kind=WORKER,
            project=row.project,
            title=_("Worker of {id}").format(id=row.id),
            subject=row.id,
            payload=WorkerSpec(
                **row.model_dump(include={"recipe", "base_params", "metric", "seed"}),
                contract=trainable(training_set, now=call.now),
                target=training_set.target,
            ).model_dump(mode="json"),
            inputs={split.name: split.digest for split in training_set.splits if split.name in (TRAIN, VALIDATION)},
            owner=row.requested_by,
            resources=self.training.resources(recipe_called(row.recipe), row.base_params),
        )
        row.job_ids = [*row.job_ids, *(self.compute.submit(call, job_spec).id for _worker in range(count))]
        call.session.add(row)

    def _retrain(self, call: Call, row: SweepRow, *, best: Trial, place: int) -> str:
        """A run on all rows, whatever share of them the trials had, with a seed no trial had."""
        whole = recipe_called(row.recipe).on_all_rows
        params = {**row.base_params, **best.params, **whole, **row.confirm_params}
        new = NewRun(
            project=row.project,
            recipe=row.recipe,
            training_set_id=row.training_set_id,
            params=params,
            title=_("{id}: trial {n}, fresh seed {place}").format(id=row.id, n=best.number, place=place + 1),
            seed=row.seed + FRESH + place,
            requirement_id=row.requirement_id,
            sweep_id=row.id,
            owner=row.requested_by,
        )
        run_id = self.training.start(call, new).id
        call.link(row.id, run_id, "confirmed by")
        return run_id

    def _stop_jobs(self, call: Call, row: SweepRow) -> None:
        jobs = [*row.job_ids, *(self.training.run(call, run_id).job_id for run_id in row.run_ids)]
        for job_id in jobs:
            if not self.compute.job(call, job_id).state.is_over:
                self.compute.request_cancel(call, job_id)

    def _end(self, call: Call, row: SweepRow, state: SweepState, *, cause: str) -> None:
        row.state, row.cause, row.ended_at = state, cause.strip(), call.now
        call.session.add(row)
        call.update(row.id, state=state)
        record_sweep(self.training.registry, call, row)
        call.note(state=state.value, cause=row.cause)
