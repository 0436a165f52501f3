"""The recipe of linear models."""

from typing import TYPE_CHECKING, ClassVar

from core.features.values import FeatureContract
from core.foundation.text import N_
from core.tasks.values import Target
from core.training.automatic.values import Candidate
from core.training.linear_recipes.linear_params import LinearParams
from core.training.recipe import FitContext, Fitted, Recipe, Tables

if TYPE_CHECKING:
    from core.training.linear_recipes.fitted_linear import LinearData


class Linear(Recipe):
    """A weight for each category and number: logistic regression, or ridge regression of a number.

    The baseline: quick to train and easy to read. A model that is no better than this has found nothing that a sum of
    its inputs does not say."""

    name = "linear"
    title = N_("Linear: logistic or ridge regression")
    tasks = ("binary", "multi_class", "multi_label", "regression")
    candidates = (Candidate(turn=0),)
    Params: ClassVar[type[LinearParams]] = LinearParams

    @classmethod
    def prepare(cls, tables: Tables, *, contract: FeatureContract, target: Target, threads: int) -> "LinearData":
        from core.training.linear_recipes.fitted_linear import linear_data

        return linear_data(tables, contract=contract, target=target)

    @classmethod
    def fit(cls, context: FitContext) -> Fitted:
        from core.training.linear_recipes.fitted_linear import fit_linear

        return fit_linear(context)
