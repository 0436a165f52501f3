"""Files of images become a training set, a model and answers, where every answer is what was computed offline; and no
file ends the server or costs anybody else an answer."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from core.features.training_sets.values import EntityQuery, ShareSplits, TrainingSet, TrainingSetState
from core.lake.images.decoding import decode, encode
from core.lake.images.values import ImageInput
from core.portal import Portal
from core.registry.values import ModelVersion
from core.serving.server_spec import ServerSpec
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.http import web
from tests.lake.images.test_decoding import HOSTILE
from tests.lake.imports.in_process import imported
from tests.pictures import digits, packed, shapes
from tests.serving.model_server.tensor_models import listening
from tests.serving.model_server.test_from_file_to_answer import SHARES, largest_gap, rows_of, spec_of

QUICK = {"epochs": 8, "batch_size": 32, "width": 8, "precision": "fp32"}
DIGIT = ImageInput(width=8, height=8, channels=1)


def joined(portal: Portal, people: People, content: bytes, *, sql: str, **changes: Any) -> TrainingSet:
    """The files of a ZIP as a training set whose rows name them."""
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="files")
    snapshot = imported(portal, people.engineer, dataset_id=dataset.id, filename="files.zip", content=content)
    sources = {"files": snapshot.id}
    if labels := changes.pop("index", b""):
        table = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="shapes")
        sources["shapes"] = imported(portal, people.engineer, dataset_id=table.id, content=labels).id
    entity = EntityQuery(sql=sql, sources=sources, row_id="id", label="kind", images={"photo": snapshot.id}, **changes)
    shares = ShareSplits(shares=SHARES, by="stratified")
    sets = portal.training_sets
    begun = sets.create_training_set(people.engineer, project="PROJ-1", title="Files", entity=entity, shares=shares)
    done = run_job_here(portal, begun.job_id)
    assert not done.cause
    return sets.get_training_set(people.viewer, training_set_id=begun.id)


def learned(portal: Portal, people: People, training_set: TrainingSet, **params: Any) -> ModelVersion:
    run = portal.training.start_run(
        people.engineer,
        project="PROJ-1",
        recipe="image",
        training_set_id=training_set.id,
        params={**QUICK, **params},
    )
    done = run_job_here(portal, run.job_id)
    assert not done.cause
    return portal.training.register_version(people.engineer, run_id=run.id, title="Of files")


def test_digits_are_answered_as_they_were_judged(portal: Portal, people: People, tmp_path: Path) -> None:
    sql = "SELECT path AS id, item AS photo, label AS kind FROM files"
    training_set = joined(portal, people, digits(), sql=sql, task="multi_class")
    assert training_set.state is TrainingSetState.READY
    version = learned(portal, people, training_set)
    (spec,) = version.signature.inputs
    assert (spec.image, spec.shape) == (DIGIT, (-1, 8, 8, 1))
    test = rows_of(portal, training_set, "test")
    preview = portal.training_sets.preview_training_set(
        people.viewer, training_set_id=training_set.id, split="test", limit=1
    )
    shown = dict(zip(preview.columns, preview.rows[0], strict=True))["photo"]
    assert shown == file(test["photo"][0]), "a page shows, and sends, the file of an image"
    sent = test.assign(photo=[file(pixels) for pixels in test["photo"]])
    assert largest_gap(portal, version, sent, folder=tmp_path) <= 1e-6
    accuracy = version.evaluations[-1].metrics["accuracy"].value
    train = rows_of(portal, training_set, "train")
    library = LogisticRegression(max_iter=300).fit(shades(train) / 255, train["label"])
    assert accuracy >= library.score(shades(test) / 255, test["label"]) - 0.005
    refuses_and_lives(spec_of(portal, version, folder=tmp_path), test["photo"][0])


def refuses_and_lives(spec: ServerSpec, pixels: bytes) -> None:
    """Files in all of the ways they come, good ones beside bad ones."""
    good = {"rows": [{"photo": file(pixels)}]}
    with listening(spec) as address:
        predict, infer = f"http://{address}/predict", f"http://{address}/v2/models/{spec.model}/infer"
        answer = web.post(predict, json={**good, "explain": True}).json()["predictions"][0]
        for name, (content, words) in HOSTILE.items():
            refused = web.post(predict, json={"rows": [*good["rows"], {"photo": base64.b64encode(content).decode()}]})
            assert refused.status_code == 422, name
            assert refused.json()["error"].startswith("rows[1].photo: ")
            assert words in refused.json()["error"]
        for value, words in ((None, "no image in base64"), (7, "no image"), ("%%%", "no image in base64")):
            assert words in web.post(predict, json={"rows": [{"photo": value}]}).json()["error"]
        for tensor, content in tensors(pixels):
            head = json.dumps({"inputs": [tensor]}).encode()
            headers = {"inference-header-content-length": str(len(head))} if content else {}
            outputs = web.post(infer, content=head + content, headers=headers).json()["outputs"]
            by_name = {output["name"]: output["data"] for output in outputs}
            assert by_name["predicted"] == [answer["predicted"]]
        assert web.post(predict, json=good).json()["predictions"][0]["predicted"] == answer["predicted"]


def tensors(pixels: bytes) -> list[tuple[dict[str, Any], bytes]]:
    """The image as pixels and as a file, in JSON and in binary."""
    png = encode(pixels, DIGIT)
    plain, raw = {"name": "photo", "datatype": "UINT8", "shape": [1, 8, 8, 1]}, {"name": "photo", "datatype": "BYTES"}
    with_length = len(png).to_bytes(4, "little") + png
    return [
        ({**plain, "data": list(pixels)}, b""),
        ({**plain, "parameters": {"binary_data_size": 64}}, pixels),
        ({**raw, "shape": [1], "data": [base64.b64encode(png).decode()]}, b""),
        ({**raw, "shape": [1, 1], "parameters": {"binary_data_size": len(with_length)}}, with_length),
    ]


def test_files_of_several_sizes_are_joined_to_a_table_and_learned_with_it(
    portal: Portal, people: People, tmp_path: Path
) -> None:
    files = shapes()
    rows = [f"{path},{kind},{light:.3f}" for path, (_content, kind, light) in files.items()]
    index = "\n".join(["path,kind,light", *rows]).encode()
    content = packed({path: content for path, (content, _kind, _light) in files.items()})
    sql = "SELECT path AS id, path AS photo, light, CAST(kind = 'disc' AS INTEGER) AS kind FROM shapes"
    image = ImageInput(width=20, height=20)
    training_set = joined(
        portal, people, content, sql=sql, index=index, numbers=("light",), image_sizes={"photo": image}
    )
    version = learned(portal, people, training_set, network="resnet", epochs=8)
    assert version.evaluations[-1].metrics["auc"].value > 0.9
    test = rows_of(portal, training_set, "test")
    assert test["photo"][0] == decode(files[test["row_id"][0]][0], image)
    sent = test.assign(photo=[base64.b64encode(files[path][0]).decode() for path in test["row_id"]])
    assert largest_gap(portal, version, sent, folder=tmp_path) <= 1e-6


def file(pixels: bytes) -> str:
    return base64.b64encode(encode(pixels, DIGIT)).decode()


def shades(rows: Any) -> Any:
    return np.stack([np.frombuffer(pixels, dtype=np.uint8) for pixels in rows["photo"]])
