"""A fit of a model of texts as a recipe gives it: tables in, a model with the outputs of its task out. It is one linear
model over the words of the texts and over the other inputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.compute.process import JobFailed
from core.features.values import FeatureContract
from core.foundation.text import _
from core.registry.signature import Signature
from core.tasks.predictions import Outputs
from core.tasks.values import BINARY, Target
from core.training.linear_recipes.fitted_linear import KINDS, LinearData, linear_data
from core.training.linear_recipes.fitting import FittedModel, fit
from core.training.linear_recipes.rows import Features, Rows, features_of
from core.training.linear_recipes.writer import write_linear
from core.training.onnx_graph import Graph
from core.training.preparation import Preparation, texts_of
from core.training.recipe import FitContext, Fitted, Origins, Report, Tables
from core.training.splits import TRAIN, VALIDATION
from core.training.task_outputs import outputs_of, write_file
from core.training.text_recipes.earlier import Words, matched, read_words
from core.training.text_recipes.reading import Reading, counts_of
from core.training.text_recipes.weighing import Weighing

if TYPE_CHECKING:
    import pyarrow as pa

# There are so many weights that the last digits of each say nothing.
GAIN = 1e-5

Fitting = Callable[..., FittedModel]


@dataclass(frozen=True)
class TextData:
    """What all fits on these tables share: the inputs beside the texts as a linear model takes them, and the texts as
    they are, by split and column."""

    beside: LinearData
    texts: Mapping[str, Mapping[str, Any]]


def text_data(tables: Tables, *, contract: FeatureContract, target: Target) -> TextData:
    texts = {
        split: {name: _texts(tables[split], name=name) for name in contract.texts()} for split in (TRAIN, VALIDATION)
    }
    return TextData(beside=linear_data(tables, contract=contract, target=target), texts=texts)


def fit_text(context: FitContext) -> "FittedText":
    data: TextData = context.prepared
    params = context.params
    beside = data.beside.limited(params.minimum_count)
    reading = Reading(ngram=params.ngram, buckets=params.buckets, words=params.words)
    counts = {
        split: {name: counts_of(texts, reading=reading, threads=context.threads) for name, texts in columns.items()}
        for split, columns in data.texts.items()
    }
    earlier = _earlier(context, reading=reading)
    weighings = {
        name: Weighing.of(counted, reading=reading, earlier=earlier.get(name))
        for name, counted in counts[TRAIN].items()
    }
    train, validation = (
        _with_texts(rows, counts=counts[split], weighings=weighings)
        for split, rows in ((TRAIN, beside.train), (VALIDATION, beside.validation))
    )
    width = max(1, len(context.target.classes))
    fitting = partial(
        fit,
        kind=KINDS[context.target.task],
        preparation=beside.preparation,
        width=width,
        should_stop=context.should_stop,
        gain=GAIN,
    )
    if earlier:
        fitted = _fit_from(
            _weights(weighings, earlier=earlier, width=width),
            partial(fitting, params=params),
            rows=(train, validation),
            report=context.report,
        )
    else:
        fitted = fitting(train, params, validation=validation, report=context.report)
    return FittedText(fitted, weighings=weighings, preparation=beside.preparation, target=context.target)


def _earlier(context: FitContext, *, reading: Reading) -> Mapping[str, Words]:
    """What the model that it starts from knows, by column; empty where it starts from nothing."""
    if not context.params.start_from:
        return {}
    if "start" not in context.supplies:
        raise JobFailed(_("data: only a run starts from an earlier model"))
    start = context.supplies["start"]
    words = read_words(Path(start["model"]), reading=reading, texts=start["texts"])
    return {name: matched(known, before=start["classes"], now=context.target.classes) for name, known in words.items()}


def _weights(weighings: Mapping[str, Weighing], *, earlier: Mapping[str, Words], width: int) -> Any:
    """What the earlier model said of each run of words that there is now, [known of all columns, outputs]."""
    parts = [
        earlier[name].weights[weighing.known] if name in earlier else np.zeros((len(weighing.known), width))
        for name, weighing in weighings.items()
    ]
    return np.concatenate(parts)


def _fit_from(weights: Any, fitting: Fitting, *, rows: tuple[Rows, Rows], report: Report) -> FittedModel:
    """Learns what these rows add to earlier weights, and what they teach without them, to say what those were worth."""
    train, validation = (replace(part, start=part.features.sparse @ weights) for part in rows)
    fitted = fitting(train, validation=validation, report=report)
    table = fitted.model.table.copy()
    table[len(table) - len(weights) :] += weights
    alone = fitting(rows[0], validation=rows[1])
    beside = {"validation_loss_from_nothing": alone.metrics["validation_loss"]}
    return replace(
        fitted,
        model=replace(fitted.model, table=table),
        metrics={**fitted.metrics, **beside},
        stopped=fitted.stopped or alone.stopped,
    )


class FittedText(Fitted):
    def __init__(
        self, fitted: FittedModel, *, weighings: Mapping[str, Weighing], preparation: Preparation, target: Target
    ) -> None:
        self._model, self._weighings, self._preparation = fitted.model, weighings, preparation
        self.target = Target() if target.task == BINARY else target
        self.metrics, self.stopped = fitted.metrics, fitted.stopped
        self.steps = int(fitted.metrics["steps"])

    def export(self, origins: Origins) -> tuple[bytes, Signature]:
        return write_file(self._preparation, target=self.target, origins=origins, write=self._write)

    def predict(self, table: "pa.Table") -> Outputs:
        counts = {
            name: counts_of(_texts(table, name=name), reading=weighing.reading)
            for name, weighing in self._weighings.items()
        }
        rows = Rows(features_of(table, preparation=self._preparation), labels=None)
        features = _with_texts(rows, counts=counts, weighings=self._weighings).features
        return outputs_of(self._model.predict(features), target=self.target)

    def _write(self, graph: Graph) -> str:
        sizes = [len(weighing.known) for weighing in self._weighings.values()]
        ends = np.cumsum([len(self._model.table) - sum(sizes), *sizes])
        beside, *of_texts = np.split(self._model.table, ends[:-1])
        sums = [
            weighing.write_sums(graph, graph.column(name), weights=weights)
            for (name, weighing), weights in zip(self._weighings.items(), of_texts, strict=True)
        ]
        return write_linear(replace(self._model, table=beside), graph=graph, preparation=self._preparation, beside=sums)


def _texts(table: "pa.Table", *, name: str) -> Any:
    return texts_of(table, name=name).to_numpy(zero_copy_only=False)


def _with_texts(rows: Rows, *, counts: Mapping[str, Any], weighings: Mapping[str, Weighing]) -> Rows:
    from scipy.sparse import hstack

    grams = hstack([weighing.features(counts[name]) for name, weighing in weighings.items()], format="csr")
    return replace(rows, features=Features(rows.features.ids, rows.features.numbers, sparse=grams))
