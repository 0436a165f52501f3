"""The recipe of texts."""

from typing import TYPE_CHECKING, ClassVar

from core.features.values import FeatureContract, Kind
from core.foundation.text import N_, _
from core.tasks.values import Target
from core.training.automatic.values import Candidate
from core.training.recipe import FitContext, Fitted, Recipe, Tables
from core.training.text_recipes.text_params import TextParams

if TYPE_CHECKING:
    from core.training.text_recipes.fitted_text import TextData


class Text(Recipe):
    """A weight for each word and each pair of neighboring words, beside those for categories and numbers.

    For reviews, tickets, titles: any language, seconds of training, and a file that cuts and hashes its texts by
    itself. Words that say the same are not known to: what training texts never said tells it nothing."""

    name = "text"
    title = N_("Text: weighted words")
    tasks = ("binary", "multi_class", "multi_label", "regression")
    kinds: ClassVar[tuple[Kind, ...]] = ("category", "number", "text", "vector")
    candidates = (
        Candidate(turn=1),
        Candidate(turn=2, params={"ngram": 1}),
        Candidate(turn=3, params={"ngram": 3, "buckets": 262144}),
    )
    same_at_start = ("ngram", "buckets", "words")
    Params: ClassVar[type[TextParams]] = TextParams

    @classmethod
    def accepts(cls, contract: FeatureContract, _target: Target) -> str:
        return "" if contract.texts() else _("No input is a text.")

    @classmethod
    def prepare(cls, tables: Tables, *, contract: FeatureContract, target: Target, threads: int) -> "TextData":
        from core.training.text_recipes.fitted_text import text_data

        return text_data(tables, contract=contract, target=target)

    @classmethod
    def fit(cls, context: FitContext) -> Fitted:
        from core.training.text_recipes.fitted_text import fit_text

        return fit_text(context)
