"""Runs as people ask for them, and as the real executor runs them."""

from pathlib import Path

import pyarrow as pa
import pytest

from core.compute.tables import JobRow
from core.compute.values import JobState
from core.features.values import FeatureContract
from core.foundation.digests import canonical
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.foundation.parquet import read_parquet
from core.identity.permissions import Permission
from core.portal import Portal
from core.registry.onnx_safety import signature_of
from core.training.values import Run
from tests.compute.running import run_job_here, wait_for_job, worker_for
from tests.conftest import People
from tests.lake.imports.in_process import imported
from tests.registry.onnx_files import calling
from tests.sweeps.running import start as start_sweep
from tests.training.flights import contract, splits
from tests.training.sets import make_training_set, start


@pytest.fixture
def training_set(portal: Portal, people: People, tmp_path: Path) -> str:
    return make_training_set(portal, tmp_path / "splits")


def test_a_run_trains_and_its_model_becomes_a_version(portal: Portal, people: People, training_set: str) -> None:
    run = start(portal, people, training_set, title="First try", seed=5)
    assert (run.state, run.params["epochs"], run.params["dropout"]) == (JobState.QUEUED, 2, 0.1)
    job = run_job_here(portal, run.job_id)
    assert job.state is JobState.SUCCEEDED, job.cause
    done = portal.training.get_run(people.viewer, run_id=run.id)
    assert (done.state, done.progress, done.metrics["validation_auc"] > 0.7) == (JobState.SUCCEEDED, 1.0, True)
    _check_evaluations(portal, done)
    _check_history(portal, people, done)
    _check_judgement(portal, people, done)
    version = portal.training.register_version(people.engineer, run_id=run.id, model="late-arrival")
    again = portal.training.register_version(people.engineer, run_id=run.id, model="late-arrival")
    assert (version.version, again.id) == (1, version.id)
    assert (version.digest, version.run_id, version.training_set_id) == (done.manifest, run.id, training_set)
    assert version.evaluations == done.evaluations
    assert {"python", "torch", "onnxruntime", "threads", "device"} <= set(version.environment)
    assert len(version.code_commit.removesuffix("+changes")) in (40, len("causeway 0.1.0"))
    assert "AUC" in version.card
    assert portal.training.get_run(people.viewer, run_id=run.id).version_id == version.id
    with pytest.raises(Conflict, match="is late-arrival v1 already"):
        portal.training.register_version(people.engineer, run_id=run.id, model="another-model")


def _check_evaluations(portal: Portal, run: Run) -> None:
    """One a split, on the very rows, from the very file."""
    store = portal.foundation.store
    assert [evaluation.holdout_name for evaluation in run.evaluations] == ["train", "validation", "test"]
    for evaluation, (name, table) in zip(run.evaluations, splits().items(), strict=True):
        predicted = read_parquet(store.verified_path(evaluation.predictions))
        assert predicted["row_id"].to_pylist() == table["row_id"].to_pylist()
        assert predicted["label"].to_pylist() == table["label"].to_pylist()
        assert evaluation.rows == table.num_rows, name
        assert evaluation.metrics["auc"].low < evaluation.metrics["auc"].value < evaluation.metrics["auc"].high
    files = {file.path: file.sha256 for file in store.manifest(run.manifest).files}
    assert files["model.onnx"] == run.model_digest
    assert store.read(files["features.json"]) == canonical(contract())
    assert FeatureContract.model_validate_json(store.read(files["features.json"])) == contract()
    assert store.read(files["signature.json"]) == canonical(signature_of(store.read(run.model_digest)))


