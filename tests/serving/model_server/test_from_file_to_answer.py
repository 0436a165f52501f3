"""A file of anybody's rows becomes an answer of the model server, whatever its label is: rows without a moment, split
by share, learned, registered and served, where every answer is what was computed offline."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from sklearn import datasets
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.features.training_sets.values import EntityQuery, ShareSplits, TrainingSet, TrainingSetState
from core.features.values import FeatureContract
from core.portal import Portal
from core.registry.values import ModelVersion
from core.serving.server_spec import ServerSpec
from core.tasks.prediction_files import predictions_in
from core.tasks.task import task_of
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.http import web
from tests.lake.imports.in_process import imported
from tests.serving.model_server.tensor_models import listening
from tests.training.text_recipes.corpus import reviews

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
PLACES = ("north", "middle", "south")


def wine() -> bytes:
    frame = datasets.load_wine(as_frame=True).frame
    place = [PLACES[label] for label in frame.pop("target")]
    return bytes(
        frame.assign(place=place).rename(columns=lambda name: name.replace("/", "_")).to_csv(index=False), "utf8"
    )


def diabetes() -> bytes:
    frame = datasets.load_diabetes(as_frame=True, scaled=False).frame
    return bytes(frame.rename(columns={"target": "progress"}).to_csv(index=False), "utf8")


def joined(portal: Portal, people: People, content: bytes, *, task: str, by: str, **choices: Any) -> TrainingSet:
    """The rows as a training set; its label is the last column, and all others are numbers unless chosen otherwise."""
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="rows")
    snapshot = imported(portal, people.engineer, dataset_id=dataset.id, content=content)
    *inputs, label = (column.name for column in snapshot.columns)
    query = {
        "sql": "SELECT row_number() OVER () AS id, * FROM rows",
        "sources": {"rows": snapshot.id},
        "row_id": "id",
        "label": label,
        "task": task,
        "numbers": tuple(inputs),
    }
    entity = EntityQuery.model_validate(query | choices)
    shares = ShareSplits.model_validate({"shares": SHARES, "by": by})
    sets = portal.training_sets
    begun = sets.create_training_set(people.engineer, project="PROJ-1", title="Rows", entity=entity, shares=shares)
    run_job_here(portal, begun.job_id)
    return sets.get_training_set(people.viewer, training_set_id=begun.id)


def learned(portal: Portal, people: People, training_set: TrainingSet, *, recipe: str) -> ModelVersion:
    run = portal.training.start_run(people.engineer, project="PROJ-1", recipe=recipe, training_set_id=training_set.id)
    done = run_job_here(portal, run.job_id)
    assert not done.cause
    return portal.training.register_version(people.engineer, run_id=run.id, title="Of rows")


def rows_of(portal: Portal, training_set: TrainingSet, split: str) -> Any:
    digest = next(file.digest for file in training_set.splits if file.name == split)
    return pq.read_table(portal.foundation.store.verified_path(digest)).to_pandas()


def largest_gap(portal: Portal, version: ModelVersion, rows: Any, *, folder: Path) -> float:
    """Between what was computed offline of the rows to judge on and what a server answers, sent as callers do."""
    sent = rows.drop(columns=["row_id", "label"]).to_dict("records")
    with listening(spec_of(portal, version, folder=folder)) as address:
        answers = web.post(f"http://{address}/predict", json={"rows": sent}).json()["predictions"]
    evaluation = next(item for item in version.evaluations if item.holdout_name == "test")
    table = pq.read_table(portal.foundation.store.verified_path(evaluation.predictions))
    assert table.column("row_id").to_pylist() == list(rows["row_id"])
    target = version.signature.target
    offline = predictions_in(table, rows=(), target=target).outputs
    task = task_of(target)
    return float(task.gaps(offline, second=task.outputs_of(answers, target=target)).max())


def spec_of(portal: Portal, version: ModelVersion, *, folder: Path) -> ServerSpec:
    return ServerSpec(
        endpoint_id="EP-1",
        endpoint="rows",
        environment="staging",
        version_id=version.id,
        model=version.model,
        version=version.version,
        digest=version.digest,
        model_digest=version.model_digest,
        store=portal.foundation.store.root,
        online=folder / "online.sqlite",
    )


def score_of_library(portal: Portal, training_set: TrainingSet, model: Any) -> float:
    """What scikit-learn reaches on the same splits: the accuracy, or R\u00b2."""
    train, test = (rows_of(portal, training_set, split) for split in ("train", "test"))
    contract = training_set.contract
    assert isinstance(contract, FeatureContract)
    names = list(contract.numbers())
    fitted = make_pipeline(StandardScaler(), model).fit(train[names], train["label"])
    return float(fitted.score(test[names], test["label"]))


def test_classes_of_a_file_are_answered_by_their_names(portal: Portal, people: People, tmp_path: Path) -> None:
    reviewed = joined(portal, people, wine(), task="multi_class", by="stratified")
    assert (reviewed.state, len(reviewed.leaks) > 0) == (TrainingSetState.NEEDS_REVIEW, True)
    training_set = portal.training_sets.accept_inputs(
        people.engineer, training_set_id=reviewed.id, reason="Measured in the laboratory."
    )
    version = learned(portal, people, training_set, recipe="gradient_boosting")
    assert version.signature.target.classes == tuple(sorted(PLACES))
    test = rows_of(portal, training_set, "test")
    assert largest_gap(portal, version, test, folder=tmp_path) == 0
    accuracy = version.evaluations[-1].metrics["accuracy"].value
    library = score_of_library(portal, training_set, LogisticRegression(max_iter=1000))
    assert accuracy >= library - 1.5 / len(test)
    quality = portal.registry.measure_quality(people.engineer, version_id=version.id)
    assert quality.summary.startswith(f"accuracy {accuracy:.4f}")


def test_numbers_of_a_file_are_answered_as_numbers(portal: Portal, people: People, tmp_path: Path) -> None:
    training_set = joined(portal, people, diabetes(), task="regression", by="random")
    assert training_set.state is TrainingSetState.READY
    version = learned(portal, people, training_set, recipe="linear")
    test = rows_of(portal, training_set, "test")
    assert largest_gap(portal, version, test, folder=tmp_path) == 0
    figures = version.evaluations[-1].metrics
    assert figures["r2"].value >= score_of_library(portal, training_set, Ridge()) - 0.02
    labels = np.asarray(test["label"])
    assert figures["mae"].value < np.abs(labels - labels.mean()).mean()


def test_texts_of_a_file_and_vectors_of_its_query_are_answered_as_they_were_learned(
    portal: Portal, people: People, tmp_path: Path
) -> None:
    content = reviews().select(["shop", "price", "review", "about"]).to_pandas().to_csv(index=False).encode()
    training_set = joined(
        portal,
        people,
        content,
        task="multi_class",
        by="stratified",
        sql="SELECT row_number() OVER () AS id, [price, price ** 2] AS place, * FROM rows",
        numbers=(),
        categories=("shop",),
        texts=("review",),
        vectors=("place",),
    )
    assert training_set.state is TrainingSetState.READY
    version = learned(portal, people, training_set, recipe="text")
    test = rows_of(portal, training_set, "test")
    test["place"] = test["place"].map(list)
    assert largest_gap(portal, version, test, folder=tmp_path) == 0
    train = rows_of(portal, training_set, "train")
    library = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000, C=10))
    score = library.fit(train["review"], train["label"]).score(test["review"], test["label"])
    assert version.evaluations[-1].metrics["accuracy"].value >= score - 0.02
    with listening(spec_of(portal, version, folder=tmp_path)) as address:
        answers_to_odd_rows(address, {"shop": "A", "review": "Fine soup.", "place": [1, 1.0]}, model=version.model)


def answers_to_odd_rows(address: str, row: dict[str, Any], *, model: str) -> None:
    """What a server says to rows with one strange value, by each of the two ways to ask."""

    def answer(rows: list[dict[str, Any]], **more: Any) -> Any:
        return web.post(f"http://{address}/predict", json={"rows": rows, **more}).json()

    assert answer([row], explain=True)["predictions"][0]["features"] == row | {"place": [1.0, 1.0]}
    for odd in ("", None, "\u0130 \u6f22 \U0001f600\n", "soup " * 20_000):
        assert set(answer([row | {"review": odd}])["predictions"][0]) >= {"predicted"}
    for name, value in (
        ("review", 3),
        ("review", "x" * 100_001),
        ("place", None),
        ("place", [1]),
        ("place", [1, "2"]),
        ("place", [1, None]),
        ("place", "[1, 2]"),
    ):
        assert f"rows[0].{name}" in answer([row | {name: value}])["error"]
    assert "too long beside" in answer([row | {"review": "soup " * 18_000}] + [row] * 99)["error"]
    tensors = [
        {"name": "shop", "datatype": "BYTES", "shape": [1], "data": ["A"]},
        {"name": "review", "datatype": "BYTES", "shape": [1], "data": [row["review"]]},
        {"name": "place", "datatype": "FP64", "shape": [1, 2], "data": [[1, 1]]},
    ]
    infer = web.post(f"http://{address}/v2/models/{model}/infer", json={"inputs": tensors}).json()
    by_row = answer([row])["predictions"][0]["probabilities"]
    assert np.allclose(infer["outputs"][0]["data"], list(by_row.values()))
    described = web.get(f"http://{address}/").json()
    assert [(field["name"], field["kind"]) for field in described["fields"]][-2:] == [
        ("review", "text"),
        ("place", "vector"),
    ]
