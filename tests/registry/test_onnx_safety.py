"""Model files are judged by what they hold: nothing in them is run, and nothing outside them is read."""

import base64
import contextlib
import io
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import torch
from onnx import TensorProto, helper

from core.foundation.digests import canonical
from core.foundation.errors import Invalid, NotAllowed, Unavailable
from core.foundation.storage import Manifest, ManifestFile, Store
from core.portal import Portal
from core.registry import onnx_safety
from core.registry.artifact import examine, write_bare
from core.registry.values import NewVersion
from core.tasks.values import Verdict
from tests.conftest import People
from tests.registry.onnx_files import (
    FEATURES,
    calling,
    changed,
    holdout_table,
    put_version_folder,
    register_tiny,
    tiny_model,
)


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.trace}",)


def archive_of(names: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return target.getvalue()


def tar_of(name: str, data: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def saved(save: Callable[..., object], canary: Canary) -> bytes:
    target = io.BytesIO()
    save(canary, target)
    return target.getvalue()


HOSTILE: dict[str, Callable[[Canary], bytes]] = {
    "pickle of today": lambda canary: pickle.dumps(canary),
    "pickle of protocol 0": lambda canary: pickle.dumps(canary, protocol=0),
    "pickle of protocol 2": lambda canary: pickle.dumps(canary, protocol=2),
    "torch": lambda canary: saved(torch.save, canary),
    "old torch": lambda canary: saved(
        lambda thing, target: torch.save(thing, target, _use_new_zipfile_serialization=False), canary
    ),
    "joblib": lambda canary: saved(joblib.dump, canary),
    "joblib, packed": lambda canary: saved(lambda thing, target: joblib.dump(thing, target, compress=3), canary),
    "numpy": lambda canary: saved(
        lambda thing, target: np.save(target, np.array([thing], dtype=object), allow_pickle=True), canary
    ),
    "keras": lambda canary: archive_of({"config.json": b'{"class_name": "Lambda"}', "model.weights.h5": b"\x89HDF"}),
    "zip that climbs": lambda canary: archive_of({"../../evil": b"x"}),
    "HDF5": lambda canary: b"\x89HDF\r\n\x1a\n" + bytes(100),
    "tar": lambda canary: tar_of("/etc/evil", b"x"),
    "nothing": lambda canary: b"",
    "text": lambda canary: b"<html><script>alert(1)</script></html>",
    "noise": lambda canary: np.random.default_rng(1).bytes(5000),
    "half a model": lambda canary: tiny_model()[:500],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_model_is_refused_and_not_run(tmp_path: Path, name: str) -> None:
    canary = Canary(tmp_path / "canary")
    with pytest.raises(Invalid) as refusal:
        write_bare(Store(tmp_path / "store"), content=HOSTILE[name](canary), card="")
    assert refusal.value.field == "content"
    assert not canary.trace.exists()


def test_a_pickle_called_onnx_leaves_nothing_behind(portal: Portal, people: People, tmp_path: Path) -> None:
    canary = Canary(tmp_path / "canary")
    with pytest.raises(Invalid, match="pickle"):
        portal.uploads.upload_version(
            people.engineer, project="PROJ-1", model="evil", filename="model.onnx", content=pickle.dumps(canary)
        )
    assert not canary.trace.exists()
    assert portal.registry.list_models(people.engineer).total == 0


def weights_elsewhere(location: str) -> bytes:
    def move(model: Any) -> None:
        tensor = model.graph.initializer[0]
        tensor.ClearField("double_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)

    return changed(move)


@pytest.mark.parametrize("location", ["../../etc/passwd", "/etc/passwd", "weights.bin", "link"])
def test_weights_in_another_file_are_refused(location: str) -> None:
    (finding,) = onnx_safety.inspect(weights_elsewhere(location)).findings
    assert (finding.code, finding.refuses) == ("external data", True)


def hide_in_a_branch(model: Any) -> None:
    """External data in a constant of a branch of an If."""
    tensor = helper.make_tensor("w", TensorProto.DOUBLE, [1], [1.0])
    tensor.ClearField("double_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    constant = helper.make_node("Constant", [], ["inner"], value=tensor)
    branch = helper.make_graph([constant], "branch", [], [helper.make_tensor_value_info("inner", 11, [1])])
    model.graph.node.append(helper.make_node("If", ["yes"], ["x"], then_branch=branch, else_branch=branch))


def rename_operator(domain: str) -> Callable[[Any], None]:
    def rename(model: Any) -> None:
        model.graph.node[0].domain = domain
        model.opset_import.append(helper.make_opsetid(domain, 1))

    return rename


def add_noise(model: Any) -> None:
    model.graph.node.append(helper.make_node("RandomNormal", [], ["noise"], shape=[1]))


def break_graph(model: Any) -> None:
    model.graph.node[0].input[0] = "nowhere"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (hide_in_a_branch, "external data"),
        (rename_operator("com.evil"), "foreign operators"),
        (rename_operator("com.microsoft"), "foreign operators"),
        (add_noise, "random"),
        (break_graph, "invalid graph"),
    ],
)
def test_a_model_that_is_more_than_arithmetic_is_refused(change: Callable[[Any], None], code: str) -> None:
    findings = onnx_safety.inspect(changed(change)).findings
    assert code in {finding.code for finding in findings if finding.refuses}


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    (finding,) = onnx_safety.inspect(bytes(onnx_safety.LARGEST_BYTES + 1)).findings
    assert finding.code == "too large"


def harmed(data: bytes, random: np.random.Generator) -> bytes:
    """A few bytes flipped, cut out or put in."""
    content = bytearray(data)
    for _time in range(int(random.choice([1, 2, 5, 20]))):
        place, kind = int(random.integers(len(content))), int(random.integers(3))
        if kind == 0:
            content[place] ^= 1 << int(random.integers(8))
        elif kind == 1:
            del content[place : place + int(random.integers(1, 20))]
        else:
            content[place:place] = random.bytes(int(random.integers(1, 20)))
    return bytes(content)


def test_no_harmed_file_gets_more_than_a_typed_answer() -> None:
    random = np.random.default_rng(20)
    refused = 0
    for _time in range(500):
        content = harmed(tiny_model(), random)
        report = onnx_safety.inspect(content)
        if any(finding.refuses for finding in report.findings):
            refused += 1
        else:
            with contextlib.suppress(Invalid):
                onnx_safety.signature_of(content)
    assert refused > 300


def test_a_plain_file_becomes_a_version(portal: Portal, people: People) -> None:
    uploaded = portal.uploads.upload_version(
        people.engineer,
        project="PROJ-1",
        model="late-arrival",
        filename="a.onnx",
        content=tiny_model(),
        note="By hand.",
    )
    assert (uploaded.version, uploaded.card, uploaded.evaluations) == (1, "By hand.", ())
    assert [entry.name for entry in uploaded.signature.inputs] == list(FEATURES)
    assert portal.registry.read_model(uploaded.id) == tiny_model()
    with pytest.raises(NotAllowed):
        portal.uploads.upload_version(
            people.sre, project="PROJ-1", model="late-arrival", filename="a.onnx", content=tiny_model()
        )


def test_an_upload_by_rest_is_base64(portal: Portal) -> None:
    _service, spec = portal.catalog()["registry.upload_version"]
    body = {"project": "PROJ-1", "model": "m1", "filename": "a", "content": base64.b64encode(b"\xff\x00").decode()}
    assert spec.parameters.model_validate_json(canonical(body)).model_dump()["content"] == b"\xff\x00"


def folder_with(store: Store, extra: dict[str, bytes], *, without: str = "") -> str:
    """The digest of a version's folder with files added, replaced or left out."""
    files = {file.path: file for file in put_version_folder(store, model=tiny_model()).files if file.path != without}
    for path, data in extra.items():
        files[path] = ManifestFile(path=path, sha256=store.put_bytes(data), size=len(data))
    manifest = Manifest(files=tuple(files[path] for path in sorted(files)))
    return store.put_bytes(canonical(manifest))


@pytest.mark.parametrize(
    ("extra", "without"),
    [
        ({".git/hooks/pre-commit": b"x"}, ""),
        ({"weights.bin": b"x"}, ""),
        ({}, "features.json"),
        ({"signature.json": b'{"inputs": [{"name": "other", "datatype": "FP64"}]}'}, ""),
        ({"signature.json": b"no"}, ""),
        ({"features.json": b"[]"}, ""),
        ({"model.onnx": pickle.dumps(1)}, ""),
    ],
)
def test_a_folder_that_is_not_exactly_a_version_is_refused(
    tmp_path: Path, extra: dict[str, bytes], without: str
) -> None:
    store = Store(tmp_path)
    with pytest.raises(Invalid):
        examine(store, digest=folder_with(store, extra, without=without))


def test_a_digest_of_another_model_file_is_refused(portal: Portal, people: People) -> None:
    digest = folder_with(portal.foundation.store, {"model.onnx": tiny_model(weight=7.0)})
    other = NewVersion(project="PROJ-1", model="m1", digest=digest, model_digest="0" * 64, created_by="P-1")
    with calling(portal, people.engineer) as call, pytest.raises(Invalid, match="same model file"):
        portal.registry.register(call, other)


@pytest.mark.parametrize("harm", ["flip a bit", "another model", "cut"])
def test_bytes_that_are_not_the_registered_ones_are_never_read(portal: Portal, people: People, harm: str) -> None:
    registered = register_tiny(portal, people.engineer, table=holdout_table(rows=200))
    path = portal.foundation.store.path(registered.model_digest)
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.chmod(0o644)
    path.write_bytes({"flip a bit": bytes(data), "another model": tiny_model(weight=9.0), "cut": data[:100]}[harm])
    with pytest.raises(Unavailable, match="damaged"):
        portal.registry.read_model(registered.id)
    with pytest.raises(Unavailable, match="damaged"):
        portal.registry.download_artifact(people.engineer, version_id=registered.id)
    with pytest.raises(Unavailable, match="damaged"):
        portal.registry.scan_safety(people.engineer, version_id=registered.id)


def test_a_scan_is_evidence_about_the_stored_bytes(portal: Portal, people: People) -> None:
    registered = register_tiny(portal, people.engineer, table=holdout_table(rows=200))
    evidence = portal.registry.scan_safety(people.sre, version_id=registered.id)
    assert evidence.verdict is Verdict.PASS
    assert evidence.measured_on == {"version": registered.digest, "model": registered.model_digest}
    assert evidence.content["operators"]["LabelEncoder"] == 2
    assert "weights inside" in evidence.summary
