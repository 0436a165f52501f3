"""What is learned, in the words of LightGBM: one booster or several, the loss of each, and what the loss is called that
stops it early."""

from collections.abc import Mapping
from typing import Any, Literal

from core.foundation.values import Value
from core.training.tree_recipes.boosting_params import BoostingParams

Kind = Literal["binary", "classes", "labels", "number", "interval", "ranking"]
# Places that count when a ranking is judged in training.
JUDGED_PLACES = 10
# LightGBM has a gain for each of these relevances and refuses a higher one.
HIGHEST_RELEVANCE = 30
# And it refuses a larger group.
LARGEST_GROUP = 10_000


class Objective(Value):
    """`binary` labels are 0 and 1, `classes` numbers below `width`, `labels` a column of 0 and 1 for each of `width`,
    `number` and `interval` are numbers, `ranking` relevances 0, 1, 2 within groups."""

    kind: Kind
    width: int = 1

    @property
    def columns(self) -> int | None:
        """How many columns a prediction has; None where it is one value a row."""
        return self.width if self.kind in ("classes", "labels", "interval") else None

    @property
    def boosters(self) -> int:
        return self.width if self.kind in ("labels", "interval") else 1

    @property
    def trees_a_round(self) -> int:
        return self.width if self.kind == "classes" else 1

    @property
    def is_number(self) -> bool:
        """Whether labels have a unit of their own."""
        return self.kind in ("number", "interval")


def number_objective(params: BoostingParams) -> Objective:
    """That of labels that are numbers, by the loss that was chosen."""
    is_interval = params.loss == "quantile"
    return Objective(kind="interval", width=len(params.quantiles())) if is_interval else Objective(kind="number")


def loss_of(objective: Objective, *, params: BoostingParams, place: int) -> Mapping[str, Any]:
    """LightGBM's names for the loss of the booster at `place`."""
    match objective.kind:
        case "binary" | "labels":
            return {"objective": "binary", "metric": "binary_logloss"}
        case "classes":
            return {"objective": "multiclass", "num_class": objective.width, "metric": "multi_logloss"}
        case "number":
            loss = "regression" if params.loss == "l2" else "regression_l1"
            return {"objective": loss, "metric": params.loss}
        case "interval":
            return {"objective": "quantile", "alpha": params.quantiles()[place], "metric": "quantile"}
        case "ranking":
            return {"objective": "lambdarank", "metric": "ndcg", "eval_at": [JUDGED_PLACES]}
