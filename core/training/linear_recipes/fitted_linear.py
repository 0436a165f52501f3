"""A fit of a linear model as a recipe gives it: tables in, a model with the outputs of its task out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.features.values import FeatureContract
from core.registry.signature import Signature
from core.tasks.predictions import Outputs
from core.tasks.task import task_of
from core.tasks.values import BINARY, Target
from core.training.linear_recipes.fitting import FittedModel, fit
from core.training.linear_recipes.losses import Kind
from core.training.linear_recipes.rows import Rows, features_of
from core.training.linear_recipes.writer import write_linear
from core.training.onnx_graph import Graph
from core.training.preparation import Preparation, learn
from core.training.recipe import FitContext, Fitted, Origins, Tables
from core.training.row_weights import weights_of
from core.training.splits import LABEL, TRAIN, VALIDATION
from core.training.task_outputs import outputs_of, write_file

if TYPE_CHECKING:
    import pyarrow as pa

KINDS: Mapping[str, Kind] = {
    "binary": "binary",
    "multi_class": "classes",
    "multi_label": "labels",
    "regression": "number",
}


@dataclass(frozen=True)
class LinearData:
    """What all fits on these tables share."""

    preparation: Preparation
    train: Rows
    validation: Rows

    def limited(self, minimum_count: int) -> "LinearData":
        """With rare categories unknown. Ids are ordered by frequency, so this is one comparison."""
        preparation = self.preparation.limited(minimum_count)
        train, validation = (_known(rows, preparation.shape.cardinalities) for rows in (self.train, self.validation))
        return LinearData(preparation=preparation, train=train, validation=validation)


def linear_data(tables: Tables, *, contract: FeatureContract, target: Target) -> LinearData:
    preparation = learn(tables[TRAIN], contract=contract)
    train, validation = (_rows(tables[name], preparation=preparation, target=target) for name in (TRAIN, VALIDATION))
    return LinearData(preparation=preparation, train=train, validation=validation)


def fit_linear(context: FitContext) -> "FittedLinear":
    prepared: LinearData = context.prepared
    data = prepared.limited(context.params.minimum_count)
    fitted = fit(
        data.train,
        context.params,
        validation=data.validation,
        kind=KINDS[context.target.task],
        preparation=data.preparation,
        width=max(1, len(context.target.classes)),
        report=context.report,
        should_stop=context.should_stop,
    )
    return FittedLinear(fitted, preparation=data.preparation, target=context.target)


def _known(rows: Rows, sizes: tuple[int, ...]) -> Rows:
    ids = np.where(rows.features.ids < np.array(sizes), rows.features.ids, 0)
    return replace(rows, features=replace(rows.features, ids=ids))


class FittedLinear(Fitted):
    def __init__(self, fitted: FittedModel, *, preparation: Preparation, target: Target) -> None:
        self._model, self._preparation = fitted.model, preparation
        self.target = Target() if target.task == BINARY else target
        self.metrics, self.stopped = fitted.metrics, fitted.stopped
        self.steps = int(fitted.metrics["steps"])

    def export(self, origins: Origins) -> tuple[bytes, Signature]:
        def write(graph: Graph) -> str:
            return write_linear(self._model, graph=graph, preparation=self._preparation)

        return write_file(self._preparation, target=self.target, origins=origins, write=write)

    def predict(self, table: "pa.Table") -> Outputs:
        value = self._model.predict(features_of(table, preparation=self._preparation))
        return outputs_of(value, target=self.target)


def _rows(table: "pa.Table", *, preparation: Preparation, target: Target) -> Rows:
    labels = task_of(target).labels_of(table[LABEL], target=target)
    return Rows(features_of(table, preparation=preparation), labels, weights_of(table))
