"""A version from elsewhere is judged on rows that it did not come with: its figures are those of its task, it is
compared in pairs with others, and the rows are there for parity checks and load tests."""

import json
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.compute.values import JobState
from core.foundation.actions.content import Content
from core.foundation.errors import Conflict, Invalid
from core.portal import Portal
from core.registry.foreign.answers import answers_of_task
from core.registry.foreign.conversion import Sent
from core.registry.foreign.looking import look
from core.registry.values import QUALITY, ModelVersion
from core.serving.measurement.rows_to_send import rows_to_send
from core.tasks.measures import probabilities
from core.tasks.task import task_called
from core.tasks.values import Verdict
from tests.installed import People
from tests.lake.imports.in_process import imported
from tests.registry.foreign.test_conversion import content_of, document
from tests.registry.onnx_files import calling
from tests.training.judging.outcomes import COPIES, judge, labels_of, snapshot_of, uploaded


def test_a_version_from_elsewhere_is_judged_on_a_dataset(portal: Portal, people: People) -> None:
    version, snapshot = uploaded(portal, people), snapshot_of(portal, people, labels_of())
    proposal = portal.judging.propose_judging(people.viewer, version_id=version.id, snapshot_id=snapshot.id)
    assert proposal.columns == {f"c{number}": f"C{number}" for number in range(6)}
    assert (proposal.label, proposal.available[-1]) == ("y", "y")
    job = judge(portal, people, version, snapshot_id=snapshot.id, label="y")
    assert (job.state, job.cause) == (JobState.SUCCEEDED, "")
    (evaluation,) = portal.registry.get_version(people.viewer, version_id=version.id).evaluations
    (expected,) = document("xgboost")["expected"].values()
    scores = np.array(expected)[:, 1]
    wanted = probabilities.evaluate(np.array(labels_of() * COPIES), probabilities=np.tile(scores, COPIES))
    assert (evaluation.rows, evaluation.origin, evaluation.seen) == (240, snapshot.id, False)
    assert evaluation.metrics["auc"].value == pytest.approx(wanted["auc"].value, abs=1e-6)
    evidence = portal.evidence.list_evidence(people.engineer, subject=version.id).items
    (quality,) = [item for item in evidence if item.kind == QUALITY]
    assert (quality.verdict, quality.source, quality.measured_on["holdout"]) == (
        Verdict.PASS,
        job.id,
        evaluation.holdout,
    )


def test_versions_that_were_judged_on_the_same_rows_are_compared_in_pairs(portal: Portal, people: People) -> None:
    snapshot = snapshot_of(portal, people, labels_of())
    first, second = uploaded(portal, people), uploaded(portal, people, note="The same once more.")
    for version in (first, second):
        judge(portal, people, version, snapshot_id=snapshot.id, label="y")
    comparison = portal.registry.compare(people.viewer, version_ids=(first.id, second.id))
    assert comparison.holdout
    deltas = {row.metric: row.deltas[second.id] for row in comparison.metrics if second.id in row.deltas}
    assert deltas["auc"].value == deltas["log_loss"].value == 0
    quality = portal.registry.measure_quality(people.engineer, version_id=second.id, baseline_id=first.id)
    assert quality.verdict is Verdict.PASS


def test_the_rows_that_it_was_judged_on_are_sent_to_measure_it(portal: Portal, people: People) -> None:
    version, snapshot = uploaded(portal, people), snapshot_of(portal, people, labels_of())
    wanted = {"training_sets": portal.training_sets, "store": portal.foundation.store}
    with calling(portal, people.engineer) as call, pytest.raises(Conflict, match="no real rows to send") as refusal:
        rows_to_send(call, version, **wanted)
    assert "Judge it on" in refusal.value.hint
    judge(portal, people, version, snapshot_id=snapshot.id, label="y")
    with calling(portal, people.engineer) as call:
        rows = rows_to_send(call, portal.registry.version(call, version.id), **wanted)
    assert [field.name for field in rows.contract.request] == [f"c{number}" for number in range(6)]
    assert rows.contract.event_time == ""
    table = pq.read_table(portal.foundation.store.verified_path(rows.split().digest))
    assert table.column_names == ["row_id", "event_time", "label", *(f"c{number}" for number in range(6))]
    assert table["label"].to_pylist() == labels_of() * COPIES


def test_labels_in_words_say_which_of_them_is_yes(portal: Portal, people: People) -> None:
    words = ["late" if label else "on time" for label in labels_of()]
    version, snapshot = uploaded(portal, people), snapshot_of(portal, people, words)
    job = judge(portal, people, version, snapshot_id=snapshot.id, label="y")
    assert job.state is JobState.FAILED
    job = judge(portal, people, version, snapshot_id=snapshot.id, label="y", positive="late")
    assert job.state is JobState.SUCCEEDED
    (evaluation,) = portal.registry.get_version(people.viewer, version_id=version.id).evaluations
    assert evaluation.positive_share == pytest.approx(np.mean(labels_of()))


