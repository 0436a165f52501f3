"""A model of texts may start from an earlier one: what that said holds until the new rows say otherwise."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.compute.process import JobFailed
from core.features.training_sets.values import TrainingSet, TrainingSetManifest
from core.foundation.errors import Invalid
from core.tasks.prediction_files import predictions_of
from core.tasks.task import task_called, task_of
from core.training.beginnings.start import FIELD, refuse_start
from core.training.evaluation import OnnxModel, largest_difference
from core.training.recipe import FitContext, Fitted, Origins, check_params, recipe_called
from core.training.tables import RunRow
from core.training.text_recipes.earlier import matched, read_words
from core.training.text_recipes.reading import Reading
from tests.training.text_recipes.corpus import CONTRACT, LABELS, corpus, fitted_text

FEW = 40
READING = Reading(ngram=2, buckets=4096, words=2000)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of models that learned from many rows, by task."""
    folder = tmp_path_factory.mktemp("earlier")
    for task in LABELS:
        (folder / task).write_bytes(fitted_text(task).export(Origins(contract=CONTRACT))[0])
    return {task: folder / task for task in LABELS}


def few(task: str, *, labels: Any = None) -> tuple[dict[str, pa.Table], Any]:
    """Few rows to learn from, other rows than those before."""
    tables, target = corpus(task)
    half = tables["test"].num_rows // 2
    small = {"train": tables["validation"].slice(0, FEW), "validation": tables["test"].slice(0, half)}
    return {**small, "test": tables["test"].slice(half)}, target


def fit_few(task: str, *, start: dict[str, Any] | None = None) -> Fitted:
    tables, target = few(task)
    recipe = recipe_called("text")
    params = check_params(recipe, params={"buckets": 4096, "start_from": "" if start is None else "RUN-1"})
    prepared = recipe.prepare(tables, contract=CONTRACT, target=target, threads=1)
    supplies = {"start": start} if start else {}
    report = lambda _step, _figures: None  # noqa: E731
    return recipe.fit(FitContext(prepared, params, target, seed=1, threads=1, report=report, supplies=supplies))


def started(task: str, model: Path) -> Fitted:
    return fit_few(task, start={"model": str(model), "texts": ["review"], "classes": corpus(task)[1].classes})


def loss_of(fitted: Fitted, *, task: str) -> float:
    table = few(task)[0]["test"]
    predictions = predictions_of(table, outputs=fitted.predict(table), target=fitted.target)
    figures = task_of(fitted.target).evaluate(predictions)
    return figures[next(name for name in ("log_loss", "rmse", "hamming_loss") if name in figures)].value


@pytest.mark.parametrize("task", LABELS)
def test_few_rows_teach_more_from_an_earlier_model_and_the_file_says_it(earlier: dict[str, Path], task: str) -> None:
    fitted, alone = started(task, earlier[task]), fit_few(task)
    assert fitted.metrics["validation_loss"] < fitted.metrics["validation_loss_from_nothing"]
    assert loss_of(fitted, task=task) < loss_of(alone, task=task)
    content, signature = fitted.export(Origins(contract=CONTRACT))
    test = few(task)[0]["test"]
    outputs = OnnxModel(content, signature=signature, threads=1).outputs(test)
    assert largest_difference(outputs, fitted.predict(test), target=fitted.target) <= 1e-9


def test_classes_that_were_not_known_begin_from_nothing(earlier: dict[str, Path]) -> None:
    before = corpus("multi_class")[1].classes
    words = read_words(earlier["multi_class"], reading=READING, texts=["review"])["review"]
    now = (before[1], "new", before[0])
    weights = matched(words, before=before, now=now).weights
    assert (weights[:, 0] == words.weights[:, 1]).all()
    assert (weights[:, 2] == words.weights[:, 0]).all()
    assert not weights[:, 1].any()
    assert np.abs(words.weights).max() > 0.1


def test_what_reads_other_texts_is_no_start(earlier: dict[str, Path]) -> None:
    with pytest.raises(JobFailed, match="does not read texts as this one"):
        read_words(earlier["binary"], reading=READING, texts=["review", "title"])
    with pytest.raises(JobFailed, match="only a run starts from an earlier model"):
        fit_few("binary", start={})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"recipe": "linear"}, "it was trained by linear"),
        ({"params": {"ngram": 2, "buckets": 65536, "words": 2000}}, "its buckets is 65536"),
        ({"task": "binary"}, "it learned the task binary"),
        ({"classes": ["x", "y"]}, "it knows none of these classes"),
        ({"contract": CONTRACT.model_copy(update={"request": ()})}, "it read none of these texts"),
    ],
)
def test_a_run_that_does_not_fit_is_refused_in_words(changes: dict[str, Any], why: str) -> None:
    recipe, params = recipe_called("text"), {"ngram": 2, "buckets": 4096, "words": 2000}
    row = RunRow(recipe=changes.get("recipe", "text"), params=changes.get("params", params))

    def of(task: str, classes: list[str], contract: Any) -> TrainingSet:
        target = task_called(task).target_of(
            pa.chunked_array([2 * classes if task != "binary" else [0, 1]]), label="label"
        )
        return TrainingSet.model_construct(
            contract=contract, manifest=TrainingSetManifest.model_construct(target=target)
        )

    now = of("multi_class", ["a", "b"], CONTRACT)
    before = of(
        changes.get("task", "multi_class"), changes.get("classes", ["b", "c"]), changes.get("contract", CONTRACT)
    )
    with pytest.raises(Invalid, match=why) as refusal:
        refuse_start(row, ref="RUN-1", recipe=recipe, params=params, before=before, now=now)
    assert refusal.value.field == FIELD
