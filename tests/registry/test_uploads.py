"""Files from elsewhere become versions: with the answers of the library they came from where those are sent, and never
where they differ."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from core.foundation.actions.content import Content
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.portal import Portal
from core.registry.foreign.conversion import Sent
from core.registry.foreign.process import converted
from core.registry.inspection import FileLimits
from core.registry.values import CONVERSION, ModelVersion
from core.serving.model_server.predict import EntityReader
from core.serving.model_server.session import load_model
from core.tasks.task import task_of
from core.tasks.values import Verdict
from tests.installed import People
from tests.lake.imports.in_process import imported
from tests.registry.attack_models import swelling
from tests.registry.foreign.test_conversion import (
    EXPORTERS,
    WRONG,
    content_of,
    document,
    scale,
    sent_with,
    wide_model,
)
from tests.registry.foreign.test_looking import rows_with
from tests.registry.onnx_files import tiny_model
from tests.serving.model_server.test_from_file_to_answer import joined, wine
from tests.serving.running import LIMITS, spec_of

# What is predicted shows in the outputs of a file; of torch's and Keras' files nobody said what they are.
TASKS = {
    "keras": "generic",
    "lightgbm": "multi_class",
    "sklearn-regression": "regression",
    "sklearn-zipmap": "multi_class",
    "torch": "generic",
}


def files_of(name: str) -> dict[str, object]:
    """What a caller sends of one of the files of exporters."""
    sent = sent_with(name)
    assert sent.example is not None
    assert sent.expected is not None
    rows = {"example": Content.of(sent.example), "expected": Content.of(sent.expected)}
    return {"content": Content.of(content_of(name)), "mapping": sent.mapping, "source": sent.source, **rows}


def test_a_file_with_its_example_becomes_a_version_with_evidence(portal: Portal, people: People) -> None:
    named = {"project": "PROJ-1", "model": "bought", "filename": "xgb.onnx"}
    version = portal.uploads.upload_version(people.engineer, **named, **files_of("xgboost"))
    (evidence,) = portal.evidence.list_evidence(people.engineer, subject=version.id).items
    assert (evidence.kind, evidence.verdict) == (CONVERSION, Verdict.PASS)
    assert evidence.summary == "24 rows as the original library answers them, 6.7e-08 apart at most"
    store = portal.foundation.store
    assert json.loads(store.read(evidence.measured_on["example"])) == document("xgboost")["example"]
    assert store.read(evidence.measured_on["expected"]) == sent_with("xgboost").expected
    assert evidence.measured_on["version"] == version.digest
    assert [entry.name for entry in version.signature.inputs] == [f"c{number}" for number in range(6)]


class NoLookup:
    """Nothing is looked up for a model from elsewhere."""

    def find(self, *_view: Any, **_at: Any) -> list[Any]:
        raise AssertionError


def served_answers(portal: Portal, version: ModelVersion, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """What a model server answers for rows by name, read and run as it does it."""
    spec = spec_of(portal.foundation.store, model=tiny_model(), online=Path("none"))
    model = load_model(spec.model_copy(update={"digest": version.digest, "model_digest": version.model_digest}))
    reader = EntityReader(model.contract, layout=model.layout, limits=LIMITS)
    body = json.dumps({"rows": rows}).encode()
    outputs = model.run(reader.read(body, lookup=NoLookup()).arrays, rows=len(rows))
    return {entry.name: values.tolist() for entry, values in zip(model.signature.gives, outputs, strict=True)}


def test_every_exporter_comes_from_its_file_to_the_answers_of_a_model_server(portal: Portal, people: People) -> None:
    assert len(EXPORTERS) == 8
    for name in EXPORTERS:
        version = portal.uploads.upload_version(
            people.engineer, project="PROJ-1", model=name, filename="m.onnx", **files_of(name)
        )
        answers = served_answers(portal, version, document(name)["example"])
        given = np.array(answers[version.signature.output])
        (expected,) = document(name)["expected"].values()
        wanted = np.array(expected)
        wanted = wanted[:, 1] if given.ndim < wanted.ndim else wanted
        assert version.signature.target.task == TASKS.get(name, "binary"), name
        assert np.abs(given - wanted).max() <= 1e-6 * scale(wanted), name
        if "predicted" in answers:
            classes = np.array(["high", "low", "middle"] if name == "sklearn-zipmap" else ["0", "1", "2"])
            assert answers["predicted"] == classes[wanted.argmax(axis=1)].tolist()


def test_answers_are_given_in_the_words_of_their_task(portal: Portal, people: People) -> None:
    version = portal.uploads.upload_version(
        people.engineer, project="PROJ-1", model="classes", filename="m.onnx", **files_of("sklearn-zipmap")
    )
    assert version.signature.target.classes == ("high", "low", "middle")
    outputs = served_answers(portal, version, document("sklearn-zipmap")["example"][:1])
    arrays = {name: np.array(values) for name, values in outputs.items()}
    (answer,) = task_of(version.signature.target).answers(arrays, target=version.signature.target)
    (expected,) = document("sklearn-zipmap")["expected"].values()
    assert answer["probabilities"] == pytest.approx(dict(zip(("high", "low", "middle"), expected[0], strict=True)))


def test_many_columns_are_asked_by_name_all_the_same(portal: Portal, people: People) -> None:
    rows = [{**{f"n{at}": float(at + row) for at in range(300)}, "t0": "a", "t1": "bb"} for row in range(3)]
    sums = [300 * 299 / 2 + 300 * row + 3 for row in range(3)]
    sent = {"example": rows, "expected": sums}
    version = portal.uploads.upload_version(
        people.engineer,
        project="PROJ-1",
        model="wide",
        filename="w.onnx",
        content=Content.of(wide_model(300, texts=2)),
        **{name: Content.of(json.dumps(value).encode()) for name, value in sent.items()},
    )
    assert [(entry.name, len(entry.columns)) for entry in version.signature.inputs] == [("texts", 2), ("numbers", 300)]
    assert served_answers(portal, version, rows) == {"value": sums}


def test_a_wrong_conversion_registers_nothing(portal: Portal, people: People) -> None:
    with pytest.raises(Invalid, match="Row 21 of the example: probability is"):
        portal.uploads.upload_version(
            people.engineer, project="PROJ-1", model="bought", filename="f.onnx", **files_of(WRONG)
        )
    assert portal.registry.list_models(people.engineer).total == 0


def test_a_file_without_an_example_is_a_version_without_that_evidence(portal: Portal, people: People) -> None:
    files = {"content": Content.of(content_of("catboost"))}
    version = portal.uploads.upload_version(
        people.engineer, project="PROJ-1", model="bought", filename="c.onnx", **files
    )
    assert portal.evidence.list_evidence(people.engineer, subject=version.id).total == 0
    assert [entry.name for entry in version.signature.inputs] == [f"features_{number}" for number in range(4)]


def test_a_file_that_the_runtime_does_not_read_is_refused_before_it_is_a_version(
    portal: Portal, people: People
) -> None:
    newer = onnx.load_from_string(tiny_model())
    newer.ir_version = 14
    with pytest.raises(Invalid, match="version 14 of the format; the runtime reads 13 at most") as refusal:
        portal.uploads.upload_version(
            people.engineer,
            project="PROJ-1",
            model="m1",
            filename="a.onnx",
            content=Content.of(newer.SerializeToString()),
        )
    assert "ir_version = 13" in refusal.value.hint


def test_trying_a_file_takes_no_more_than_looking_into_one() -> None:
    limits = FileLimits(memory_mb=256, seconds=1)
    with pytest.raises(Invalid, match="takes more than 256 MB or 1 s") as refusal:
        converted(swelling(2_000_000), Sent(), limits=limits)
    assert refusal.value.field == "content"


def test_a_file_that_takes_columns_already_stays_what_it_is(portal: Portal, people: People) -> None:
    row = {"carrier": "AA", "origin": "EWR", "distance": 0.5, "wind": None}
    sent = {"content": Content.of(tiny_model()), "example": Content.of(json.dumps([row]).encode())}
    tried = portal.uploads.try_file(people.engineer, project="PROJ-1", **sent)
    expected = Content.of(json.dumps(tried.answers).encode())
    version = portal.uploads.upload_version(
        people.engineer, project="PROJ-1", model="m1", filename="a.onnx", expected=expected, **sent
    )
    assert portal.registry.read_model(version.id) == tiny_model()
    assert portal.evidence.list_evidence(people.engineer, subject=version.id).total == 1


def test_trying_a_file_registers_nothing_and_is_for_those_who_may_register(portal: Portal, people: People) -> None:
    trial = portal.uploads.try_file(people.engineer, project="PROJ-1", **without_source("lightgbm"))
    assert [answer.role for answer in trial.mapping.answers] == ["probabilities", "label"]
    assert len(trial.answers["predicted"]) == 20
    assert trial.report is not None
    assert portal.registry.list_models(people.engineer).total == 0
    with pytest.raises(NotAllowed):
        portal.uploads.try_file(people.viewer, project="PROJ-1", **without_source("lightgbm"))
    with pytest.raises(NotFound):
        portal.uploads.try_file(people.outsider, project="PROJ-1", **without_source("lightgbm"))


def without_source(name: str) -> dict[str, object]:
    return {part: value for part, value in files_of(name).items() if part != "source"}


def test_a_file_of_a_run_in_mlflow_becomes_a_version(portal: Portal, people: People) -> None:
    folder = portal.foundation.settings.home / "mlflow" / "PROJ-1" / "abc" / "artifacts"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content_of("xgboost"))
    sent = {part: value for part, value in files_of("xgboost").items() if part != "content"}
    path = "PROJ-1/abc/artifacts/model.onnx"
    version = portal.uploads.register_tracked(people.engineer, path=path, model="bought", **sent)
    assert portal.evidence.list_evidence(people.engineer, subject=version.id).total == 1
    for elsewhere in ("PROJ-1/abc/artifacts/none.onnx", "PROJ-1/../../secret"):
        with pytest.raises(NotFound):
            portal.uploads.register_tracked(people.engineer, path=elsewhere, model="bought")
    with pytest.raises(NotFound):
        portal.uploads.register_tracked(people.outsider, path=path, model="bought")


def rows_in_a_dataset(portal: Portal, people: People) -> str:
    """The example, with what the library answered behind and a moment that no tensor takes."""
    lines = rows_with("xgboost").decode().split("\n")
    content = "\n".join([f"{lines[0]},at", *(f"{line},2026-01-0{1 + at % 9}" for at, line in enumerate(lines[1:]))])
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", title="Outcomes")
    return imported(portal, people.engineer, dataset_id=dataset.id, content=content.encode()).id


def test_rows_of_a_dataset_are_the_example(portal: Portal, people: People) -> None:
    snapshot_id = rows_in_a_dataset(portal, people)
    sent: dict[str, Any] = {
        "project": "PROJ-1",
        "content": Content.of(content_of("xgboost")),
        "snapshot_id": snapshot_id,
    }
    seen = portal.uploads.look_into_file(people.engineer, **sent)
    assert (seen.unused, seen.rows) == (("proba_0", "proba_1"), 24)
    compared = {"probability": ("proba_0", "proba_1")}
    trial = portal.uploads.try_file(people.engineer, **sent, compared=compared)
    assert trial.report is not None
    assert (trial.report.rows, trial.report.above) == (24, 0)
    named = {"model": "bought", "filename": "xgb.onnx", "compared": compared}
    version = portal.uploads.upload_version(people.engineer, **sent, **named)
    (evidence,) = portal.evidence.list_evidence(people.engineer, subject=version.id).items
    assert (evidence.kind, evidence.content["rows"]) == (CONVERSION, 24)


def test_rows_of_a_training_set_are_the_example(portal: Portal, people: People) -> None:
    training_set = joined(portal, people, wine(), task="multi_class", by="stratified")
    assert training_set.contract is not None
    sent: dict[str, Any] = {"project": "PROJ-1", "content": Content.of(content_of("sklearn-zipmap"))}
    seen = portal.uploads.look_into_file(people.engineer, **sent, training_set_id=training_set.id, split="validation")
    assert {column.name for column in seen.columns} == {*training_set.contract.inputs(), "label"}
    assert seen.rows > 0
    with pytest.raises(Invalid, match="no split called 'none'"):
        portal.uploads.look_into_file(people.engineer, **sent, training_set_id=training_set.id, split="none")


def test_rows_are_those_of_one_place_in_the_project_of_the_file(portal: Portal, people: People) -> None:
    snapshot_id = rows_in_a_dataset(portal, people)
    sent: dict[str, Any] = {
        "project": "PROJ-1",
        "content": Content.of(content_of("xgboost")),
        "snapshot_id": snapshot_id,
    }
    with pytest.raises(Invalid, match="Send an example, or name rows"):
        portal.uploads.look_into_file(people.engineer, **sent, example=Content.of(b"a\n1"))
    with pytest.raises(NotFound):
        portal.uploads.look_into_file(people.outsider, **{**sent, "project": "PROJ-2"})
    portal.retention.quarantine(people.engineer, snapshot_id=snapshot_id, reason="Two months are missing")
    with pytest.raises(Conflict, match="in quarantine"):
        portal.uploads.look_into_file(people.engineer, **sent)
