"""Monotone constraints: numbers that may move a prediction one way alone, whatever the data say."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.training.tree_recipes.boosting_params import BoostingParams

if TYPE_CHECKING:
    from core.training.preparation import Preparation


def monotone_constraints(preparation: "Preparation", *, params: BoostingParams) -> Mapping[str, list[int]]:
    """LightGBM's setting, empty without constraints."""
    if not params.increasing and not params.decreasing:
        return {}
    names = [number.name for number in preparation.numbers]
    signs = [(name in params.increasing) - (name in params.decreasing) for name in names]
    return {"monotone_constraints": [0] * len(preparation.categories) + signs}


def check_constraints(params: BoostingParams, *, numbers: Sequence[str]) -> None:
    """Invalid where a name is none of the numbers, or in both lists."""
    _refuse_unknown(params.increasing, field="increasing", numbers=numbers)
    _refuse_unknown(params.decreasing, field="decreasing", numbers=numbers)
    if both := set(params.increasing) & set(params.decreasing):
        message = _("{name} can be increasing or decreasing, not both").format(name=min(both))
        raise Invalid(message, field="params.decreasing")


def _refuse_unknown(names: Sequence[str], *, field: str, numbers: Sequence[str]) -> None:
    for name in names:
        if name not in numbers:
            raise Invalid(
                _("{name} is no number of this training set").format(name=name),
                hint=_("Choose among: {names}.").format(names=", ".join(numbers) or "—"),
                field=f"params.{field}",
            )
