"""Which ONNX files the runs of a project have, and who may fetch them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.foundation.errors import NotAllowed, NotFound
from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow
from core.portal import Portal
from core.registry.tables import MirrorRow
from core.registry.tracking.files import Files
from tests.installed import People
from tests.registry.onnx_files import tiny_model

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def run_with(portal: Portal, name: str, content: bytes) -> str:
    """The path of a file of a run that MLflow has."""
    path = f"PROJ-1/abc/artifacts/{name}"
    place = portal.foundation.settings.home / "mlflow" / path
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    about = {"title": "Trees", "state": "finished", "owner": "", "created_at": AT, "updated_at": AT}
    with portal.foundation.database.write() as session:
        session.add(ObjectRow(id="RUN-1", kind=Kind.RUN, project="PROJ-1", **about))
        session.add(MirrorRow(run_id="RUN-1", mlflow_run="abc"))
    return path


def test_runs_are_listed_with_the_onnx_files_that_they_have(portal: Portal, people: People) -> None:
    path = run_with(portal, "deep/net.onnx", b"x")
    (run,) = portal.tracking.list_models(people.viewer, project="PROJ-1").items
    assert (run.run_id, run.title) == ("RUN-1", "Trees")
    assert [(file.path, file.name, file.bytes) for file in run.files] == [(path, "deep/net.onnx", 1)]
    assert portal.tracking.list_models(people.outsider, project="PROJ-2").items == ()
    with pytest.raises(NotFound):
        portal.tracking.list_models(people.outsider, project="PROJ-1")


def test_a_model_that_only_mlflow_has_needs_the_right_to_fetch_models(portal: Portal, people: People) -> None:
    content = tiny_model()
    path = run_with(portal, "net.onnx", content)
    with pytest.raises(NotFound, match="is a model"):
        portal.tracking.read_file(people.viewer, path=path)
    with pytest.raises(NotAllowed):
        portal.tracking.download_model(people.viewer, path=path)
    digest = portal.tracking.download_model(people.engineer, path=path).digest
    assert portal.foundation.store.read(digest) == content


def test_the_onnx_files_of_a_folder_are_those_below_it_once_each(tmp_path: Path) -> None:
    for name in ("model.onnx", "model/model.onnx", "other/deep/net.onnx", "notes.txt", ".hidden.onnx"):
        (tmp_path / "P/r" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "P/r" / name).write_bytes(b"x")
    assert Files(tmp_path).models("P/r") == (("model.onnx", 1), ("other/deep/net.onnx", 1))
    (tmp_path / "P/r/model.onnx").unlink()
    assert Files(tmp_path).models("P/r") == (("model/model.onnx", 1), ("other/deep/net.onnx", 1))
    assert Files(tmp_path).models("P/none") == ()