def _check_judgement(portal: Portal, people: People, run: Run) -> None:
    """It is judged beside the baseline, which the next run takes from the store."""
    assert [comparison.split for comparison in run.judgement.comparisons] == ["validation", "test"]
    assert {"auc", "log_loss"} <= set(run.judgement.comparisons[1].baseline)
    assert [remark.text.partition(" on test: AUC ")[1] for remark in run.remarks if "baseline" in remark.kind] != [""]
    (line,) = portal.run_workspace.search_runs(people.viewer).items
    assert list(line.alarms) == [remark.kind for remark in run.remarks if remark.is_alarm]
    again = start(portal, people, run.training_set_id)
    with portal.foundation.database.read() as session:
        inputs = session.get_one(JobRow, again.job_id).inputs
    files = {name: inputs[f"baseline.{name}"] for name in ("validation", "test")}
    assert files == run.judgement.baseline_files
    assert read_parquet(portal.foundation.store.verified_path(files["test"])).num_rows == splits()["test"].num_rows


def _check_history(portal: Portal, people: People, run: Run) -> None:
    series = {item.name: item.points for item in portal.training.history(people.viewer, run_id=run.id)}
    assert {"train_loss", "learning_rate", "validation_log_loss", "validation_auc", "rows_per_s"} <= set(series)
    steps = [point.step for point in series["validation_log_loss"]]
    assert steps == sorted(set(steps))
    (only,) = portal.training.history(people.viewer, run_id=run.id, names=("train_loss",))
    assert only.points == series["train_loss"]


def test_only_what_stopped_is_resumed_and_only_what_succeeded_is_registered(
    portal: Portal, people: People, training_set: str
) -> None:
    run = start(portal, people, training_set)
    with pytest.raises(Conflict, match="queued"):
        portal.training.resume_run(people.engineer, run_id=run.id)
    with pytest.raises(Conflict, match="has no model yet: it is queued"):
        portal.training.register_version(people.engineer, run_id=run.id, model="late-arrival")


