"""What inputs matter to a version of any task: measured in a job after it was registered, and kept as evidence."""

from pathlib import Path

import pytest

from core.compute.job_store import SPEC
from core.compute.tables import JobRow
from core.compute.values import JobState
from core.explanations.evidence import news, rests_on
from core.explanations.importance_job import MOST_ROWS, ImportanceSpec, drawn, measure
from core.explanations.values import ImportanceReport, InputImportance
from core.features.values import ServedView
from core.features.versions.records import JOINED_INTO
from core.foundation.actions.call import Call
from core.foundation.actors import Actor
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.text import percent
from core.portal import Portal
from core.registry.values import ModelVersion
from core.tasks.values import Interval, Target
from core.training.evaluation import OnnxModel
from core.training.recipe import Origins
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.registry.onnx_files import register_tiny
from tests.training.flights import contract, splits
from tests.training.known_sets import fitted_on, known_set
from tests.training.sets import make_training_set, start


def report_on(name: str, recipe: str = "linear", *, seed: int = 1) -> ImportanceReport:
    """Of a recipe on a data set that a library ships."""
    tables, known, _target = known_set(name)
    content, signature = fitted_on(name, recipe).export(Origins(contract=known))
    job_spec = ImportanceSpec(
        version_id="MV-1",
        signature=signature,
        training_set="TS-1",
        holdout="digest",
        holdout_name="test",
        views={"some": ("x0", "x1")},
        features={"x0": ("FV-1", "first")},
        seed=seed,
    )
    return measure(tables["test"], OnnxModel(content, signature=signature, threads=1), job_spec=job_spec)


@pytest.mark.parametrize(("name", "metric"), [("breast_cancer", "log_loss"), ("diabetes", "mae"), ("wine", "log_loss")])
def test_every_task_is_measured_by_its_leading_metric(name: str, metric: str) -> None:
    report = report_on(name)
    values = [entry.importance.value for entry in report.inputs]
    assert report.metric == metric
    assert values == sorted(values, reverse=True)
    assert report.inputs[0].importance.value > 0
    assert sum(report.shares.values()) == pytest.approx(1)
    assert (report.groups[0].name, report.groups[0].columns) == ("some", ("x0", "x1"))
    first = next(entry for entry in report.inputs if entry.name == "x0")
    assert (first.view, first.feature) == ("FV-1", "first")
    assert report_on(name) == report
    assert report_on(name, seed=2) != report


def test_numbers_that_go_together_are_shuffled_as_one_too() -> None:
    """Radius, perimeter and area of a nucleus."""
    together = report_on("breast_cancer").together
    assert {"x0", "x2", "x3"} <= set(max((entry.columns for entry in together), key=len))


