"""A fit of boosted trees as a recipe gives it: tables in, a model with the outputs of its task out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.features.values import FeatureContract
from core.registry.signature import Signature
from core.tasks.prediction_files import codes_of
from core.tasks.predictions import Outputs
from core.tasks.task import task_of
from core.tasks.values import BINARY, Target
from core.training.onnx_graph import Graph
from core.training.preparation import Preparation, learn
from core.training.recipe import FitContext, Fitted, Origins, Tables
from core.training.row_weights import weights_of
from core.training.splits import LABEL, TRAIN, VALIDATION
from core.training.task_outputs import outputs_of, write_file
from core.training.tree_recipes.binning import Binned, bin_rows
from core.training.tree_recipes.boosting import Boosted, boost
from core.training.tree_recipes.boosting_params import BoostingParams
from core.training.tree_recipes.objectives import Kind, Objective, number_objective
from core.training.tree_recipes.rows import Rows, features_of
from core.training.tree_recipes.writer import write_trees

if TYPE_CHECKING:
    import pyarrow as pa

# Numbers have a choice of losses: `number_objective`.
KINDS: Mapping[str, Kind] = {
    "binary": "binary",
    "multi_class": "classes",
    "multi_label": "labels",
    "ranking": "ranking",
}


def binned_tables(tables: Tables, *, contract: FeatureContract, target: Target, threads: int) -> Binned:
    preparation = learn(tables[TRAIN], contract=contract)
    train, validation = (_rows(tables[name], preparation=preparation, target=target) for name in (TRAIN, VALIDATION))
    return bin_rows(train, validation=validation, preparation=preparation, threads=threads)


def fit_trees(context: FitContext) -> "FittedTrees":
    params: BoostingParams = context.params
    binned: Binned = context.prepared
    boosted = boost(
        binned,
        params,
        objective=_objective(context.target, params=params),
        seed=context.seed,
        threads=context.threads,
        report=context.report,
        should_stop=context.should_stop,
        progress=context.progress,
    )
    is_interval = boosted.objective.kind == "interval"
    target = context.target.model_copy(update={"interval": params.coverage}) if is_interval else context.target
    return FittedTrees(boosted, preparation=binned.preparation, target=target)


class FittedTrees(Fitted):
    def __init__(self, boosted: Boosted, *, preparation: Preparation, target: Target) -> None:
        self._boosted, self._preparation = boosted, preparation
        self.target = Target() if target.task == BINARY else target
        self.metrics, self.stopped = boosted.metrics, boosted.stopped
        self.steps = int(boosted.metrics["rounds"])

    def export(self, origins: Origins) -> tuple[bytes, Signature]:
        def write(graph: Graph) -> str:
            return write_trees(self._boosted, graph=graph, preparation=self._preparation)

        return write_file(self._preparation, target=self.target, origins=origins, write=write, keeps_missing=True)

    def predict(self, table: "pa.Table") -> Outputs:
        value = self._boosted.predict(features_of(table, preparation=self._preparation))
        return outputs_of(value, target=self.target)


def _objective(target: Target, *, params: BoostingParams) -> Objective:
    if target.task not in KINDS:
        return number_objective(params)
    return Objective(kind=KINDS[target.task], width=max(1, len(target.classes)))


def _rows(table: "pa.Table", *, preparation: Preparation, target: Target) -> Rows:
    labels = task_of(target).labels_of(table[LABEL], target=target)
    groups = codes_of(table[target.group]) if target.group else None
    features = features_of(table, preparation=preparation)
    return Rows(features, labels, weights=weights_of(table), groups=groups)
