"""The recipe of texts learns each task that linear models do, as well as scikit-learn, and its file says the same."""

from typing import Any

import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.pipeline import make_pipeline

from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureContract
from core.foundation.errors import Invalid
from core.registry.onnx_safety import inspect, signature_of
from core.tasks.prediction_files import predictions_of
from core.tasks.task import task_of
from core.training.evaluation import OnnxModel, largest_difference
from core.training.recipe import Fitted, Origins, recipe_called, refuse_other_inputs
from tests.training.text_recipes.corpus import CONTRACT, FIELDS, LABELS, corpus, fitted_text

WORDS_ALONE = CONTRACT.model_copy(update={"request": FIELDS[2:]})
ODD = ["", " ", "İSTANBUL straße", "漢字 good", "good 👍", "not\ngood\r\n", "a\x00b", "good " * 20_000, "e\u0301 good"]


@pytest.fixture(scope="module")
def fits() -> dict[str, Fitted]:
    return {task: fitted_text(task) for task in LABELS}


def opened(fitted: Fitted, *, contract: FeatureContract = CONTRACT) -> OnnxModel:
    content, signature = fitted.export(Origins(contract=contract))
    assert not [finding for finding in inspect(content).findings if finding.refuses]
    assert signature.describes(signature_of(content))
    return OnnxModel(content, signature=signature, threads=1)


@pytest.mark.parametrize("task", LABELS)
def test_the_file_says_what_was_learned_of_odd_texts_too(fits: dict[str, Fitted], task: str) -> None:
    model, test = opened(fits[task]), corpus(task)[0]["test"]
    odd = test.slice(0, len(ODD)).set_column(test.column_names.index("review"), "review", pa.array(ODD))
    for table in (test, odd, *(odd.slice(place, 1) for place in range(len(ODD)))):
        outputs = model.outputs(table)
        assert largest_difference(outputs, fits[task].predict(table), target=fits[task].target) <= 1e-12


@pytest.mark.parametrize(
    ("task", "metric", "library"),
    [
        ("binary", "auc", LogisticRegression(max_iter=1000, C=10)),
        ("multi_class", "accuracy", LogisticRegression(max_iter=1000, C=10)),
        ("regression", "r2", Ridge()),
    ],
)
def test_words_alone_are_as_good_as_the_library_on_the_same_split(task: str, metric: str, library: Any) -> None:
    tables, target = corpus(task)
    fitted = fitted_text(task, contract=WORDS_ALONE, buckets=65536)
    outputs = opened(fitted, contract=WORDS_ALONE).outputs(tables["test"])
    figures = task_of(target).evaluate(predictions_of(tables["test"], outputs=outputs, target=fitted.target))
    texts, labels = (
        {split: table[name].to_pylist() for split, table in tables.items()} for name in ("review", "label")
    )
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), library).fit(texts["train"], labels["train"])
    judge = get_scorer("roc_auc") if metric == "auc" else pipeline.__class__.score
    assert figures[metric].value >= judge(pipeline, texts["test"], labels["test"]) - 0.02


def test_pairs_of_words_and_the_inputs_beside_the_texts_count(fits: dict[str, Fitted]) -> None:
    def log_loss(fitted: Fitted, task: str) -> float:
        table, target = corpus(task)[0]["test"], fitted.target
        predictions = predictions_of(table, outputs=fitted.predict(table), target=target)
        return task_of(target).evaluate(predictions)["log_loss" if task == "binary" else "rmse"].value

    assert log_loss(fits["binary"], "binary") < log_loss(fitted_text("binary", ngram=1), "binary") - 0.1
    alone = fitted_text("regression", contract=WORDS_ALONE)
    assert log_loss(fits["regression"], "regression") < log_loss(alone, "regression") / 2


def test_it_asks_for_a_text_and_other_recipes_name_it() -> None:
    without = CONTRACT.model_copy(update={"request": FIELDS[:2]})
    with pytest.raises(Invalid, match="No input is a text"):
        refuse_other_inputs(
            recipe_called("text"), TrainingSet.model_construct(contract=without, manifest=None), params={}
        )
    with pytest.raises(Invalid, match="the kind text") as refusal:
        refuse_other_inputs(
            recipe_called("linear"), TrainingSet.model_construct(contract=CONTRACT, manifest=None), params={}
        )
    assert "text" in refusal.value.hint