def test_an_engineer_stops_only_own_runs_and_an_sre_any(portal: Portal, people: People, training_set: str) -> None:
    run = start(portal, people, training_set)
    with pytest.raises(NotAllowed, match="only your own runs"):
        portal.training.cancel_run(people.other_engineer, run_id=run.id)
    minted = portal.identity.mint_token(people.sre, name="Night watch", scopes=(Permission.JOBS_CANCEL,))
    with pytest.raises(NotAllowed) as refused:
        portal.training.cancel_run(portal.sessions.actor_of_token(minted.secret), run_id=run.id)
    assert refused.value.hint.startswith("Mint a token of your own with the scope rollback")
    portal.training.cancel_run(people.sre, run_id=run.id)
    with worker_for(portal, loops=(), only=(run.job_id,)):
        assert wait_for_job(portal, run.job_id).state is JobState.CANCELLED


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"params": {"learning_rate": -1}}, "params.learning_rate"),
        ({"params": {"learning_rate": float("nan")}}, "params"),
        ({"params": {"learning_rate": "1e999"}}, "params.learning_rate"),
        ({"params": {"epochs": 10**9}}, "params.epochs"),
        ({"params": {"batch_size": 0}}, "params.batch_size"),
        ({"params": {"LD_PRELOAD": "/tmp/evil.so"}}, "params.LD_PRELOAD"),
        ({"seed": 2**64}, "seed"),
        ({"seed": -1}, "seed"),
        ({"title": "x" * 200}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"env": {"PYTHONPATH": "/tmp"}}, "env"),
    ],
)
def test_what_is_wrong_is_named(
    portal: Portal, people: People, training_set: str, choices: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        start(portal, people, training_set, **choices)
    assert refusal.value.field.startswith(field)


@pytest.mark.parametrize("recipe", ["os.system", "../recipe", "core.training.recipes.tabular"])
def test_a_recipe_is_never_imported_by_a_users_word(
    portal: Portal, people: People, training_set: str, recipe: str
) -> None:
    with pytest.raises(NotFound) as refusal:
        start(portal, people, training_set, recipe=recipe)
    assert "tabular" in refusal.value.hint


def test_a_title_is_text_and_nothing_else(portal: Portal, people: People, training_set: str) -> None:
    run = start(portal, people, training_set, title="; rm -rf ~ $(id) {0.__class__}")
    assert run.title == "; rm -rf ~ $(id) {0.__class__}"


def _constant(table: pa.Table) -> pa.Table:
    place = table.column_names.index("label")
    return table.set_column(place, "label", pa.array([1] * table.num_rows, pa.int32()))


def test_a_training_set_that_cannot_teach_is_refused_when_asked_for(
    portal: Portal, people: People, tmp_path: Path
) -> None:
    whole = splits()
    bad = {
        "in the split train, all labels are 1": {**whole, "train": _constant(whole["train"])},
        "the split validation has 1 rows": {**whole, "validation": whole["validation"].slice(0, 1)},
        "it has no split called validation": {"train": whole["train"], "test": whole["test"]},
    }
    for number, (reason, tables) in enumerate(bad.items()):
        set_id = make_training_set(portal, tmp_path / str(number), tables=tables)
        with pytest.raises(Invalid, match=reason):
            start(portal, people, set_id)
    unready = make_training_set(portal, tmp_path / "refused", state="refused", cause="a leak was found")
    with pytest.raises(Conflict, match="is refused") as refusal:
        start(portal, people, unready)
    assert refusal.value.hint == "a leak was found"


def test_rows_that_cannot_teach_fail_the_run_with_the_reason(portal: Portal, people: People, tmp_path: Path) -> None:
    tables = splits()
    place = tables["test"].column_names.index("label")
    labels = pa.array([None, *tables["test"]["label"].to_pylist()[1:]], pa.int32())
    tables["test"] = tables["test"].set_column(place, "label", labels)
    run = start(portal, people, make_training_set(portal, tmp_path / "splits", tables=tables))
    job = run_job_here(portal, run.job_id)
    assert job.state is JobState.FAILED
    assert job.cause.startswith(
        "data: This training set cannot be learned from: in the split test, labels are missing in 1 rows"
    )
    failed = portal.training.get_run(people.viewer, run_id=run.id)
    assert (failed.state, failed.cause) == (JobState.FAILED, job.cause)


def test_a_training_set_of_another_project_is_not_found_or_not_taken(
    portal: Portal, people: People, tmp_path: Path
) -> None:
    elsewhere = make_training_set(portal, tmp_path / "splits", project="PROJ-2")
    with pytest.raises(NotFound):
        start(portal, people, elsewhere)


def test_nothing_is_trained_on_rows_in_quarantine(portal: Portal, people: People, training_set: str) -> None:
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="departures")
    snapshot = imported(portal, people.engineer, dataset_id=dataset.id, content=b"id,x\n1,2\n")
    with calling(portal, people.engineer) as call:
        call.link(snapshot.id, training_set, "feeds")
    portal.retention.quarantine(people.sre, snapshot_id=snapshot.id, reason="Entered twice")
    with pytest.raises(Conflict, match=f"departures v1 .{snapshot.id}., which is in quarantine: Entered twice"):
        start(portal, people, training_set)
    with pytest.raises(Conflict, match=f"departures v1 .{snapshot.id}., which is in quarantine"):
        start_sweep(portal, people, training_set)
    assert not portal.compute.list_jobs(people.viewer, kind="training.run").items
    portal.retention.release(people.sre, snapshot_id=snapshot.id, reason="It was not")
    assert start(portal, people, training_set).state is JobState.QUEUED


def test_a_run_hangs_in_the_chain(portal: Portal, people: People, training_set: str) -> None:
    requirement = portal.requirements.create_requirement(
        people.engineer,
        project="PROJ-1",
        title="Warn of late arrivals",
        criteria=({"metric": "auc", "comparison": "at_least", "limit": 0.68},),
    )
    run = start(portal, people, training_set, requirement_id=requirement.id)
    assert run.requirement_id == requirement.id
    chain = portal.identity.lineage(people.viewer, object_id=run.id)
    edges = {(edge.source, edge.target, edge.relation) for edge in chain.edges}
    assert {(training_set, run.id, "trained"), (requirement.id, run.id, "asks for")} <= edges
    with pytest.raises(NotFound):
        start(portal, people, training_set, requirement_id="R-99")
