"""The recipe that tries the others."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, Field

from core.compute.values import Resources
from core.features.values import KINDS, FeatureContract
from core.foundation.plugins import Params
from core.foundation.text import N_, _
from core.tasks.values import Target
from core.training.automatic.candidates import entrants
from core.training.recipe import FitContext, Fitted, Recipe, Tables

if TYPE_CHECKING:
    from core.training.automatic.contest import ContestData


class AutomaticParams(Params):
    """The choices."""

    minutes: float = Field(
        default=10.0,
        gt=0,
        le=1440,
        title=N_("Minutes"),
        description=N_("No candidate begins later. The baseline and one boosting are tried whatever the clock says."),
    )
    members: int = Field(
        default=6,
        ge=1,
        le=20,
        title=N_("Most in a blend"),
        description=N_("Candidates that may answer together, where that is better by more than chance. 1 takes one."),
    )


class Automatic(Recipe):
    """Several recipes, each with a few choices of parameters, one after the other; the best answers, or several of them
    together.

    For a first look at what can be learned: it needs no choice but the time. The leaderboard says who won, why, and by
    how much it is better than the linear baseline, if it is."""

    name = "automatic"
    title = N_("Automatic: several recipes, the best or a blend")
    tasks = ("binary", "multi_class", "multi_label", "regression", "ranking")
    kinds = KINDS
    Params: ClassVar[type[BaseModel]] = AutomaticParams

    @classmethod
    def accepts(cls, contract: FeatureContract, target: Target) -> str:
        if entrants(contract, target):
            return ""
        words = _("No recipe that takes part learns the task {task} from inputs of the kinds {kinds}.")
        return words.format(task=target.task, kinds=", ".join(sorted({*contract.kinds().values()})))

    @classmethod
    def resources(cls, _params: AutomaticParams, *, offered: Resources) -> Resources:
        return offered

    @classmethod
    def prepare(cls, tables: Tables, *, contract: FeatureContract, target: Target, threads: int) -> "ContestData":
        from core.training.automatic.winner import contest_data

        return contest_data(tables, contract=contract, target=target, threads=threads)

    @classmethod
    def fit(cls, context: FitContext) -> Fitted:
        from core.training.automatic.winner import fit_best

        return fit_best(context)
