"""The page on which a model from elsewhere becomes a version: proposed, tried, corrected, registered; and the form that
judges it on other rows."""

import json
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow
from core.portal import Portal
from core.registry.tables import MirrorRow
from core.registry.values import CONVERSION
from tests.installed import People
from tests.pages.running import drawn, page, pressed, text_of
from tests.registry.foreign.test_conversion import WRONG, content_of, document
from tests.registry.foreign.test_looking import rows_with
from tests.registry.test_uploads import rows_in_a_dataset
from tests.training.judging.outcomes import labels_of, snapshot_of, uploaded

AT = datetime(2026, 1, 5, tzinfo=UTC)


def dropped(portal: Portal, people: People, name: str, **rows: tuple[str, bytes]) -> AppTest:
    """The page with the file of an exporter and its rows."""
    test = page(portal, people.engineer, "upload-model")
    assert "No trial yet" in text_of(test)
    files = {"up_model": (f"{name}.onnx", content_of(name)), **rows}
    for key, (filename, content) in files.items():
        test.file_uploader(key=key).upload(filename, content, "application/octet-stream")
    return drawn(test)


def test_a_wrong_order_of_columns_is_seen_and_put_right(portal: Portal, people: People) -> None:
    test = dropped(portal, people, "xgboost", up_example=("rows.csv", rows_with("xgboost")))
    order = "up_order_float_input"
    assert "Equal to 7e-08 on 24 rows" in text_of(test).replace("**", "")
    assert not test.button(key="up_register").disabled
    right = list(test.session_state[order])
    test.text_area(key=f"{order}_text").input(", ".join([right[1], right[0], *right[2:]]))
    test.button(key=f"{order}_apply").click()
    wrong = text_of(drawn(test))
    assert "Differs on" in wrong
    assert "a wrong order of the columns" in wrong
    assert test.button(key="up_register").disabled
    test.text_area(key=f"{order}_text").input("\n".join(right))
    test.button(key=f"{order}_apply").click()
    drawn(test)
    test.text_input(key="version_name").input("Late payers")
    test.button(key="up_register").click()
    test.run()
    (version,) = portal.registry.list_versions(people.viewer).items
    assert (version.title, version.signature.target.task) == ("Late payers v1", "binary")
    assert [item.kind for item in portal.evidence.list_evidence(people.viewer).items] == [CONVERSION]


def test_a_wrong_conversion_is_shown_row_by_row(portal: Portal, people: People) -> None:
    rows = {name: (f"{part}.json", json.dumps(document(WRONG)[part]).encode()) for name, part in PARTS.items()}
    text = text_of(dropped(portal, people, WRONG, **rows))
    assert "Differs on 58.3" in text.replace("**", "")
    assert "random forests with missing values" in text


PARTS = {"up_example": "example", "up_expected": "expected"}


def test_what_its_outputs_are_can_be_said_otherwise(portal: Portal, people: People) -> None:
    example = {"up_example": ("rows.json", json.dumps(document("torch")["example"]).encode())}
    test = dropped(portal, people, "torch", **example)
    assert "Not compared with its source" in text_of(test)
    test.selectbox(key="up_answer_task").select("multi_class")
    drawn(test)
    test.selectbox(key="up_answer_activation_linear_1").select("softmax")
    test.text_input(key="up_answer_classes_linear_1").input("cat, dog, eel")
    drawn(test)
    test.text_input(key="version_name").input("Animals")
    test.button(key="up_register").click()
    test.run()
    (version,) = portal.registry.list_versions(people.viewer).items
    assert version.signature.target.classes == ("cat", "dog", "eel")


@pytest.mark.parametrize(("name", "content"), [("m.onnx", b"\x80\x04pickle"), ("m.onnx", b"no model at all")])
def test_what_is_no_model_is_refused_with_how_to_export(
    portal: Portal, people: People, name: str, content: bytes
) -> None:
    test = page(portal, people.engineer, "upload-model")
    test.file_uploader(key="up_model").upload(name, content, "application/octet-stream")
    text = text_of(drawn(test))
    assert "torch.onnx.export" in text
    assert "ONNX" in text


def test_rows_of_a_dataset_are_the_example_and_nobody_types_one(portal: Portal, people: People) -> None:
    rows_in_a_dataset(portal, people)
    test = dropped(portal, people, "xgboost")
    test.segmented_control(key="up_rows").set_value("dataset")
    text = text_of(drawn(test)).replace("**", "")
    assert "Equal to 7e-08 on 24 rows" in text
    assert "proba_0" in text


def test_the_file_of_a_run_is_picked(portal: Portal, people: People) -> None:
    folder = portal.foundation.settings.home / "mlflow" / "PROJ-1" / "abc" / "artifacts"
    folder.mkdir(parents=True)
    (folder / "net.onnx").write_bytes(content_of("xgboost"))
    with portal.foundation.database.write() as session:
        names = {"title": "Trees", "state": "finished", "owner": people.engineer.person_id}
        session.add(ObjectRow(id="RUN-1", kind=Kind.RUN, project="PROJ-1", created_at=AT, updated_at=AT, **names))
        session.add(MirrorRow(run_id="RUN-1", mlflow_run="abc"))
    test = page(portal, people.engineer, "upload-model")
    test.segmented_control(key="up_place").set_value("mlflow")
    (shown,) = drawn(test).selectbox(key="up_path").options
    assert shown.startswith("Trees · RUN-1 · net.onnx · ")
    test.selectbox(key="up_path").select_index(0)
    assert "Not compared with its source" in text_of(drawn(test))
    drawn(test)
    about = portal.audit.list_events(people.approver, action="tracking.download_model", limit=10)
    assert len(about.items) == 1


def test_a_version_is_judged_from_its_page(portal: Portal, people: People) -> None:
    version, snapshot = uploaded(portal, people), snapshot_of(portal, people, labels_of())
    test = page(portal, people.engineer, "version", id=version.id)
    assert "judge it on rows with labels" in text_of(test)
    test.button(key="judge_on").click()
    assert "Columns: 6 of 6 by name" in [item.label for item in drawn(test).expander]
    assert test.selectbox(key="judge_label").value == "y"
    pressed(test, "judge_on", "judge_now")
    (job,) = [job for job in portal.compute.list_jobs(people.viewer).items if job.kind == "training.judge"]
    assert job.subject == version.id
    assert snapshot.title in job.title
