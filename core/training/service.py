"""Runs: started from a ready training set, followed while they train, resumed where they stopped, and registered as a
version of a model."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from core.compute.devices import gpus_here
from core.compute.service import ComputeService, runs_production, who_stops
from core.compute.tables import JobRow
from core.compute.values import Job, JobState, Resources
from core.features.training_sets.service import TrainingSetService
from core.features.training_sets.values import TrainingSet
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.content import Content
from core.foundation.actions.run import EventSpec, Service, action
from core.foundation.errors import Conflict, Invalid, NotAllowed
from core.foundation.ids import Kind
from core.foundation.listings import conditions
from core.foundation.naming.texts import ONE_LINE, Prose
from core.foundation.naming.titles import Title
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.datasets.service import DatasetService
from core.registry.artifact import Folder
from core.registry.service import RegistryService
from core.registry.values import ModelReference, ModelVersion, NewVersion
from core.requirements.service import RequirementService
from core.training.beginnings.start import Beginnings
from core.training.catalog import baseline_files, find_run, history, in_state, list_runs, read_run
from core.training.diagnosis.baseline import INPUT
from core.training.inputs import inputs_evidence
from core.training.kind import job_spec
from core.training.recipe import (
    Recipe,
    all_recipes,
    card_of,
    check_params,
    permitted_recipe,
    recipes_off,
    refuse_other_inputs,
)
from core.training.scripts.supplies import tree_in
from core.training.splits import trainable
from core.training.tables import RunRow
from core.training.values import DEFAULT_SEED, NewRun, RecipeCard, Run, RunOrder, Series
from core.training.workspace.fields import write_params
from core.training.workspace.titles import run_title

ParamsIn = Annotated[dict[str, Any], Field(max_length=100)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
ShortTitle = Annotated[
    str,
    StringConstraints(max_length=160, strip_whitespace=True),
    ONE_LINE,
]
Names = Annotated[tuple[str, ...], Field(max_length=50)]
MostPoints = Annotated[int, Field(ge=2, le=10_000)]
# 330,000 rows of 36 features took 1.2 GB in all.
MEMORY_MB = 4096
MOST_CPUS = 4


class TrainingService(Service):
    domain = "training"
    events: ClassVar[Mapping[str, EventSpec]] = {
        "training.run_succeeded": EventSpec(N_("finished")),
        "training.run_failed": EventSpec(N_("recorded the failure of")),
        "training.run_cancelled": EventSpec(N_("stopped")),
    }

    def __init__(
        self,
        foundation: Foundation,
        *,
        compute: ComputeService,
        training_sets: TrainingSetService,
        lake: DatasetService,
        registry: RegistryService,
        requirements: RequirementService,
    ) -> None:
        super().__init__(foundation)
        self.compute = compute
        self.training_sets = training_sets
        self.lake = lake
        self.registry = registry
        self.requirements = requirements
        self._beginnings = Beginnings(training_sets, registry=registry)
        self.after_registration: list[Callable[[Call, ModelVersion], None]] = []

    def _prepare_version(self, call: Call, *, run_id: str, **_names: Any) -> Folder | None:
        call.may_reach(run_id)
        row, _job = find_run(call.session, run_id)
        return self.registry.examine(row.manifest) if row.manifest else None

    @action(permission=Permission.READ, reads=True)
    def list_recipes(self, call: Call) -> tuple[RecipeCard, ...]:
        """List the recipes one can train with, and their parameters."""
        call.unscoped()
        off = recipes_off(self.foundation.settings)
        return tuple(card_of(recipe) for name, recipe in sorted(all_recipes().items()) if name not in off)

    def _prepare_source(self, call: Call, *, project: str, source: Content | None = None, **_names: Any) -> str:
        call.may_reach_project(project)
        return self.foundation.store.put_bytes(tree_in(source.read())) if source else ""

    @action(permission=Permission.JOBS_WRITE, prepare=_prepare_source, says=N_("started"))
    def start_run(
        self,
        call: Call,
        *,
        project: str,
        recipe: str,
        training_set_id: str,
        params: ParamsIn | None = None,
        title: ShortTitle = "",
        seed: Seed = DEFAULT_SEED,
        requirement_id: str = "",
        source: Content | None = None,
    ) -> Run:
        """Train a model. Parameters that are not given keep the recipe's defaults. `source` is a zip or tar.gz of the
        code that the recipe `script` runs.

        Refused while something that the training set came from is in quarantine."""
        new = NewRun(
            project=project,
            recipe=recipe,
            training_set_id=training_set_id,
            params=params or {},
            title=title,
            seed=seed,
            requirement_id=requirement_id,
            source=call.prepared or "",
        )
        run = self.start(call, new)
        call.about(run.id)
        self.lake.refuse_quarantined(call, training_set_id)
        return run

    @action(permission=Permission.READ, reads=True)
    def list_runs(
        self,
        call: Call,
        *,
        project: str = "",
        state: JobState | Literal[""] = "",
        recipe: str = "",
        training_set_id: str = "",
        sweep_id: str = "",
        order_by: RunOrder = RunOrder.NEWEST,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Run]:
        """List runs, the newest or the best on the validation rows first."""
        about = {"recipe": recipe, "training_set_id": training_set_id, "sweep_id": sweep_id}
        where, jobs = conditions(call, RunRow, project=project, **about), []
        if state:
            where.append(in_state(call.session, state))
            jobs = [] if any(about.values()) else conditions(call, JobRow, project=project, state=state)
        return list_runs(call.session, where, jobs=jobs, order=order_by, offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def get_run(self, call: Call, *, run_id: str) -> Run:
        """Show one run: how far it is, how good it is, and why it failed."""
        call.may_reach(run_id)
        return self.run(call, run_id)

    @action(permission=Permission.READ, reads=True)
    def history(self, call: Call, *, run_id: str, names: Names = (), most: MostPoints = 1000) -> tuple[Series, ...]:
        """Show how the metrics of a run moved over its steps, in at most so many points each."""
        call.may_reach(run_id)
        find_run(call.session, run_id)
        return history(call.session, run_id, names=names, most=most)

    @action(permission=Permission.JOBS_CANCEL, says=N_("cancelled"))
    def cancel_run(self, call: Call, *, run_id: str) -> Run:
        """Stop a run. What it has learned is kept in a checkpoint, from which it can be resumed."""
        call.may_reach(run_id)
        call.about(run_id)
        row, _job = find_run(call.session, run_id)
        if row.requested_by != call.actor.person_id and not runs_production(call):
            raise NotAllowed(_("You may stop only your own runs"), hint=who_stops(call))
        self.compute.request_cancel(call, row.job_id)
        return self.run(call, run_id)

    @action(permission=Permission.JOBS_WRITE, says=N_("resumed"))
    def resume_run(self, call: Call, *, run_id: str) -> Run:
        """Go on with a run that failed or was stopped, exactly from its last checkpoint."""
        call.may_reach(run_id)
        call.about(run_id)
        row, _job = find_run(call.session, run_id)
        self.compute.resubmit(call, row.job_id)
        row.alarms = []
        call.session.add(row)
        call.update(run_id, state=JobState.QUEUED)
        return self.run(call, run_id)

    @action(permission=Permission.MODELS_WRITE, prepare=_prepare_version, says=N_("registered"))
    def register_version(
        self,
        call: Call,
        *,
        run_id: str,
        model: ModelReference | None = None,
        title: Title | None = None,
        card: Prose = "",
    ) -> ModelVersion:
        """Make a run's model a version of a named model.

        `model` is the id, name or title of a model, or the name of a new one, whose title is then `title`. Without it
        the name of a new one follows from the title."""
        call.may_reach(run_id)
        row, job = find_run(call.session, run_id)
        if job.state == JobState.SUCCEEDED and not row.manifest:
            raise Conflict(
                _("{id} gave predictions only, and no model").format(id=run_id),
                hint=_("Have the script write model.onnx to register a version."),
            )
        if job.state != JobState.SUCCEEDED or call.prepared is None:
            raise Conflict(
                _("{id} has no model yet: it is {state}").format(id=run_id, state=job.state),
                hint=_("Register it when it has succeeded."),
            )
        self._refuse_other_model(call, row, model=model or "")
        new = self._new_version(call, row, model=model, title=title, card=card)
        version = self.registry.register(call, new, call.prepared)
        call.about(version.id)
        if row.version_id != version.id:
            self._examine_inputs(call, row, version)
            for follow in self.after_registration:
                follow(call, version)
        row.version_id = version.id
        call.session.add(row)
        return version

    def start(self, call: Call, new: NewRun) -> Run:
        """Queues a run in the caller's transaction. NotFound for a recipe that is not there, Invalid for a parameter, a
        training set or a requirement that will not do, Conflict for a training set that is not ready."""
        call.may_reach_project(new.project)
        recipe = permitted_recipe(new.recipe, settings=self.foundation.settings)
        chosen = check_params(recipe, params=new.params)
        recipe.refuse_source(chosen, has_archive=bool(new.source), settings=self.foundation.settings)
        params = chosen.model_dump(mode="json")
        training_set = self._training_set(call, new)
        contract = trainable(training_set, now=call.now)
        refuse_other_inputs(recipe, training_set, params=params)
        start = self._beginnings.of(call, recipe, params=params, training_set=training_set)
        title = new.title or run_title(recipe, params=params, rows=training_set.title)
        requirement = self._requirement(call, new.requirement_id or training_set.requirement_id)
        known = new.model_copy(update={"title": title, "params": params, "requirement_id": requirement})
        person = new.owner or call.actor.person_id
        run_id = call.create(Kind.RUN, project=new.project, title=title, state=JobState.QUEUED, owner=person)
        fresh = job_spec(known, run_id=run_id, owner=person, training_set=training_set, contract=contract)
        spec = start.added_to(fresh)
        earlier = {INPUT + name: digest for name, digest in baseline_files(call.session, training_set.id).items()}
        inputs, resources = (
            {**spec.inputs, **earlier},
            self.resources(recipe, params),
        )
        job = self.compute.submit(call, spec.model_copy(update={"inputs": inputs, "resources": resources}))
        self._add(call, known, run_id=run_id, job=job, task=training_set.target.task)
        if start.ref:
            call.link(start.ref, run_id, "went on in")
        run = self.run(call, run_id)
        write_params(call.session, run)
        return run

    def run(self, call: Call, run_id: str) -> Run:
        """A run as it is in the caller's transaction. NotFound when there is none."""
        return read_run(call.session, run_id)

    def offered(self) -> Resources:
        """What a training may have: half of the cores, since threads that wait for a busy core cost more than they
        bring, and a GPU where there is one."""
        cpus = max(1, min(MOST_CPUS, self.foundation.settings.cpus // 2))
        memory_mb = min(MEMORY_MB, self.foundation.settings.memory_mb)
        return Resources(cpus=cpus, memory_mb=memory_mb, gpus=min(1, len(gpus_here())))

    def resources(self, recipe: type[Recipe], params: Mapping[str, Any]) -> Resources:
        """What a fit with these parameters takes of it."""
        return recipe.resources(check_params(recipe, params=params), offered=self.offered())

    def _training_set(self, call: Call, new: NewRun) -> TrainingSet:
        call.may_reach(new.training_set_id)
        training_set = self.training_sets.training_set(call, new.training_set_id)
        if training_set.project != new.project:
            raise Invalid(
                _("{id} belongs to another project").format(id=training_set.id),
                hint=_("Choose a training set of {project}.").format(project=new.project),
                field="training_set_id",
            )
        return training_set

    def _requirement(self, call: Call, requirement_id: str) -> str:
        if requirement_id:
            call.may_reach(requirement_id)
            self.requirements.requirement(call, requirement_id)
        return requirement_id

    def _add(self, call: Call, new: NewRun, *, run_id: str, job: Job, task: str) -> None:
        fields = new.model_dump(mode="json", exclude={"owner", "quiet", "source"})
        # As long as the run is there its code stays.
        fields["params"] |= {"archive": new.source} if new.source else {}
        about: dict[str, Any] = {"job_id": job.id, "requested_by": job.requested_by, "task": task}
        row = RunRow(id=run_id, **fields, **about, created_at=call.now)
        call.session.add(row)
        call.session.flush()
        call.link(new.training_set_id, run_id, "trained")
        if new.requirement_id:
            call.link(new.requirement_id, run_id, "asks for")

    def _examine_inputs(self, call: Call, row: RunRow, version: ModelVersion) -> None:
        training_set = self.training_sets.training_set(call, row.training_set_id)
        if evidence := inputs_evidence(training_set, version):
            self.registry.add_evidence(call, evidence)

    def _new_version(self, call: Call, row: RunRow, *, model: str | None, title: str | None, card: str) -> NewVersion:
        contract = trainable(self.training_sets.training_set(call, row.training_set_id), now=call.now)
        return NewVersion(
            project=row.project,
            model=model,
            title=title,
            digest=row.manifest,
            model_digest=row.model_digest,
            params={**row.params, "recipe": row.recipe, "seed": row.seed},
            evaluations=self.run(call, row.id).evaluations,
            run_id=row.id,
            training_set_id=row.training_set_id,
            feature_versions=tuple(dict.fromkeys(view.version_id for view in contract.views)),
            requirement_id=row.requirement_id,
            code_commit=row.code_commit,
            environment=row.environment,
            card=card,
            created_by=call.actor.person_id,
        )

    def _refuse_other_model(self, call: Call, row: RunRow, *, model: str) -> None:
        version = self.registry.version(call, row.version_id) if row.version_id else None
        if version and self.registry.model_id(call, model, project=row.project) != version.model_id:
            raise Conflict(
                _("{id} is {model} v{number} already").format(id=row.id, model=version.model, number=version.version),
                hint=_("A run is a version of one model. Train again to make another."),
            )