def test_of_many_rows_some_are_drawn_and_groups_stay_whole() -> None:
    import pyarrow as pa

    table = pa.table({"query": [row // 10 for row in range(10_000)], "row": range(10_000)})
    some = drawn(table, target=Target(task="regression"), seed=1)
    assert (some.num_rows, some["row"].to_pylist()) == (MOST_ROWS, sorted(some["row"].to_pylist()))
    whole = drawn(table, target=Target(task="ranking", group="query"), seed=1)
    assert whole.num_rows == MOST_ROWS
    assert len(set(whole["query"].to_pylist())) == MOST_ROWS // 10


def with_view(view_id: str) -> dict[str, object]:
    """The flights' contract, in which the delay of the departure is looked up."""
    sent = contract(numbers=("hour", "distance", "sched_arr_time"))
    times = {"ttl_us": 0, "delay_us": 0}
    view = ServedView(
        version_id=view_id,
        view="departures",
        digest="a" * 64,
        rows_digest="b" * 64,
        keys=(("tailnum", "tailnum"),),
        outputs=(("delay", "dep_delay", "number"),),
        **times,
    )
    return sent.model_copy(update={"views": (view,)}).model_dump(mode="json")


def a_feature_version(portal: Portal) -> str:
    with portal.foundation.database.write() as session:
        call = Call(portal.foundation, session, Actor.system("test"), SPEC)
        return call.create(
            Kind.FEATURE_VERSION, project="PROJ-1", title="departures v1", state="published", owner="P-2"
        )


def link(portal: Portal, source: str, target: str, relation: str) -> None:
    with portal.foundation.database.write() as session:
        Call(portal.foundation, session, Actor.system("test"), SPEC).link(source, target, relation)


@pytest.fixture
def version(portal: Portal, people: People, tmp_path: Path) -> ModelVersion:
    view = a_feature_version(portal)
    training_set = make_training_set(portal, tmp_path / "splits", contract=with_view(view))
    link(portal, view, training_set, JOINED_INTO)
    run = start(portal, people, training_set, recipe="linear", params={})
    assert run_job_here(portal, run.job_id).state is JobState.SUCCEEDED
    return portal.training.register_version(people.engineer, run_id=run.id, model="late-arrival")


def test_a_registered_version_is_measured_behind_everything_else(
    portal: Portal, people: People, version: ModelVersion
) -> None:
    before = portal.explanations.importance(people.viewer, version_id=version.id)
    assert (before.report, before.evidence_id, bool(before.job_id)) == (None, "", True)
    with portal.foundation.database.read() as session:
        assert session.get_one(JobRow, before.job_id).priority == 8
    with pytest.raises(Conflict, match="being measured already"):
        portal.explanations.measure_importance(people.engineer, version_id=version.id)
    job = run_job_here(portal, before.job_id)
    assert job.state is JobState.SUCCEEDED, job.cause
    known = portal.explanations.importance(people.viewer, version_id=version.id)
    assert known.report is not None
    assert (known.job_id, known.report.inputs[0].name) == ("", "dep_delay")
    assert known.report.rows == splits()["test"].num_rows
    evidence = portal.evidence.get_evidence(people.viewer, evidence_id=known.evidence_id)
    assert evidence.summary.startswith("Rests on dep_delay (")
    assert evidence.measured_on["model"] == version.model_digest
    assert evidence.verdict == "pass"
    view = known.report.inputs[0].view
    features = portal.explanations.feature_importance(people.viewer, feature_version_id=view)
    (delay,) = features.features.values()
    assert (features.evidence_id, delay.version_id, delay.input) == (known.evidence_id, version.id, "dep_delay")
    assert (delay.rank, delay.share) == (1, known.report.shares["dep_delay"])
    _one_prediction(portal, people, version)
    again = portal.explanations.measure_importance(people.engineer, version_id=version.id, split="validation")
    assert again.subject == version.id


def _one_prediction(portal: Portal, people: People, version: ModelVersion) -> None:
    """In a process of its own, over rows of validation."""
    row = splits()["test"].select(list(version.signature.columns)).slice(0, 1).to_pylist()[0]
    explanation = portal.explanations.explain(people.viewer, version_id=version.id, row=row)
    parts = sum(entry.contribution for entry in explanation.contributions)
    assert (explanation.version_id, explanation.method, explanation.unit) == (version.id, "additive", "log odds")
    assert abs(explanation.base + parts - explanation.prediction) < 1e-9
    assert {entry.name for entry in explanation.contributions} == set(row)
    with pytest.raises(Invalid, match="takes no 'else'"):
        portal.explanations.explain(people.viewer, version_id=version.id, row={"else": 1})


def test_a_feature_that_nothing_was_trained_with_has_no_importance(portal: Portal, people: People) -> None:
    view = a_feature_version(portal)
    assert portal.explanations.feature_importance(people.viewer, feature_version_id=view).features == {}


def test_rows_without_the_inputs_are_refused(portal: Portal, people: People, tmp_path: Path) -> None:
    tiny = register_tiny(portal, people.engineer)
    with pytest.raises(Invalid, match="has no training set"):
        portal.explanations.measure_importance(people.engineer, version_id=tiny.id)
    others = make_training_set(portal, tmp_path / "splits")
    with pytest.raises(Invalid, match="which MV-1 takes"):
        portal.explanations.measure_importance(people.engineer, version_id=tiny.id, training_set_id=others)


def report(**shares: float) -> ImportanceReport:
    entries = (
        InputImportance(name=name, importance=Interval(value=share, low=share / 2, high=share * 2))
        for name, share in shares.items()
    )
    return ImportanceReport(
        task="binary",
        metric="log_loss",
        training_set="TS-1",
        holdout="digest",
        holdout_name="test",
        rows=10,
        rows_in_all=10,
        repeats=3,
        seed=1,
        inputs=tuple(entries),
    )


def test_what_it_rests_on_stands_in_one_line() -> None:
    assert rests_on(report(delay=62, carrier=30, origin=7.5, hour=0.5)) == (
        f"Rests on delay ({percent(0.62)}), carrier ({percent(0.3)}) and origin ({percent(0.075)})"
    )
    assert rests_on(report(delay=2)) == f"Rests on delay ({percent(1)})"
    assert rests_on(report(delay=-1, hour=0)) == "Rests on none of its inputs alone"


def test_what_is_new_against_another_version_is_said() -> None:
    before = report(delay=60, carrier=40)
    assert news(report(delay=58, carrier=42), before) == ""
    assert news(report(delay=20, humidity=80), before) == (
        f"delay {percent(0.2)} instead of {percent(0.6)}, humidity {percent(0.8)} instead of {percent(0)},"
        f" carrier {percent(0)} instead of {percent(0.4)}"
    )
