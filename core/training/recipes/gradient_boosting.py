"""The recipe of boosted trees."""

from typing import TYPE_CHECKING, ClassVar

from core.features.values import FeatureContract
from core.foundation.text import N_
from core.tasks.values import Target
from core.training.automatic.values import Candidate
from core.training.recipe import FitContext, Fitted, Recipe, Tables
from core.training.tree_recipes.boosting_params import BoostingParams
from core.training.tree_recipes.constraints import check_constraints

if TYPE_CHECKING:
    from core.training.tree_recipes.binning import Binned


class GradientBoosting(Recipe):
    """Trees that are added one by one, each where the ones before were wrong (LightGBM).

    Usually the best choice for tables, with little to set. Categories and missing numbers are learned from as they
    are; it stops by itself where the validation rows get no better."""

    name = "gradient_boosting"
    title = N_("Gradient boosting: trees")
    tasks = ("binary", "multi_class", "multi_label", "regression", "ranking")
    keeps_missing = True
    candidates = (
        Candidate(turn=1),
        Candidate(turn=3, params={"loss": "l1"}, tasks=("regression",)),
        Candidate(turn=4, params={"leaves": 127, "feature_share": 0.5}),
        Candidate(turn=6, params={"learning_rate": 0.03, "feature_share": 0.5, "row_share": 0.7}),
        Candidate(turn=7, params={"leaves": 15, "feature_share": 0.5}),
    )
    Params: ClassVar[type[BoostingParams]] = BoostingParams

    @classmethod
    def check_columns(cls, params: BoostingParams, *, contract: FeatureContract) -> None:
        check_constraints(params, numbers=contract.numbers())

    @classmethod
    def prepare(cls, tables: Tables, *, contract: FeatureContract, target: Target, threads: int) -> "Binned":
        from core.training.tree_recipes.fitted_trees import binned_tables

        return binned_tables(tables, contract=contract, target=target, threads=threads)

    @classmethod
    def fit(cls, context: FitContext) -> Fitted:
        from core.training.tree_recipes.fitted_trees import fit_trees

        return fit_trees(context)