def test_the_same_rows_again_take_the_place_of_what_was_known(portal: Portal, people: People) -> None:
    version, snapshot = uploaded(portal, people), snapshot_of(portal, people, labels_of())
    judge(portal, people, version, snapshot_id=snapshot.id, label="y", columns={"c0": "C1", "c1": "C0"})
    wrong = portal.registry.get_version(people.viewer, version_id=version.id).evaluations
    judge(portal, people, version, snapshot_id=snapshot.id, label="y")
    right = portal.registry.get_version(people.viewer, version_id=version.id).evaluations
    assert len(wrong) == len(right) == 1
    assert right[0].metrics["auc"].value > wrong[0].metrics["auc"].value


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"label": "z"}, "has no column 'z'"),
        ({"label": ""}, "Say which column has the label"),
        ({"label": "y", "columns": {"c9": "C1"}}, "has no input 'c9'"),
        ({"label": "y", "columns": {"c1": "C9"}}, "Nothing fills the inputs c1"),
        ({"label": "y", "training_set_id": "TS-1"}, "either a training set or a snapshot"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_the_reason(
    portal: Portal, people: People, rows: dict[str, Any], message: str
) -> None:
    version, snapshot = uploaded(portal, people), snapshot_of(portal, people, labels_of())
    with pytest.raises(Invalid, match=message):
        portal.judging.judge_version(people.engineer, version_id=version.id, **{"snapshot_id": snapshot.id, **rows})


def ordering(portal: Portal, people: People) -> ModelVersion:
    """A file that gives a score of rows, and says nothing of their groups."""
    name = "sklearn-regression"
    seen = look(content_of(name), Sent(example=json.dumps(document(name)["example"]).encode()))
    numbers = [output.name for output in seen.file.outputs if output.datatype.startswith("FP")]
    answers = answers_of_task(seen.file, task="ranking", tensor=numbers[-1])
    mapping = seen.mapping.model_copy(update={"answers": answers})
    more = {"content": Content.of(content_of(name)), "mapping": mapping}
    return portal.uploads.upload_version(people.engineer, project="PROJ-1", model="order", filename="m.onnx", **more)


def test_a_model_that_orders_rows_is_judged_within_the_groups_of_a_column(portal: Portal, people: People) -> None:
    version, rows = ordering(portal, people), document("sklearn-regression")["example"]
    lines = [",".join([*rows[0], "query_id", "relevance"])]
    for number in range(60):
        cells = ["" if value is None else str(value) for value in rows[number % len(rows)].values()]
        lines.append(",".join([*cells, f"q{number // 5}", str(number % 3)]))
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", title="Clicks")
    snapshot = imported(portal, people.engineer, dataset_id=dataset.id, content="\n".join(lines).encode())
    about = {"version_id": version.id, "snapshot_id": snapshot.id}
    proposal = portal.judging.propose_judging(people.viewer, **about)
    assert (proposal.group, proposal.label) == ("query_id", "relevance")
    for group, message in (("", "Say which column has the group"), ("nothing", "no column 'nothing' for the groups")):
        with pytest.raises(Invalid, match=message) as refusal:
            portal.judging.judge_version(people.engineer, **about, label="relevance", group=group)
        assert refusal.value.field == "group"
    job = judge(portal, people, version, snapshot_id=snapshot.id, label="relevance", group="query_id")
    assert (job.state, job.cause) == (JobState.SUCCEEDED, "")
    (evaluation,) = portal.registry.get_version(people.viewer, version_id=version.id).evaluations
    assert (evaluation.rows, evaluation.positive_share) == (60, None)
    assert all(0 < evaluation.metrics[name].value <= 1 for name in task_called("ranking").leading[:1])
    comparison = portal.registry.compare(people.viewer, version_ids=(version.id,))
    assert comparison.task == "ranking"


def test_answers_without_a_metric_are_judged_on_nothing(portal: Portal, people: People) -> None:
    version, snapshot = uploaded(portal, people, "torch"), snapshot_of(portal, people, labels_of())
    with pytest.raises(Invalid, match="No metric judges what") as refusal:
        portal.judging.judge_version(people.engineer, version_id=version.id, snapshot_id=snapshot.id, label="y")
    assert "say what its outputs are" in refusal.value.hint


def test_a_file_whose_outputs_are_of_no_task_is_a_version_of_none(portal: Portal, people: People) -> None:
    content = Content.of(content_of("torch"))
    version = portal.uploads.upload_version(
        people.engineer, project="PROJ-1", model="raw", filename="t.onnx", content=content
    )
    assert version.signature.target.task == "generic"
    assert [spec.name for spec in version.signature.target.outputs]
